// Penalties and clipping.
#include <xtape/core/backward.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/state.hpp>
#include <xtape/nn/clip.hpp>
#include <xtape/nn/penalty.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

#include "close.hpp"

using namespace xtape;
using D = double;

namespace {

Parameters<D> model() {
    return {{"fc1.weight", Variable<D>(numbers({3, 2}), requires_grad)},
            {"fc1.bias", Variable<D>(numbers({3}, 1), requires_grad)},
            {"fc2.weight", Variable<D>(numbers({2, 3}, 2), requires_grad)}};
}

template <class Penalty>
void check(Penalty penalty, D wanted) {
    auto parameters = model();
    BOOST_TEST(std::abs(penalty(parameters).item() - wanted) < 1e-13);
    BOOST_TEST(gradcheck(
        [&](const Variables<D>& in) {
            return penalty(Parameters<D>{{"fc1.weight", in[0]}, {"fc1.bias", in[1]}, {"fc2.weight", in[2]}});
        },
        parameters.variables(), {.order = 2}));
}

// The sum of f over the elements of a weight.
template <class F>
D over(const Array<D>& x, F f) {
    D total = 0;
    for (D element : x.storage()) total += f(element);
    return total;
}

D square_of(D x) { return x * x; }
D size_of(D x) { return std::abs(x); }

}    // namespace

BOOST_AUTO_TEST_SUITE(regularisation)

BOOST_AUTO_TEST_CASE(penalties_add_up_over_weights) {
    Array<D> first = numbers({3, 2}), second = numbers({2, 3}, 2);
    D squares = over(first, square_of) + over(second, square_of), sizes = over(first, size_of) + over(second, size_of);
    check([](const auto& p) { return nn::l2_penalty(p); }, squares);
    check([](const auto& p) { return nn::l1_penalty(p); }, sizes);
    check([](const auto& p) { return nn::elastic_net_penalty(p, 0.7); }, 0.7 * squares + sizes);
    D rows = 0, columns = 0;
    for (std::size_t r = 0; r < 3; ++r) rows += std::sqrt(2.0) * std::hypot(first(r, 0), first(r, 1));
    for (std::size_t r = 0; r < 2; ++r) rows += std::sqrt(3.0) * std::hypot(second(r, 0), second(r, 1), second(r, 2));
    for (std::size_t c = 0; c < 2; ++c) columns += std::sqrt(3.0) * std::hypot(first(0, c), first(1, c), first(2, c));
    for (std::size_t c = 0; c < 3; ++c) columns += std::sqrt(2.0) * std::hypot(second(0, c), second(1, c));
    check([](const auto& p) { return nn::group_lasso_penalty(p); }, rows);
    check([](const auto& p) { return nn::group_lasso_penalty(p, 1); }, columns);
}

BOOST_AUTO_TEST_CASE(strengths_choose_and_weigh_parameters) {
    Array<D> first = numbers({3, 2}), bias = numbers({3}, 1), second = numbers({2, 3}, 2);
    check([](const auto& p) { return nn::l2_penalty(p, nn::everything); },
          over(first, square_of) + over(bias, square_of) + over(second, square_of));
    auto strength = [](std::string_view name, const Shape&) { return name == "fc2.weight" ? 0.5 : 0.0; };
    check([&](const auto& p) { return nn::l1_penalty(p, strength); }, 0.5 * over(second, size_of));
    BOOST_TEST(nn::l2_penalty(Parameters<D>()).item() == 0);
}

BOOST_AUTO_TEST_CASE(a_group_of_zeros_has_gradient_zero) {
    Parameters<D> parameters{{"weight", Variable<D>(Array<D>{{0.0, 0.0}, {3.0, 4.0}}, requires_grad)}};
    backward(nn::group_lasso_penalty(parameters));
    D root = std::sqrt(2.0);
    check_close(parameters.at("weight").grad(), Array<D>{{0.0, 0.0}, {0.6 * root, 0.8 * root}}, 1e-14);
}

