// vjp, jvp, hvp, jacobian, hessian against closed forms.
#include <xtape/core/functional.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/map.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;

namespace {

using A = Array<double>;
using V = Variable<double>;

const V p(A{1.0, -2.0, 0.5});
V sines(const V& x) {
    return map([](auto v) { return sin(v); }, x);
}
V cubes(const V& x) { return sum_to(x * x * x, Shape{}); }

bool close(const A& got, const A& wanted) {
    if (got.shape() != wanted.shape()) return false;
    for (std::size_t i = 0; i < got.size(); ++i)
        if (std::abs(got.storage()[i] - wanted.storage()[i]) > 1e-12) return false;
    return true;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(functional)

BOOST_AUTO_TEST_CASE(products_with_the_jacobian_from_both_sides) {
    A v{1.0, 3.0, -2.0};
    A wanted = xt::cos(p.value()) * v;
    BOOST_TEST(close(vjp(sines, p, v), wanted));
    BOOST_TEST(close(jvp(sines, p, v), wanted));
    auto sum = [](const V& x) { return sum_to(x, Shape{}); };
    BOOST_TEST(close(jvp(sum, p, v), A(2.0)));
    BOOST_TEST(close(vjp(sum, p, A(2.0)), A{2.0, 2.0, 2.0}));
}

BOOST_AUTO_TEST_CASE(whole_matrices) {
    BOOST_TEST(
        close(jacobian([](const V& x) { return 2.0 * x; }, p), A{{2.0, 0.0, 0.0}, {0.0, 2.0, 0.0}, {0.0, 0.0, 2.0}}));
    BOOST_TEST(close(hessian(cubes, p), A{{6.0, 0.0, 0.0}, {0.0, -12.0, 0.0}, {0.0, 0.0, 3.0}}));
    BOOST_TEST(close(hvp(cubes, p, A{1.0, 1.0, 2.0}), A{6.0, -12.0, 6.0}));
}

BOOST_AUTO_TEST_CASE(a_function_that_ignores_its_argument_has_zero_derivatives) {
    auto constant = [](const V&) { return V(A{1.0, 2.0}); };
    BOOST_TEST(close(vjp(constant, p, A{1.0, 1.0}), A{0.0, 0.0, 0.0}));
    BOOST_TEST(close(jvp(constant, p, A{1.0, 1.0, 1.0}), A{0.0, 0.0}));
    BOOST_TEST(close(jacobian(constant, p), A(Shape{2, 3}, 0.0)));
    auto linear = [](const V& x) { return sum_to(x * 2.0, Shape{}); };
    BOOST_TEST(close(hessian(linear, p), A(Shape{3, 3}, 0.0)));
    BOOST_TEST(close(hvp(linear, p, A{1.0, 1.0, 1.0}), A{0.0, 0.0, 0.0}));
}

BOOST_AUTO_TEST_CASE(they_work_under_no_grad_and_leave_the_argument_alone) {
    V x(A{1.0, 2.0}, requires_grad);
    NoGrad guard;
    BOOST_TEST(close(vjp(sines, x, A{1.0, 1.0}), A(xt::cos(x.value()))));
    BOOST_TEST(!x.has_grad());
}

BOOST_AUTO_TEST_CASE(wrong_shapes_are_refused) {
    BOOST_CHECK_THROW(vjp(sines, p, A{1.0}), ShapeError);
    BOOST_CHECK_THROW(jvp(sines, p, A{1.0}), ShapeError);
    BOOST_CHECK_THROW(hvp(cubes, p, A{1.0}), ShapeError);
    BOOST_CHECK_THROW(hessian(sines, p), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
