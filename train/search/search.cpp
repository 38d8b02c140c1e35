#include <xtape/train/search/detail/journal.hpp>
#include <xtape/train/search/detail/workers.hpp>
#include <xtape/train/search/search.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <set>
#include <stdexcept>
#include <thread>

namespace xtape::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

class Search {
public:
    Search(const Space& space, Sampler& sampler, const SearchOptions& options, const Evaluate& evaluate)
        : space_(std::make_shared<const Space>(space)),
          sampler_(sampler),
          options_(checked(space, options, evaluate)),
          evaluate_(evaluate),
          count_(sampler.limit() == 0 ? options.trials : std::min(options.trials, sampler.limit())),
          journal_(options.journal, {sampler.name(), options.seed, options.maximize, space_}) {}

    SearchResult run() {
        if (options_.workers == 0)
            while (std::optional<Trial> trial = next(true)) run_here(*trial);
        else
            run_in_processes();
        std::vector<Trial> trials;
        detail::Journal::Turn turn(journal_);
        for (const auto& [index, trial] : journal_.trials())
            if (trial.status() != TrialStatus::running) trials.push_back(trial);
        call_complete_what_was_not_cut_short(trials);
        return SearchResult(space_, std::move(trials), options_.maximize, options_.metric, journal_.notes());
    }

private:
    static const SearchOptions& checked(const Space& space, const SearchOptions& o, const Evaluate& evaluate) {
        auto refuse = [](const std::string& got, const char* wanted) {
            throw std::invalid_argument("[search] got " + got + "; wanted " + wanted);
        };
        if (space.empty()) refuse("a space without hyperparameters", "at least one");
        if (o.trials == 0) refuse("trials = 0", "1 or more");
        if (o.threads < 1) refuse("threads = " + std::to_string(o.threads), "1 or more");
        if (!(o.trial_seconds >= 0)) refuse("trial_seconds = " + std::to_string(o.trial_seconds), "0 or more");
        if (!(o.seconds >= 0)) refuse("seconds = " + std::to_string(o.seconds), "0 or more");
        if (o.halving.factor != 0 && o.halving.factor < 2)
            refuse("halving.factor = " + std::to_string(o.halving.factor), "0, or 2 or more");
        if (o.halving.first_step < 1)
            refuse("halving.first_step = " + std::to_string(o.halving.first_step), "1 or more");
        if (o.trial_seconds > 0 && o.workers == 0)
            refuse("trial_seconds without workers", "workers, for only a process of its own can be ended");
        if (!o.command.empty() && o.workers == 0) refuse("a command without workers", "workers, which run it");
        if (o.command.empty() != static_cast<bool>(evaluate))
            refuse(o.command.empty() ? "no function to evaluate" : "a function to evaluate and a command",
                   "one of function and command");
        return o;
    }

    // The next trial to be run, which is then ours; none: all have begun, and (when told to wait) ended elsewhere.
    std::optional<Trial> next(bool wait) {
        for (;; std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
            if (options_.seconds > 0 && seconds_since(begin_) >= options_.seconds) return std::nullopt;
            detail::Journal::Turn turn(journal_);
            bool all_ended = true;
            for (std::size_t index = 0; index < count_; ++index) {
                const auto found = journal_.trials().find(index);
                const bool begun = found != journal_.trials().end();
                if (begun && found->second.status() != TrialStatus::running) continue;
                all_ended = false;
                if (ours_.contains(index) || (begun && journal_.claimed_elsewhere(index))) continue;
                std::vector<double> values = begun ? found->second.values() : sampler_.suggest(index, ended());
                journal_.begin(index, values);
                journal_.claim(index);
                ours_.insert(index);
                return Trial(space_, index, std::move(values),
                             [this, index](const TrialReport& report) { return reported(index, report); });
            }
            if (all_ended || !wait) return std::nullopt;
        }
    }

