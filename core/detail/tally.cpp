#include <xtape/core/detail/memory.hpp>
#include <xtape/core/detail/node.hpp>
#include <xtape/core/detail/tally.hpp>

#include <mutex>
#include <vector>

namespace xtape {
namespace detail {
namespace {

struct Tallies {
    std::mutex mutex;
    std::vector<Tally*> all;
    std::vector<Tally*> idle;    // of threads that have ended: their counts stand, the next thread goes on with them
};

Tallies& tallies() noexcept {
    static auto* list = new Tallies;    // never destroyed: arrays may outlive static destruction
    return *list;
}

struct ThreadEnd {
    ~ThreadEnd() {
        auto& list = tallies();
        std::lock_guard lock(list.mutex);
        list.idle.push_back(thread_tally);
    }
};

std::size_t total(std::atomic<std::int64_t> Tally::*counter) {
    auto& list = tallies();
    std::lock_guard lock(list.mutex);
    std::int64_t sum = 0;
    for (const Tally* tally : list.all) sum += (tally->*counter).load(std::memory_order_relaxed);
    return sum < 0 ? 0 : static_cast<std::size_t>(sum);
}

}    // namespace

Tally& enter_thread_tally() noexcept {
    auto& list = tallies();
    {
        std::lock_guard lock(list.mutex);
        if (list.idle.empty()) {
            thread_tally = list.all.emplace_back(new Tally);
        } else {
            thread_tally = list.idle.back();
            list.idle.pop_back();
        }
    }
    thread_local ThreadEnd at_thread_end;
    return *thread_tally;
}

}    // namespace detail

std::size_t live_bytes() { return detail::total(&detail::Tally::bytes); }
std::size_t live_nodes() { return detail::total(&detail::Tally::nodes); }

}    // namespace xtape
