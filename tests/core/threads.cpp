// Threads: different graphs on different threads, and the same bits for any number of them.
#include <xtape/core/backward.hpp>
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/map.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>
#include <numeric>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace xtape;

namespace {

struct WithThreads {
    int before = get_num_threads();
    ~WithThreads() { set_num_threads(before); }
};

template <class T>
bool same_bits(const Array<T>& a, const Array<T>& b) {
    return a.shape() == b.shape() && std::memcmp(a.storage().cbegin(), b.storage().cbegin(), a.size() * sizeof(T)) == 0;
}

// The threads that a loop runs on, where each part waits (not for ever) until `wanted` of them have come.
std::size_t threads_of_a_loop(std::size_t wanted) {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    detail::parallel_for(64, 1, [&](std::size_t, std::size_t) {
        for (bool waiting = true; waiting && std::chrono::steady_clock::now() < deadline;) {
            {
                std::lock_guard lock(mutex);
                seen.insert(std::this_thread::get_id());
                waiting = seen.size() < wanted;
            }
            std::this_thread::yield();    // or the others never get the lock on a busy machine
        }
    });
    return seen.size();
}

// 0 + 1 + ... + (count - 1), in a loop.
std::uint64_t sum_of_places(std::size_t count) {
    std::vector<std::uint64_t> places(count);
    detail::parallel_for(count, 3, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) places[i] += i;
    });
    return std::accumulate(places.begin(), places.end(), std::uint64_t{0});
}

}    // namespace

BOOST_AUTO_TEST_SUITE(threads)

BOOST_AUTO_TEST_CASE(a_loop_runs_on_as_many_threads_as_are_set) {
    WithThreads restore;
    for (int count : {1, 2, 5, 3}) {
        set_num_threads(count);
        BOOST_TEST(threads_of_a_loop(static_cast<std::size_t>(count)) == static_cast<std::size_t>(count));
    }
}

BOOST_AUTO_TEST_CASE(every_part_of_a_loop_is_done_once) {
    WithThreads restore;
    for (int count : {1, 2, 7, 40}) {
        set_num_threads(count);
        for (std::size_t length : {0, 1, 3, 4, 100, 1000, 4099})
            BOOST_TEST(sum_of_places(length) == (length == 0 ? 0 : length * (length - 1) / 2));
    }
}

BOOST_AUTO_TEST_CASE(a_loop_within_a_loop_runs_where_it_is) {
    WithThreads restore;
    set_num_threads(3);
    std::atomic<bool> same{true};
    detail::parallel_for(64, 1, [&](std::size_t, std::size_t) {
        const auto here = std::this_thread::get_id();
        detail::parallel_for(64, 1, [&](std::size_t, std::size_t) {
            if (std::this_thread::get_id() != here) same = false;
        });
    });
    BOOST_TEST(same.load());
}

BOOST_AUTO_TEST_CASE(loops_of_several_threads_at_once_are_whole) {
    WithThreads restore;
    set_num_threads(3);
    std::atomic<int> right{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 200; ++i) right += sum_of_places(500) == 500 * 499 / 2;
        });
    for (auto& thread : threads) thread.join();
    BOOST_TEST(right == 800);
}

BOOST_AUTO_TEST_CASE(a_child_after_fork_computes_with_threads_of_its_own) {
    WithThreads restore;
    set_num_threads(2);
    BOOST_TEST(threads_of_a_loop(2) == 2U);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60);    // a child that hangs dies of it
        _exit(threads_of_a_loop(2) == 2 && sum_of_places(1000) == 1000 * 999 / 2 ? 0 : 1);
    }
    int status = -1;
    BOOST_TEST(waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    BOOST_TEST(threads_of_a_loop(2) == 2U);
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_has_limits) {
    WithThreads restore;
    set_num_threads(2);
    for (int count : {0, -1, max_num_threads + 1, std::numeric_limits<int>::max()})
        BOOST_CHECK_THROW(set_num_threads(count), std::invalid_argument);
    BOOST_TEST(get_num_threads() == 2);
}

BOOST_AUTO_TEST_CASE(different_graphs_on_different_threads_are_independent) {
    const Variable<double> shared(Array<double>{1.0, 2.0}, requires_grad);
    std::vector<Variable<double>> own;
    for (int t = 0; t < 4; ++t) own.push_back(Variable<double>(Array<double>{double(t), 1.0}, requires_grad));
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < own.size(); ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 500; ++i) {
                auto y = own[t] * shared;
                for (int k = 0; k < 10; ++k) y = y + own[t] * 0.5;
                backward(sum_to(y, Shape{}));
                auto g = grad(sum_to(shared * own[t], Shape{}), {shared});
                if (g[0].value()(1) != 1.0) throw std::logic_error("wrong gradient");
            }
        });
    for (auto& thread : threads) thread.join();
    for (const auto& x : own) BOOST_TEST(x.grad()(1) == 500 * (2.0 + 5.0));
    BOOST_TEST(shared.grad()(1) == 2000.0);
}

BOOST_AUTO_TEST_CASE(a_graph_may_be_handed_from_thread_to_thread) {
    Variable<double> x(Array<double>{1.0, 2.0}, requires_grad);
    auto y = x * 1.0;
    for (int i = 0; i < 20; ++i)
        std::thread([&] {
            auto z = y * x;
            y = z + y;
        }).join();
    backward(sum_to(y, Shape{}));
    BOOST_TEST(x.grad()(0) == 11.0 * 1048576.0);    // y = x (1 + x)^20 at 1: 2^20 + 20 2^19
}

BOOST_AUTO_TEST_CASE(results_do_not_depend_on_the_number_of_threads) {
    WithThreads restore;
    auto run = [](int count) {
        set_num_threads(count);
        Stream stream(3);
        Variable<float> x(stream.normal<float>({513, 1031}), requires_grad);
        Variable<float> row(stream.uniform<float>({1031}), requires_grad);
        auto y = map([](auto a, auto b) { return tanh(a * b) + exp(a); }, x, row);
        backward(sum_to(y * y, Shape{}));
        return std::vector<Array<float>>{x.grad(), row.grad(), sum_to(y, Shape{513, 1}).value()};
    };
    auto one = run(1), two = run(2), five = run(5);
    for (std::size_t i = 0; i < one.size(); ++i) {
        BOOST_TEST(same_bits(one[i], two[i]));
        BOOST_TEST(same_bits(one[i], five[i]));
    }
}

BOOST_AUTO_TEST_CASE(an_exception_in_a_parallel_loop_reaches_the_caller) {
    WithThreads restore;
    set_num_threads(2);
    auto body = [](std::size_t begin, std::size_t) {
        if (begin > 0) throw std::runtime_error("late part");
    };
    BOOST_CHECK_THROW(detail::parallel_for(1000, 10, body), std::runtime_error);
    BOOST_TEST(sum_of_places(1000) == 1000 * 999 / 2);    // and the next one is as it should be
}

BOOST_AUTO_TEST_SUITE_END()
