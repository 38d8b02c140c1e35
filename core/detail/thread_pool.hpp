// The threads that help with a loop, for core/threads.cpp. Why not OpenMP's: docs/adr/threads.md.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace xtape::detail {

class ThreadPool {
public:
    // Calls work(loop) here and on up to `helpers` threads of the pool at once, and returns when all have come back.
    // Whoever has not begun when the call here ends is not waited for, so the work must be there to be taken, not
    // assigned. While another loop is running, or where threads cannot be started, fewer help. work must not throw.
    void run(std::size_t helpers, void (*work)(void*), void* loop);

private:
    void start(std::size_t helpers);
    void serve(std::uint32_t seen);
    bool enter();
    void leave();
    void close();

    std::mutex running_;
    std::size_t threads_ = 0;
    void (*work_)(void*) = nullptr;
    void* loop_ = nullptr;
    std::atomic<std::uint32_t> round_{0};    // how many loops there have been
    std::atomic<std::uint32_t> state_{0};    // how many may still join, and in the lower half how many are at work
};

// The one of the process. A child after fork, which has none of its parent's threads, starts with an empty one.
ThreadPool& thread_pool();

}    // namespace xtape::detail
