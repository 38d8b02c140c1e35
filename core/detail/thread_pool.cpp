#include <xtape/core/detail/thread_pool.hpp>

#include <omp.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>
#include <type_traits>

namespace xtape::detail {
namespace {

constexpr std::uint32_t at_work = 0xffff, place = 0x10000;

// Looks for a while whether the condition holds before the caller goes to sleep: a thread that sleeps takes 5 to 50 us
// to wake, one that looks for long takes the time of others.
template <class Condition>
bool holds_soon(Condition condition) {
    using Clock = std::chrono::steady_clock;
    constexpr auto patience = std::chrono::microseconds(20);
    for (auto begin = Clock::now(); Clock::now() - begin < patience;)
        for (int i = 0; i < 16; ++i) {
            if (condition()) return true;
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
    return condition();
}

constinit ThreadPool the_pool;
static_assert(std::is_trivially_destructible_v<std::mutex>, "threads that sleep may outlive static objects");

}    // namespace

ThreadPool& thread_pool() {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { ::new (&the_pool) ThreadPool; });
    static_cast<void>(registered);
    return the_pool;
}

void ThreadPool::run(std::size_t helpers, void (*work)(void*), void* loop) {
    std::unique_lock lock(running_, std::try_to_lock);
    if (!lock) {
        work(loop);
        return;
    }
    start(helpers);
    helpers = std::min(helpers, threads_);
    work_ = work;
    loop_ = loop;
    state_.store(static_cast<std::uint32_t>(helpers) * place, std::memory_order_release);
    round_.fetch_add(1, std::memory_order_release);
    if (helpers == threads_)
        round_.notify_all();
    else
        for (std::size_t i = 0; i < helpers; ++i) round_.notify_one();
    work(loop);
    close();
}

// Threads are never joined: they sleep until the process ends.
void ThreadPool::start(std::size_t helpers) {
    if (threads_ >= helpers) return;
    sigset_t all, before;    // signals belong to the program's own threads
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        for (; threads_ < helpers; ++threads_)
            std::thread(&ThreadPool::serve, this, round_.load(std::memory_order_relaxed)).detach();
    } catch (const std::system_error&) {    // no more to be had
    } catch (const std::bad_alloc&) {
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void ThreadPool::serve(std::uint32_t seen) {
    omp_set_num_threads(1);    // for BLAS, which is to stay on the thread that calls it
    for (;;) {
        auto called = [&] { return round_.load(std::memory_order_acquire) != seen; };
        if (!holds_soon(called)) round_.wait(seen, std::memory_order_acquire);
        seen = round_.load(std::memory_order_acquire);
        if (!enter()) continue;
        work_(loop_);
        leave();
    }
}

bool ThreadPool::enter() {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    while (state >= place)
        if (state_.compare_exchange_weak(state, state - place + 1, std::memory_order_acquire)) return true;
    return false;
}

void ThreadPool::leave() {
    if ((state_.fetch_sub(1, std::memory_order_release) & at_work) == 1) state_.notify_one();
}

void ThreadPool::close() {
    std::uint32_t state = state_.fetch_and(at_work, std::memory_order_acquire) & at_work;
    if (state == 0 || holds_soon([&] { return state_.load(std::memory_order_acquire) == 0; })) return;
    while ((state = state_.load(std::memory_order_acquire)) != 0) state_.wait(state, std::memory_order_acquire);
}

}    // namespace xtape::detail
