#include <xtape/io/error.hpp>
#include <xtape/train/search/detail/journal.hpp>
#include <xtape/train/search/detail/json.hpp>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

namespace xtape::train::detail {
namespace {

// Bytes beyond the end of every journal, locked to say something: whose turn it is, and who works on trial i. The
// kernel lets go of locks when a process ends.
constexpr off_t turn_byte = off_t{1} << 40;
constexpr off_t first_claim = turn_byte + 1;

constexpr const char* status_words[] = {"running", "complete", "stopped", "failed"};

bool set_lock(int file, off_t byte, short type, bool wait) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = byte;
    lock.l_len = 1;
    int result;
    do result = ::fcntl(file, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    while (result == -1 && errno == EINTR);
    return result == 0;
}

Json to_json(const Hyperparameter& h) {
    constexpr const char* kinds[] = {"uniform", "log_uniform", "integer", "log_integer", "choice"};
    Json json{{"name", h.name}, {"kind", kinds[static_cast<std::size_t>(h.kind)]}};
    if (h.is_choice())
        json["choices"] = h.choices;
    else
        json["low"] = h.low, json["high"] = h.high;
    if (!h.parent.empty()) json["when"] = {h.parent, h.parent_value};
    return json;
}

Json to_json(const SearchIdentity& identity) {
    Json space = Json::array();
    for (const Hyperparameter& h : *identity.space) space.push_back(to_json(h));
    return {{"version", 1},
            {"sampler", identity.sampler},
            {"seed", identity.seed},
            {"maximize", identity.maximize},
            {"space", std::move(space)}};
}

}    // namespace

Journal::Journal(std::filesystem::path path, SearchIdentity identity)
    : path_(std::move(path)), identity_(std::move(identity)) {
    if (path_.empty()) return;
    file_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file_ == -1)
        throw io::Error("[search] cannot open the journal '" + path_.string() + "': " + std::strerror(errno));
    try {
        Turn turn(*this);
        if (lines_ == 0) append(Json{{"search", to_json(identity_)}}.dump());
    } catch (...) {
        ::close(file_);
        throw;
    }
}

Journal::~Journal() {
    if (file_ != -1) ::close(file_);
}

Journal::Turn::Turn(Journal& journal) : journal_(journal) {
    journal_.lock(true);
    try {
        journal_.refresh();
    } catch (...) {
        journal_.lock(false);
        throw;
    }
}
Journal::Turn::~Turn() { journal_.lock(false); }

void Journal::lock(bool locked) const {
    if (file_ != -1 && !set_lock(file_, turn_byte, locked ? F_WRLCK : F_UNLCK, true) && locked)
        throw io::Error("[search] cannot lock the journal '" + path_.string() + "': " + std::strerror(errno));
}

