#include <xtape/core/threads.hpp>
#include <xtape/ops/decomposition.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/triangle.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xtape;
using A = Array<double>;

namespace {

template <class F>
std::string fault(F f) {
    try {
        f();
    } catch (const LinAlgError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

}    // namespace

BOOST_AUTO_TEST_SUITE(decomposition)

BOOST_AUTO_TEST_CASE(a_singular_matrix_is_named_with_its_place_in_the_batch) {
    Variable<double> x(make_array<double>({1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 4.0}, {2, 2, 2}));
    BOOST_TEST(
        fault([&] { inverse(x); }) ==
        "[inverse] got the shape (2, 2, 2) with a matrix (number 1) that is singular, with a zero as pivot 2; wanted "
        "invertible matrices");
    BOOST_TEST(
        fault([&] { solve(x, x); }) ==
        "[solve] got the shape (2, 2, 2) with a matrix (number 1) that is singular, with a zero as pivot 2; wanted "
        "invertible matrices");
}

BOOST_AUTO_TEST_CASE(an_indefinite_matrix_is_named_with_its_minor) {
    Variable<double> x(A{{1.0, 2.0}, {2.0, 1.0}});
    BOOST_TEST(
        fault([&] { cholesky(x); }) ==
        "[cholesky] got the shape (2, 2) with a matrix that is not positive definite, nor is its leading block of "
        "order 2; wanted positive definite matrices");
}

BOOST_AUTO_TEST_CASE(logdet_of_a_singular_matrix_is_minus_infinity_and_of_a_negative_determinant_nan) {
    BOOST_TEST(logdet(Variable<double>(A{{1.0, 2.0}, {2.0, 4.0}})).item() == -std::numeric_limits<double>::infinity());
    BOOST_TEST(logdet(Variable<double>(A{{-1.0, 2.0}, {2.0, -4.0}})).item() ==
               -std::numeric_limits<double>::infinity());
    BOOST_TEST(std::isnan(logdet(Variable<double>(A{{0.0, 1.0}, {1.0, 0.0}})).item()));
    BOOST_TEST(logdet(Variable<double>(A{{-1.0, 0.0}, {0.0, -1.0}})).item() == 0.0);
}

// Rows in another order than the pivots: the factors are of the matrix, not of its transpose.
BOOST_AUTO_TEST_CASE(a_large_system_is_solved) {
    constexpr std::size_t n = 60;
    A a = empty_array<double>(Shape{n, n}), x = empty_array<double>(Shape{n});
    for (std::size_t i = 0; i < n * n; ++i) a.storage()[i] = std::sin(static_cast<double>(i * i));
    for (std::size_t i = 0; i < n; ++i) x.storage()[i] = static_cast<double>(i) - 20;
    A b(Shape{n}, 0.0);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) b(i) += a(i, j) * x(j);
    auto found = solve(Variable<double>(a), Variable<double>(b)).value();
    for (std::size_t i = 0; i < n; ++i) BOOST_TEST(std::abs(found(i) - x(i)) < 1e-9);
}

// Every matrix of a batch, small ones on our own loops and the last size on LAPACK's, whatever the number of threads.
BOOST_AUTO_TEST_CASE(batches_of_every_size_are_factored) {
    const int before = get_num_threads();
    auto off = [](const Variable<double>& found, const Variable<double>& wanted) {
        double worst = 0;
        for (std::size_t i = 0; i < found.size(); ++i)
            worst = std::max(worst, std::abs(found.value().storage()[i] - wanted.value().storage()[i]));
        return worst;
    };
    for (std::size_t n : {1, 2, 3, 4, 5, 9, 24, 25}) {
        A a = empty_array<double>(Shape{70, n, n}), b = empty_array<double>(Shape{70, n, 2});
        for (std::size_t i = 0; i < a.size(); ++i) a.storage()[i] = std::sin(static_cast<double>(i * i + 1));
        for (std::size_t i = 0; i < 70 * n; ++i) a.storage()[i * n + i % n] += 2.0;
        for (std::size_t i = 0; i < b.size(); ++i) b.storage()[i] = std::cos(static_cast<double>(i * i));
        const Variable<double> x(a), sides(b), gram = matmul(x, swap_axes(x, -1, -2));
        std::vector<A> of_one;
        for (int threads : {1, 3}) {
            set_num_threads(threads);
            const auto found = solve(x, sides), lower = cholesky(gram), logs = logdet(gram), inverted = inverse(x);
            const auto half = solve_triangular(lower, sides),
                       rest = solve_triangular(lower, sides, {.transpose = true});
            BOOST_TEST(off(matmul(x, found), sides) < 1e-8);
            BOOST_TEST(off(matmul(inverted, sides), found) < 1e-6);
            BOOST_TEST(off(matmul(lower, swap_axes(lower, -1, -2)), gram) < 1e-10);
            BOOST_TEST(off(matmul(lower, half), sides) < 1e-8);
            BOOST_TEST(off(matmul(swap_axes(lower, -1, -2), rest), sides) < 1e-8);
            BOOST_TEST(off(logs, sum(log(square(diagonal(lower, 0, -2, -1))), {-1})) < 1e-7);
            std::vector<A> values;
            for (const auto& y : {found, lower, logs, inverted, half, rest}) values.push_back(y.value());
            if (threads == 1) of_one = values;
            BOOST_TEST((of_one == values));
        }
    }
    set_num_threads(before);
}

BOOST_AUTO_TEST_CASE(the_first_singular_matrix_of_a_batch_is_named_whatever_the_threads) {
    const int before = get_num_threads();
    A a(Shape{20000, 3, 3}, 0.0);
    for (std::size_t i = 0; i < 20000; ++i)
        for (std::size_t k = 0; k < 3; ++k) a(i, k, k) = i % 9000 == 8999 ? 0.0 : 1.0;
    for (int threads : {1, 3}) {
        set_num_threads(threads);
        BOOST_TEST(fault([&] { inverse(Variable<double>(a)); }).find("number 8999") != std::string::npos);
    }
    set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
