#include <xtape/core/threads.hpp>

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>

extern "C" void openblas_set_num_threads(int) __attribute__((weak));    // another BLAS may be linked in its place

namespace xtape {
namespace {

std::atomic<int> thread_count{0};    // 0: not set yet

}    // namespace

void set_num_threads(int count) {
    if (count < 1) throw std::invalid_argument("[set_num_threads] got " + std::to_string(count) + "; wanted 1 or more");
    thread_count.store(count, std::memory_order_relaxed);
    omp_set_num_threads(count);
    if (openblas_set_num_threads != nullptr) openblas_set_num_threads(count);
}

int get_num_threads() {
    int count = thread_count.load(std::memory_order_relaxed);
    return count > 0 ? count : omp_get_max_threads();
}

namespace detail {

void parallel_parts(std::size_t count, std::size_t grain, void (*call)(const void*, std::size_t, std::size_t),
                    const void* body) {
    std::size_t grains = (count + grain - 1) / grain;
    auto threads = std::min(static_cast<std::size_t>(get_num_threads()), grains);
    if (threads <= 1 || omp_in_parallel() != 0) {
        call(body, 0, count);
        return;
    }
    std::exception_ptr failure;
#pragma omp parallel num_threads(static_cast <int>(threads))
    {
        auto team = static_cast<std::size_t>(omp_get_num_threads());
        auto member = static_cast<std::size_t>(omp_get_thread_num());
        std::size_t begin = std::min(count, grains * member / team * grain);
        std::size_t end = std::min(count, grains * (member + 1) / team * grain);
        try {
            if (begin < end) call(body, begin, end);
        } catch (...) {
#pragma omp critical(xtape_parallel_failure)
            failure = std::current_exception();
        }
    }
    if (failure) std::rethrow_exception(failure);
}

}    // namespace detail
}    // namespace xtape
