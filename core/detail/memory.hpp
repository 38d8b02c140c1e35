// The memory of arrays: 64-byte aligned blocks, recycled between steps rather than returned to the system.
#pragma once

#include <cstddef>

namespace xtape {

// Bytes held by arrays that are alive now, over all threads.
std::size_t live_bytes();

// Bytes kept for reuse by the calling thread.
std::size_t recycled_bytes();

// Returns the calling thread's kept blocks to the system.
void release_recycled_memory();

namespace detail {

// A block of at least `bytes` bytes, aligned to 64, its true capacity a multiple of 64. Throws std::bad_alloc.
void* allocate_block(std::size_t bytes);
void free_block(void* block, std::size_t bytes) noexcept;

}    // namespace detail
}    // namespace xtape
