#include <xtape/train/data/detail/rows.hpp>

#include <atomic>
#include <mutex>

namespace xtape::train::detail {
namespace {

std::mutex registering;
std::vector<std::weak_ptr<const HeldOut>>& registered() {
    static std::vector<std::weak_ptr<const HeldOut>> splits;
    return splits;
}

}    // namespace

std::uint64_t fresh_identities(std::size_t count) {
    static std::atomic<std::uint64_t> next{0};
    return next.fetch_add(count, std::memory_order_relaxed);
}

void register_held_out(const std::shared_ptr<const HeldOut>& held_out) {
    std::lock_guard lock(registering);
    std::erase_if(registered(), [](const auto& split) { return split.expired(); });
    registered().push_back(held_out);
}

std::vector<std::shared_ptr<const HeldOut>> live_splits() {
    std::lock_guard lock(registering);
    std::vector<std::shared_ptr<const HeldOut>> result;
    for (const auto& split : registered())
        if (auto alive = split.lock()) result.push_back(std::move(alive));
    return result;
}

}    // namespace xtape::train::detail
