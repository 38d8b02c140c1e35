#include <xtape/core/detail/thread_pool.hpp>
#include <xtape/core/threads.hpp>

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

std::atomic<int> thread_count{0};    // 0: not set yet

// Whether this thread is inside a loop: loops within loops run where they are.
thread_local constinit bool in_loop = false;

// A loop under way. Each member begins with a share of its own, the same in every loop of that length, whose elements
// its cache may still hold; then it takes from the others', so that a thread that the system holds up is not missed.
class Loop {
public:
    using Call = void (*)(const void*, std::size_t, std::size_t);

    Loop(std::size_t count, std::size_t grain, std::size_t members, Call call, const void* body)
        : call_(call), body_(body), shares_(members) {
        constexpr std::size_t pieces = 4;    // of a share: what is lost when a thread is held up is one of them
        std::size_t grains = (count + grain - 1) / grain;
        step_ = (grains / members + pieces - 1) / pieces * grain;
        for (std::size_t m = 0; m < members; ++m) {
            shares_[m].next = std::min(count, grains * m / members * grain);
            shares_[m].end = std::min(count, grains * (m + 1) / members * grain);
        }
    }
    void help() noexcept {
        const bool outer = std::exchange(in_loop, true);
        const std::size_t first = arrived_.fetch_add(1, std::memory_order_relaxed);
        for (std::size_t m = 0; m < shares_.size(); ++m) finish(shares_[(first + m) % shares_.size()]);
        in_loop = outer;
    }
    void rethrow() const {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    struct alignas(64) Share {
        std::atomic<std::size_t> next{0};
        std::size_t end = 0;
    };

    void finish(Share& share) noexcept {
        while (!failed_.load(std::memory_order_relaxed) && share.next.load(std::memory_order_relaxed) < share.end) {
            std::size_t begin = share.next.fetch_add(step_, std::memory_order_relaxed);
            if (begin >= share.end) return;
            try {
                call_(body_, begin, std::min(begin + step_, share.end));
            } catch (...) {
                if (!failed_.exchange(true)) failure_ = std::current_exception();
            }
        }
    }

    Call call_;
    const void* body_;
    std::size_t step_;
    std::vector<Share> shares_;
    std::atomic<std::size_t> arrived_{0};
    std::atomic<bool> failed_{false};
    std::exception_ptr failure_;    // of who failed first
};

}    // namespace

void set_num_threads(int count) {
    if (count < 1 || count > max_num_threads)
        throw std::invalid_argument("[set_num_threads] got " + std::to_string(count) + "; wanted 1 to " +
                                    std::to_string(max_num_threads));
    thread_count.store(count, std::memory_order_relaxed);
}

int get_num_threads() {
    static const int initial = std::clamp(omp_get_max_threads(), 1, max_num_threads);
    int count = thread_count.load(std::memory_order_relaxed);
    return count > 0 ? count : initial;
}

namespace detail {

void parallel_parts(std::size_t count, std::size_t grain, void (*call)(const void*, std::size_t, std::size_t),
                    const void* body) {
    std::size_t grains = (count + grain - 1) / grain;
    auto members = std::min(static_cast<std::size_t>(get_num_threads()), grains);
    if (members <= 1 || in_loop || omp_in_parallel() != 0) {
        call(body, 0, count);
        return;
    }
    Loop loop(count, grain, members, call, body);
    thread_pool().run(
        members - 1, [](void* work) { static_cast<Loop*>(work)->help(); }, &loop);
    loop.rethrow();
}

}    // namespace detail
}    // namespace xtape
