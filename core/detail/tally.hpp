// How many nodes and bytes are alive, counted by each thread for itself, so that counting locks nothing.
#pragma once

#include <atomic>
#include <cstdint>

namespace xtape::detail {

struct Tally {
    std::atomic<std::int64_t> nodes{0};
    std::atomic<std::int64_t> bytes{0};
};

// Only its own thread writes to a tally; what one thread makes and another frees is right in the sum.
inline void tally(std::atomic<std::int64_t>& counter, std::int64_t change) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + change, std::memory_order_relaxed);
}

inline thread_local constinit Tally* thread_tally = nullptr;
Tally& enter_thread_tally() noexcept;

inline Tally& my_tally() noexcept { return thread_tally != nullptr ? *thread_tally : enter_thread_tally(); }

}    // namespace xtape::detail
