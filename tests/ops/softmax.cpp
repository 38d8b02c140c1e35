#include <xtape/core/threads.hpp>
#include <xtape/ops/softmax.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>

using namespace xtape;
using Numbers = std::tuple<float, double>;

BOOST_AUTO_TEST_SUITE(softmax)

BOOST_AUTO_TEST_CASE_TEMPLATE(large_inputs_neither_overflow_nor_vanish, T, Numbers) {
    Variable<T> x(Array<T>{T(1e4), T(-1e4), T(1e4), T(9999)});
    auto p = xtape::softmax(x).value();
    double e = std::exp(-1.0);
    BOOST_TEST(double(p(0)) == 1 / (2 + e), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(p(1) == T(0));
    BOOST_TEST(double(p(3)) == e / (2 + e), boost::test_tools::tolerance(1e-6));
    auto log_p = log_softmax(x).value();
    BOOST_TEST(double(log_p(1)) == -2e4 - std::log(2 + e), boost::test_tools::tolerance(1e-6));
    BOOST_TEST(double(log_p(3)) == -1 - std::log(2 + e), boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(what_is_masked_by_minus_infinity_has_probability_zero, T, Numbers) {
    const T infinity = std::numeric_limits<T>::infinity();
    for (std::size_t n : {3, 40}) {
        Array<T> x(Shape{n}, T(0));
        x(1) = -infinity;
        auto p = xtape::softmax(Variable<T>(x)).value();
        BOOST_TEST(p(1) == T(0));
        BOOST_TEST(double(p(0)) == 1.0 / double(n - 1), boost::test_tools::tolerance(1e-6));
        BOOST_TEST(log_softmax(Variable<T>(x)).value()(1) == -infinity);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(nan_infinity_and_nothing_but_minus_infinity_give_nan, T, Numbers) {
    const T infinity = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
    for (std::size_t n : {1, 5, 16, 70})
        for (T special : {nan, infinity, -infinity}) {
            Array<T> x(Shape{n}, special == -infinity ? -infinity : T(1));
            x(n / 2) = special;
            auto p = xtape::softmax(Variable<T>(x)).value(), log_p = log_softmax(Variable<T>(x)).value();
            BOOST_TEST(std::isnan(p(n / 2)), "of " << n << " with a " << special);
            BOOST_TEST(std::isnan(log_p(n / 2)), "of " << n << " with a " << special);
        }
}

BOOST_AUTO_TEST_CASE(the_bits_do_not_depend_on_the_number_of_threads) {
    Array<float> x = empty_array<float>(Shape{700, 300});
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = std::sin(static_cast<float>(i));
    int before = get_num_threads();
    set_num_threads(1);
    auto one = xtape::softmax(Variable<float>(x)).value();
    set_num_threads(3);
    auto three = xtape::softmax(Variable<float>(x)).value();
    set_num_threads(before);
    BOOST_TEST(std::memcmp(one.storage().data(), three.storage().data(), x.size() * sizeof(float)) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
