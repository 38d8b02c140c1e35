// Reference counts that pay for atomicity only in programs that have started a second thread.
#pragma once

#include <atomic>
#include <cstdint>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace xtape::detail {

inline bool single_threaded() noexcept {
#if __has_include(<sys/single_threaded.h>)
    return __libc_single_threaded != 0;
#else
    return false;
#endif
}

class Count {
public:
    explicit Count(std::uint32_t start) noexcept : count_(start) {}
    std::uint32_t get() const noexcept { return count_.load(std::memory_order_acquire); }
    // Both return the count before the change.
    std::uint32_t increment() noexcept {
        if (!single_threaded()) return count_.fetch_add(1, std::memory_order_relaxed);
        std::uint32_t before = count_.load(std::memory_order_relaxed);
        count_.store(before + 1, std::memory_order_relaxed);
        return before;
    }
    std::uint32_t decrement() noexcept {
        if (!single_threaded()) return count_.fetch_sub(1, std::memory_order_acq_rel);
        std::uint32_t before = count_.load(std::memory_order_relaxed);
        count_.store(before - 1, std::memory_order_relaxed);
        return before;
    }

private:
    std::atomic<std::uint32_t> count_;
};

}    // namespace xtape::detail
