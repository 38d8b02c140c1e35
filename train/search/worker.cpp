#include <xtape/train/search/detail/json.hpp>
#include <xtape/train/search/detail/worker_lines.hpp>
#include <xtape/train/search/worker.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>

namespace xtape::train {
namespace detail {
namespace {

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

// Ends the process when nobody is there to hear more.
void say(int file, const Json& json) {
    const std::string line = text_of(json);
    for (std::size_t written = 0; written < line.size();) {
        const ssize_t count = ::write(file, line.data() + written, line.size() - written);
        if (count == -1 && errno == EINTR) continue;
        if (count <= 0) ::_exit(1);
        written += static_cast<std::size_t>(count);
    }
}

Json error_of(const std::string& what) {
    Json json;
    json["error"] = what;
    return json;
}

}    // namespace

std::string trial_line(const Trial& trial) {
    return text_of({{"trial", trial.index()}, {"values", values_to_json(trial.space(), trial.values())}});
}

std::optional<WorkerLine> read_worker_line(std::string_view line) try {
    const Json json = Json::parse(line);
    if (!json.is_object()) return std::nullopt;
    if (json.contains("error"))
        return WorkerLine{.outcome = {.status = TrialStatus::failed, .error = json.at("error").get<std::string>()}};
    if (!json.contains("value")) return std::nullopt;
    const double value = number_from_json(json.at("value"));
    if (json.contains("step")) return WorkerLine{.report = TrialReport{json.at("step").get<std::int64_t>(), value}};
    const bool stopped = json.contains("stopped") && json.at("stopped").get<bool>();
    return WorkerLine{.outcome = {.status = stopped ? TrialStatus::stopped : TrialStatus::complete, .value = value}};
} catch (const std::exception&) {
    return std::nullopt;
}

Trial read_trial_line(const Space& space, std::string_view line) {
    const Json json = Json::parse(line);
    return {std::make_shared<const Space>(space), json.at("trial").get<std::size_t>(),
            values_from_json(space, json.at("values"))};
}

void serve(const Trial& trial, const Evaluate& evaluate, int in, int out) {
    auto fail = [&](const char* what) { say(out, error_of(what)); };
    try {
        Trial mine(std::make_shared<const Space>(trial.space()), trial.index(), trial.values(),
                   [&](const TrialReport& report) {
                       say(out, {{"step", report.step}, {"value", number_to_json(report.value)}});
                       const auto answer = read_line(in);
                       if (!answer) ::_exit(1);
                       return *answer == "true";
                   });
        const double value = evaluate(mine);
        Json last;
        last["value"] = number_to_json(value);
        if (mine.told_to_stop()) last["stopped"] = true;
        say(out, last);
    } catch (const std::exception& error) {
        fail(error.what());
    } catch (...) {
        fail("an exception that is no std::exception");
    }
}

std::optional<std::string> read_line(int file) {
    std::string line;
    for (char byte;;) {
        const ssize_t count = ::read(file, &byte, 1);
        if (count == -1 && errno == EINTR) continue;
        if (count <= 0) return std::nullopt;
        if (byte == '\n') return line;
        line += byte;
    }
}

}    // namespace detail

int run_worker(const Space& space, const Evaluate& evaluate) {
    const int out = ::dup(STDOUT_FILENO);
    ::dup2(STDERR_FILENO, STDOUT_FILENO);
    const auto line = detail::read_line(STDIN_FILENO);
    if (out == -1 || !line) {
        std::fprintf(stderr, "[run_worker] got no trial; wanted to be started by a search\n");
        return 2;
    }
    try {
        detail::serve(detail::read_trial_line(space, *line), evaluate, STDIN_FILENO, out);
    } catch (const std::exception& error) {
        detail::say(out, detail::error_of(std::string("[run_worker] got a trial that does not fit: ") + error.what()));
    }
    return 0;
}

}    // namespace xtape::train
