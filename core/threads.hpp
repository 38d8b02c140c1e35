// The one knob for threads, and the loop that obeys it.
#pragma once

#include <algorithm>
#include <cstddef>

namespace xtape {

// The largest number of threads that may be asked for.
inline constexpr int max_num_threads = 1024;

// The number of threads that one operation may use; at first what OMP_NUM_THREADS or the machine says. Results do not
// depend on it. The threads are xtape's own and sleep when there is nothing to do; a child after fork starts its own.
// Throws std::invalid_argument below 1 and above max_num_threads.
void set_num_threads(int count);
int get_num_threads();

namespace detail {

// The least work that is worth a thread of its own, about 30 us of it, counted in ...
inline constexpr std::size_t parallel_elements = std::size_t{1} << 16;     // elements read and written once
inline constexpr std::size_t parallel_functions = std::size_t{1} << 14;    // values of exp, tanh and the like
inline constexpr std::size_t parallel_products = std::size_t{1} << 20;     // multiplications of a matrix product

// The grain of a loop whose steps each do `work` of that kind.
constexpr std::size_t parallel_grain(std::size_t work, std::size_t worth = parallel_elements) {
    return std::max<std::size_t>(1, worth / std::max<std::size_t>(1, work));
}

// Calls body(begin, end) on parts of [0, count) cut at multiples of `grain`, on several threads when there is more than
// one part. What a part computes must not depend on where the cuts are, nor on which parts one thread takes. An
// exception of the body reaches the caller; parts that nobody has begun are then left out.
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
