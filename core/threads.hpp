// The one knob for threads, and the loop that obeys it.
#pragma once

#include <cstddef>

namespace xtape {

// The number of threads that xtape and its BLAS use for one operation; at first what OMP_NUM_THREADS or the machine
// says. Results do not depend on it. Throws std::invalid_argument below 1.
void set_num_threads(int count);
int get_num_threads();

namespace detail {

// Calls body(begin, end) on parts of [0, count) cut at multiples of `grain`, on several threads when there is more than
// one part. What a part computes must not depend on where the cuts are. An exception of the body reaches the caller.
template <class Body>
void parallel_for(std::size_t count, std::size_t grain, const Body& body);

void parallel_parts(std::size_t count, std::size_t grain, void (*call)(const void*, std::size_t, std::size_t),
                    const void* body);

template <class Body>
void parallel_for(std::size_t count, std::size_t grain, const Body& body) {
    if (count <= grain) {
        if (count > 0) body(std::size_t{0}, count);
        return;
    }
    parallel_parts(
        count, grain,
        [](const void* b, std::size_t begin, std::size_t end) { (*static_cast<const Body*>(b))(begin, end); }, &body);
}

}    // namespace detail
}    // namespace xtape