void Journal::claim(std::size_t index) const {
    if (file_ != -1) set_lock(file_, first_claim + static_cast<off_t>(index), F_WRLCK, false);
}
void Journal::release(std::size_t index) const {
    if (file_ != -1) set_lock(file_, first_claim + static_cast<off_t>(index), F_UNLCK, false);
}
bool Journal::claimed_elsewhere(std::size_t index) const {
    if (file_ == -1) return false;
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = first_claim + static_cast<off_t>(index);
    lock.l_len = 1;
    return ::fcntl(file_, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

void Journal::refresh() {
    if (file_ == -1) return;
    std::string text;
    char buffer[1 << 16];
    for (;;) {
        const ssize_t count = ::pread(file_, buffer, sizeof buffer, static_cast<off_t>(read_ + text.size()));
        if (count == -1 && errno == EINTR) continue;
        if (count == -1)
            throw io::Error("[search] cannot read the journal '" + path_.string() + "': " + std::strerror(errno));
        if (count == 0) break;
        text.append(buffer, static_cast<std::size_t>(count));
    }
    std::size_t begin = 0;
    for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
        ++lines_;
        read_line(text.substr(begin, end - begin));
    }
    read_ += begin;
    if (begin == text.size()) return;
    // Nobody is writing now, so a last line without an end was cut off.
    if (::ftruncate(file_, static_cast<off_t>(read_)) != 0)
        throw io::Error("[search] cannot mend the journal '" + path_.string() + "': " + std::strerror(errno));
    notes_.push_back("The journal '" + path_.string() + "' ended in the middle of line " + std::to_string(lines_ + 1) +
                     ", which was dropped.");
}

void Journal::check_header(const std::string& line) const {
    const Json parsed = Json::parse(line);
    const Json &got = parsed.at("search"), wanted = to_json(identity_);
    for (const auto& [key, value] : wanted.items())
        if (!got.contains(key) || got.at(key) != value)
            throw std::invalid_argument("[search] the journal '" + path_.string() + "' is of another search: its " +
                                        key + " is " + (got.contains(key) ? got.at(key).dump() : "missing") +
                                        ", this one's is " + value.dump() + "; use another file, or the same search");
}

void Journal::read_line(const std::string& line) {
    try {
        if (lines_ == 1) {
            check_header(line);
            return;
        }
        const Json json = Json::parse(line);
        const auto index = json.at("trial").get<std::size_t>();
        if (json.contains("values")) {
            apply_begin(index, values_from_json(*identity_.space, json.at("values")));
            return;
        }
        Trial& trial = trials_.at(index);
        if (json.contains("step")) {
            trial.report(json.at("step").get<std::int64_t>(), number_from_json(json.at("value")));
            return;
        }
        const auto status = json.at("status").get<std::string>();
        const auto found = std::find(std::begin(status_words), std::end(status_words), status);
        if (found == std::end(status_words)) throw std::invalid_argument("no status is called '" + status + "'");
        trial.finish({static_cast<TrialStatus>(found - std::begin(status_words)), number_from_json(json.at("value")),
                      json.at("seconds").get<double>(), json.value("error", "")});
    } catch (const Json::exception& error) {
        throw io::Error("[search] the journal '" + path_.string() + "' is damaged in line " + std::to_string(lines_) +
                        ": " + error.what());
    } catch (const std::out_of_range& error) {
        throw io::Error("[search] the journal '" + path_.string() + "' is damaged in line " + std::to_string(lines_) +
                        ": " + error.what());
    } catch (const std::invalid_argument& error) {
        if (lines_ == 1) throw;
        throw io::Error("[search] the journal '" + path_.string() + "' is damaged in line " + std::to_string(lines_) +
                        ": " + error.what());
    }
}

void Journal::append(const std::string& line, bool durable) {
    if (file_ == -1) return;
    const std::string text = line + "\n";
    for (std::size_t written = 0; written < text.size();) {
        const ssize_t count = ::write(file_, text.data() + written, text.size() - written);
        if (count == -1 && errno == EINTR) continue;
        if (count == -1)
            throw io::Error("[search] cannot write to the journal '" + path_.string() + "': " + std::strerror(errno));
        written += static_cast<std::size_t>(count);
    }
    read_ += text.size();
    ++lines_;
    if (durable) ::fdatasync(file_);
}

void Journal::apply_begin(std::size_t index, std::vector<double> values) {
    trials_.insert_or_assign(index, Trial(identity_.space, index, std::move(values)));
}

void Journal::begin(std::size_t index, const std::vector<double>& values) {
    append(Json{{"trial", index}, {"values", values_to_json(*identity_.space, values)}}.dump());
    apply_begin(index, values);
}

void Journal::report(std::size_t index, const TrialReport& report) {
    append(Json{{"trial", index}, {"step", report.step}, {"value", number_to_json(report.value)}}.dump());
    trials_.at(index).report(report.step, report.value);
}

void Journal::end(std::size_t index, const TrialOutcome& outcome) {
    Json json{{"trial", index},
              {"status", status_words[static_cast<std::size_t>(outcome.status)]},
              {"value", number_to_json(outcome.value)},
              {"seconds", outcome.seconds}};
    if (!outcome.error.empty()) json["error"] = outcome.error;
    append(json.dump(-1, ' ', false, Json::error_handler_t::replace), true);
    trials_.at(index).finish(outcome);
}

}    // namespace xtape::train::detail
