// Processes that run trials: forks of the caller or commands, each with one trial, talking through sockets.
#pragma once

#include <xtape/train/search/trial.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace xtape::train::detail {

// Runs trials in children, as many at a time as are started. When it is destroyed, the children that are left are
// ended.
class Workers {
public:
    using Clock = std::chrono::steady_clock;
    struct Events {
        std::function<bool(std::size_t index, const TrialReport&)> report;    // may the trial go on?
        std::function<void(std::size_t index, const TrialOutcome&)> end;
    };

    Workers(int threads, double trial_seconds) : threads_(threads), trial_seconds_(trial_seconds) {}
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    ~Workers();

    std::size_t running() const { return children_.size(); }
    // Throws std::system_error when there can be no further process.
    void start(const Trial& trial, const Evaluate& evaluate);
    void start(const Trial& trial, const std::vector<std::string>& command);
    // Waits for something to happen to a child, and handles it.
    void wait(const Events& events);

private:
    struct Child {
        std::size_t index;
        pid_t process;
        int socket;
        Clock::time_point begin;
        std::string unread = {};
        TrialOutcome outcome = {};
        std::string command = {};    // of a process that leads a group of its own; empty: a fork
    };

    // A child with one end of a pair of sockets: `run` begins it there, and does not return.
    Child& fork_child(const Trial& trial, const std::function<void(int socket)>& run);
    void end(Child& child) const;
    int milliseconds_left() const;
    double age(const Child& child) const;
    bool read(Child& child, const Events& events);    // false: the child has ended
    void reap(Child& child);

    int threads_;
    double trial_seconds_;
    std::vector<Child> children_;
};

}    // namespace xtape::train::detail
