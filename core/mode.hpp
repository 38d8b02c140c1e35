// What the calling thread records: the grad modes.
#pragma once

#include <cstdint>

namespace xtape {
namespace detail {

struct Mode {
    bool recording = true;
    bool watching = false;             // an AnomalyGuard is alive
    std::uint64_t watched_from = 0;    // the first node id under that guard
};

inline thread_local Mode mode;

// The operation whose derivative the sweep of this thread is taking now.
inline thread_local const char* differentiating = nullptr;
// Whether that sweep spends the graph: what a record has saved may then become a gradient.
inline thread_local bool spending = false;

}    // namespace detail

// Whether operations on this thread are recorded now.
inline bool is_recording() { return detail::mode.recording; }

// Turns recording off on this thread for a scope: results need no gradient and keep nothing alive.
class [[nodiscard]] NoGrad {
public:
    NoGrad() : before_(detail::mode.recording) { detail::mode.recording = false; }
    ~NoGrad() { detail::mode.recording = before_; }
    NoGrad(const NoGrad&) = delete;
    NoGrad& operator=(const NoGrad&) = delete;

private:
    bool before_;
};

// Turns recording on again for a scope inside a NoGrad.
class [[nodiscard]] EnableGrad {
public:
    EnableGrad() : before_(detail::mode.recording) { detail::mode.recording = true; }
    ~EnableGrad() { detail::mode.recording = before_; }
    EnableGrad(const EnableGrad&) = delete;
    EnableGrad& operator=(const EnableGrad&) = delete;

private:
    bool before_;
};

}    // namespace xtape