    std::vector<Trial> ended() const {
        std::vector<Trial> result;
        if (!sampler_.looks_at_results()) return result;
        for (const auto& [index, trial] : journal_.trials())
            if (trial.status() != TrialStatus::running) result.push_back(trial);
        return result;
    }

    bool reported(std::size_t index, const TrialReport& report) {
        detail::Journal::Turn turn(journal_);
        journal_.report(index, report);
        return detail::goes_on(options_.halving, options_.maximize, journal_.trials(), index);
    }

    void run_here(Trial& trial) {
        const auto begin = Clock::now();
        const double value = evaluate_(trial);
        ended(trial.index(), {.status = trial.told_to_stop() ? TrialStatus::stopped : TrialStatus::complete,
                              .value = value,
                              .seconds = seconds_since(begin)});
    }

    void run_in_processes() {
        detail::Workers workers(options_.threads, options_.trial_seconds);
        const detail::Workers::Events events{
            [this](std::size_t index, const TrialReport& report) { return reported(index, report); },
            [this](std::size_t index, const TrialOutcome& outcome) { ended(index, outcome); }};
        for (;;) {
            while (workers.running() < options_.workers) {
                std::optional<Trial> trial = next(workers.running() == 0);
                if (!trial) break;
                if (options_.command.empty())
                    workers.start(*trial, evaluate_);
                else
                    workers.start(*trial, options_.command);
            }
            if (workers.running() == 0) return;
            workers.wait(events);
        }
    }

    void ended(std::size_t index, TrialOutcome outcome) {
        {
            detail::Journal::Turn turn(journal_);
            journal_.end(index, outcome);
            journal_.release(index);
            ours_.erase(index);
        }
        if (options_.quiet) return;
        const Trial& trial = journal_.trials().at(index);
        const char* note = outcome.status == TrialStatus::stopped ? "stopped, " : "";
        if (outcome.status == TrialStatus::failed)
            std::printf("failed: %s, %s, (%zu / %zu)\n", outcome.error.c_str(), trial.describe().c_str(), index + 1,
                        count_);
        else
            std::printf("%s: %f, %s, %s(%zu / %zu)\n", options_.metric.c_str(), outcome.value, trial.describe().c_str(),
                        note, index + 1, count_);
        std::fflush(stdout);
    }

    // Trials that were told to stop at the last step that any of them reached. Only now, for while others run they may
    // still go further.
    static void call_complete_what_was_not_cut_short(std::vector<Trial>& trials) {
        std::int64_t last = 0;
        for (const Trial& trial : trials)
            if (!trial.reports().empty()) last = std::max(last, trial.reports().back().step);
        for (Trial& trial : trials) {
            TrialOutcome outcome = trial.outcome();
            if (outcome.status != TrialStatus::stopped || trial.reports().back().step < last) continue;
            outcome.status = TrialStatus::complete;
            trial.finish(std::move(outcome));
        }
    }

    std::shared_ptr<const Space> space_;
    Sampler& sampler_;
    SearchOptions options_;
    const Evaluate& evaluate_;
    std::size_t count_;
    detail::Journal journal_;
    std::set<std::size_t> ours_;    // that this process is working on
    Clock::time_point begin_ = Clock::now();
};

}    // namespace

SearchResult search(const Space& space, Sampler& sampler, const SearchOptions& options, const Evaluate& evaluate) {
    return Search(space, sampler, options, evaluate).run();
}

SearchResult random_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate) {
    return search(space, *random_sampler(space, options.seed), options, evaluate);
}

SearchResult grid_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate) {
    return search(space, *grid_sampler(space, options.trials), options, evaluate);
}

SearchResult quasi_random_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate) {
    return search(space, *quasi_random_sampler(space, options.seed), options, evaluate);
}

SearchResult tpe_search(const Space& space, const SearchOptions& options, const Evaluate& evaluate) {
    return search(space, *tpe_sampler(space, options.seed, options.maximize), options, evaluate);
}

}    // namespace xtape::train
