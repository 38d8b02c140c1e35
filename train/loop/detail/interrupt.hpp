// Ctrl-C while a model trains.
#pragma once

#include <csignal>

namespace xtape::train::detail {

// While it lives, the first SIGINT or SIGTERM is only noted; a second one does what it did before. When the work has
// been saved, repeat() lets the signal do what it would have done.
class [[nodiscard]] InterruptGuard {
public:
    InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;
    ~InterruptGuard();

    bool interrupted() const;
    // Takes the former handlers back and raises the signal that was noted, if one was.
    void repeat();

private:
    void restore();

    struct sigaction int_ {
    }, term_{};
    bool restored_ = false;
};

}    // namespace xtape::train::detail
