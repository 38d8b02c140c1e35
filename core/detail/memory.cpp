#include <xtape/core/detail/memory.hpp>
#include <xtape/core/detail/tally.hpp>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace xtape {
namespace {

constexpr std::size_t granule = 64;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool recycling = false;    // the sanitizers must see every allocation
#else
constexpr bool recycling = true;
#endif

// Four size classes to the octave, so that at most a quarter of a block is unused.
struct SizeClass {
    std::size_t index, bytes;
};

constexpr SizeClass size_class(std::size_t bytes) {
    std::size_t granules = bytes <= granule ? 1 : (bytes + granule - 1) / granule;
    if (granules <= 4) return {granules - 1, granules * granule};
    auto octave = static_cast<std::size_t>(std::bit_width(granules - 1)) - 1;    // 2^octave < granules <= 2^(octave+1)
    std::size_t quarter = std::size_t{1} << (octave - 2);
    std::size_t steps = (granules + quarter - 1) / quarter;    // 5..8
    return {octave * 4 + steps - 9, steps * quarter * granule};
}

constexpr std::size_t class_count = 4 * 58;

struct ThreadCache {
    std::array<void*, class_count> free{};    // singly linked through the first word of each block
    std::size_t kept = 0;

    ~ThreadCache() { release(); }
    void release() {
        for (auto& head : free)
            while (head != nullptr) {
                void* next = *static_cast<void**>(head);
                std::free(head);
                head = next;
            }
        kept = 0;
    }
};

// A thread's cache ends with the thread; blocks freed after that (by static destructors) go straight to the system.
thread_local constinit ThreadCache* cache_of_thread = nullptr;
thread_local constinit bool cache_ended = false;

ThreadCache* enter_cache() {
    struct Holder {
        ThreadCache cache;
        ~Holder() {
            cache_of_thread = nullptr;
            cache_ended = true;
        }
    };
    if (cache_ended) return nullptr;
    thread_local Holder holder;
    return cache_of_thread = &holder.cache;
}

ThreadCache* thread_cache() { return cache_of_thread != nullptr ? cache_of_thread : enter_cache(); }

void* system_block(std::size_t bytes) {
    void* block = std::aligned_alloc(granule, bytes);
    if (block == nullptr) throw std::bad_alloc();
    return block;
}

}    // namespace

namespace detail {

void* allocate_block(std::size_t bytes) {
    if (bytes > (std::size_t{1} << 56)) throw std::bad_alloc();
    auto [index, capacity] = size_class(bytes);
    ThreadCache* cache = thread_cache();
    void* block = nullptr;
    if (recycling && cache != nullptr && cache->free[index] != nullptr) {
        block = cache->free[index];
        cache->free[index] = *static_cast<void**>(block);
        cache->kept -= capacity;
    } else {
        block = system_block(capacity);
    }
    tally(my_tally().bytes, static_cast<std::int64_t>(capacity));
    return block;
}

void free_block(void* block, std::size_t bytes) noexcept {
    auto [index, capacity] = size_class(bytes);
    ThreadCache* cache = thread_cache();
    tally(my_tally().bytes, -static_cast<std::int64_t>(capacity));
    if (!recycling || cache == nullptr) {
        std::free(block);
        return;
    }
    *static_cast<void**>(block) = cache->free[index];
    cache->free[index] = block;
    cache->kept += capacity;
}

}    // namespace detail

std::size_t recycled_bytes() {
    ThreadCache* cache = thread_cache();
    return cache == nullptr ? 0 : cache->kept;
}

void release_recycled_memory() {
    if (ThreadCache* cache = thread_cache()) cache->release();
}

}    // namespace xtape