BOOST_AUTO_TEST_CASE(the_norm_of_all_gradients_is_clipped_together) {
    for (D p : {1.0, 2.0, 3.0, std::numeric_limits<D>::infinity()}) {
        auto parameters = model();
        parameters[0].parameter.set_grad(numbers({3, 2}, 5));
        parameters[2].parameter.set_grad(numbers({2, 3}, 6));
        D total = 0;
        for (const auto& g : {numbers({3, 2}, 5), numbers({2, 3}, 6)})
            for (D e : g.storage())
                total = std::isinf(p) ? std::max(total, std::abs(e)) : total + std::pow(std::abs(e), p);
        D norm = std::isinf(p) ? total : std::pow(total, 1 / p);
        BOOST_TEST(std::abs(nn::clip_grad_norm(parameters, 100.0, {.norm = p}) - norm) < 1e-12);
        check_close(parameters[0].parameter.grad(), numbers({3, 2}, 5), 0);
        BOOST_TEST(std::abs(nn::clip_grad_norm(parameters, 0.5, {.norm = p}) - norm) < 1e-12);
        check_close(parameters[2].parameter.grad(), Array<D>(numbers({2, 3}, 6) * (0.5 / (norm + 1e-6))), 1e-12);
        BOOST_TEST(!parameters[1].parameter.has_grad());
    }
    BOOST_CHECK_THROW(nn::clip_grad_norm(model(), -1.0), std::invalid_argument);
    BOOST_CHECK_THROW(nn::clip_grad_norm(model(), 1.0, {.norm = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(gradients_that_are_not_finite_follow_the_policy) {
    auto parameters = model();
    Array<D> bad{1.0, std::numeric_limits<D>::infinity(), 2.0};
    parameters[1].parameter.set_grad(bad);
    try {
        nn::clip_grad_norm(parameters, 1.0);
        BOOST_ERROR("was not refused");
    } catch (const AnomalyError& error) {
        BOOST_TEST((std::string(error.what()).find("fc1.bias") != std::string::npos));
    }
    BOOST_TEST(std::isinf(nn::clip_grad_norm(parameters, 1.0, {.non_finite = NonFinite::skip})));
    check_close(parameters[1].parameter.grad(), bad, 0);
    nn::clip_grad_norm(parameters, 1.0, {.non_finite = NonFinite::let_through});
    BOOST_TEST(parameters[1].parameter.grad()(0) == 0);
}

template <class T>
static Parameters<T> with_gradient(const Array<T>& gradient) {
    Parameters<T> parameters{{"p", Variable<T>(Array<T>(gradient.shape(), T(1)), requires_grad)}};
    parameters[0].parameter.set_grad(share(gradient));
    return parameters;
}

BOOST_AUTO_TEST_CASE(a_gradient_with_nan_anywhere_is_refused_by_every_norm_and_stays) {
    const D nan = std::nan(""), infinity = std::numeric_limits<D>::infinity();
    for (D bad : {nan, infinity, -infinity})
        for (double p : {1.0, 2.0, 3.5, infinity})
            for (std::size_t place = 0; place < 11; ++place) {
                Array<D> gradient(Shape{11}, 3.0);
                gradient(place) = bad;
                auto parameters = with_gradient(gradient);
                BOOST_CHECK_THROW(nn::clip_grad_norm(parameters, 1.0, {.norm = p}), AnomalyError);
                BOOST_TEST(identical(parameters[0].parameter.grad(), gradient));
                const double norm = nn::clip_grad_norm(parameters, 1.0, {.norm = p, .non_finite = NonFinite::skip});
                BOOST_TEST(std::isnan(norm) == std::isnan(bad));
                BOOST_TEST(!std::isfinite(norm));
                BOOST_TEST(identical(parameters[0].parameter.grad(), gradient));
            }
}

template <class T>
static void check_norm_of_three_and_four(double unit, double tolerance) {
    for (auto [p, norm] : {std::pair(1.0, 7.0), std::pair(2.0, 5.0), std::pair(3.0, std::cbrt(91.0)),
                           std::pair(50.0, 4.0 * std::pow(1 + std::pow(0.75, 50), 0.02)),
                           std::pair(std::numeric_limits<double>::infinity(), 4.0)}) {
        auto parameters = with_gradient(Array<T>{static_cast<T>(3 * unit), static_cast<T>(-4 * unit)});
        const double found = nn::clip_grad_norm(parameters, unit, {.norm = p});
        BOOST_TEST_CONTEXT("p = " << p << ", unit = " << unit) {
            BOOST_TEST(std::abs(found / unit / norm - 1) < tolerance);
            if (unit > 1) BOOST_TEST(std::abs(parameters[0].parameter.grad()(1) / unit * norm / 4 + 1) < tolerance);
        }
    }
}

BOOST_AUTO_TEST_CASE(norms_neither_overflow_nor_vanish) {
    for (double unit : {1e200, 1e306, 1e-200, 1e-300, 1.0}) check_norm_of_three_and_four<double>(unit, 1e-12);
    check_norm_of_three_and_four<double>(std::ldexp(1.0, -1070), 0.2);    // subnormal: the results have few bits
    for (double unit : {1e37, 1e-30, 1.0}) check_norm_of_three_and_four<float>(unit, 1e-6);
    check_norm_of_three_and_four<float>(std::ldexp(1.0, -140), 1e-12);    // subnormal in float, not in double
}

BOOST_AUTO_TEST_CASE(a_norm_beyond_the_largest_double_is_refused) {
    const Array<D> gradient(Shape{100}, 1e308);
    auto parameters = with_gradient(gradient);
    BOOST_CHECK_THROW(nn::clip_grad_norm(parameters, 1.0), AnomalyError);
    BOOST_TEST(identical(parameters[0].parameter.grad(), gradient));
}

BOOST_AUTO_TEST_CASE(values_are_clipped_one_by_one) {
    auto parameters = model();
    parameters[1].parameter.set_grad(Array<D>{-3.0, 0.5, std::nan("")});
    nn::clip_grad_value(parameters, 1.0);
    const auto& g = parameters[1].parameter.grad();
    BOOST_TEST(g(0) == -1.0);
    BOOST_TEST(g(1) == 0.5);
    BOOST_TEST(std::isnan(g(2)));
    BOOST_CHECK_THROW(nn::clip_grad_value(parameters, -1.0), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
