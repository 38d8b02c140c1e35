// vjp, jvp, hvp, jacobian, hessian against closed forms.
#include <xtape/core/functional.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/map.hpp>
#include <xtape/ops/reduce.hpp>

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

BOOST_AUTO_TEST_CASE(several_variables_and_parameters) {
    auto f = [](const Variables<double>& x) { return x[0] * x[0] * x[1]; };    // (2,), () -> (2,)
    const Variables<double> x{V(A{1.0, 3.0}, requires_grad), V(A(2.0), requires_grad)};
    auto pulled = vjp(f, x, A{1.0, 10.0});
    BOOST_TEST(close(pulled[0], A{4.0, 120.0}));
    BOOST_TEST(close(pulled[1], A(91.0)));
    BOOST_TEST(close(jvp(f, x, {A{1.0, 0.5}, A(2.0)}), A{6.0, 24.0}));
    auto j = jacobian(f, Parameters<double>(x));
    BOOST_TEST(close(j[0], A{{4.0, 0.0}, {0.0, 12.0}}));
    BOOST_TEST(close(j[1], A{1.0, 9.0}));
    auto loss = [&] { return sum(f(x)); };
    auto h = hessian(loss, x);
    BOOST_TEST(close(h[0][0], A{{4.0, 0.0}, {0.0, 4.0}}));
    BOOST_TEST(close(h[0][1], A{2.0, 6.0}));
    BOOST_TEST(close(h[1][1], A(0.0)));
    BOOST_TEST(!x[0].has_grad());
    BOOST_CHECK_THROW(jvp(f, x, {A{1.0, 0.5}}), GradError);
}

BOOST_AUTO_TEST_CASE(one_recorded_graph_gives_many_products_with_the_hessian) {
    int calls = 0;
    auto f = [&](const Variables<double>& x) {
        ++calls;
        return sum(x[0] * x[0] * x[0]);
    };
    const HessianProduct<double> product(f, Parameters<double>{p});
    BOOST_TEST(close(product({A{1.0, 0.0, 0.0}})[0], A{6.0, 0.0, 0.0}));
    BOOST_TEST(close(product({A{0.0, 1.0, 2.0}})[0], A{0.0, -12.0, 6.0}));
    BOOST_TEST(close(product.gradient()[0].value(), A{3.0, 12.0, 0.75}));
    BOOST_TEST(product.value().item() == -6.875);
    BOOST_TEST(calls == 1);
    BOOST_CHECK_THROW(product({A{1.0}}), ShapeError);
}

BOOST_AUTO_TEST_CASE(a_jacobian_sweeps_the_function_from_its_smaller_side) {
    for (Shape shape : {Shape{6, 3}, Shape{2, 3}}) {
        A m = empty_array<double>(shape);
        for (std::size_t i = 0; i < m.size(); ++i) m.storage()[i] = 1.0 + static_cast<double>(i * i);
        int sweeps = 0;
        auto f = [&](const V& x) {
            V y = sines(x);
            y.register_hook([&](const V&) { ++sweeps; });
            return sum(V(m) * y, 1);
        };
        A wanted = m * xt::cos(p.value());
        BOOST_TEST(close(jacobian(f, p), wanted));
        BOOST_TEST(sweeps == (shape[0] == 6 ? 1 : 2));    // tall: once recorded, then differentiated three times
    }
}

BOOST_AUTO_TEST_SUITE_END()
