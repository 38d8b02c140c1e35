#include <xtape/ops/decomposition.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

using namespace xtape;
using A = Array<double>;

namespace {

template <class F>
std::string fault(F f) {
    try {
        f();
    } catch (const std::domain_error& error) {
        return error.what();
    }
    return "nothing was thrown";
}

}    // namespace

BOOST_AUTO_TEST_SUITE(decomposition)

BOOST_AUTO_TEST_CASE(a_singular_matrix_is_named_with_its_place_in_the_batch) {
    Variable<double> x(make_array<double>({1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 4.0}, {2, 2, 2}));
    BOOST_TEST(fault([&] { inverse(x); }) ==
               "[inverse] got a matrix (number 1 of the batch) that is singular: pivot 2 is 0");
    BOOST_TEST(fault([&] { solve(x, x); }) ==
               "[solve] got a matrix (number 1 of the batch) that is singular: pivot 2 is 0");
}

BOOST_AUTO_TEST_CASE(an_indefinite_matrix_is_named_with_its_minor) {
    Variable<double> x(A{{1.0, 2.0}, {2.0, 1.0}});
    BOOST_TEST(fault([&] { cholesky(x); }) ==
               "[cholesky] got a matrix that is not positive definite: its leading minor of order 2 is not positive");
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

BOOST_AUTO_TEST_SUITE_END()
