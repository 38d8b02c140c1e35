// Threads: different graphs on different threads, and the same bits for any number of them.
#include <xtape/core/backward.hpp>
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/map.hpp>

#include <boost/test/unit_test.hpp>

#include <cstring>
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

}    // namespace

BOOST_AUTO_TEST_SUITE(threads)

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
    BOOST_CHECK_THROW(set_num_threads(0), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
