// Positions: what they are, what they leave alone, and their gradients.
#include <xtape/core/gradcheck.hpp>
#include <xtape/nn/functional_call.hpp>
#include <xtape/nn/positions.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

#include "close.hpp"

using namespace xtape;
using D = double;

BOOST_AUTO_TEST_SUITE(positions)

BOOST_AUTO_TEST_CASE(sinusoids_have_the_wave_lengths_of_the_paper) {
    const Array<D> p = nn::sinusoidal_positions<D>(5, 6);
    for (std::size_t t = 0; t < 5; ++t)
        for (std::size_t i = 0; i < 3; ++i) {
            const D angle = D(t) / std::pow(10000.0, 2 * D(i) / 6);
            BOOST_TEST(std::abs(p(t, 2 * i) - std::sin(angle)) < 1e-15);
            BOOST_TEST(std::abs(p(t, 2 * i + 1) - std::cos(angle)) < 1e-15);
        }
    nn::SinusoidalPositions<D> layer(6);
    for (std::size_t time : {3, 5, 2}) {    // growing and shrinking
        const Array<D> z = numbers({2, time, 6}), y = layer(Variable<D>(z)).value();
        for (std::size_t t = 0; t < time; ++t) BOOST_TEST(std::abs(y(1, t, 2) - z(1, t, 2) - p(t, 2)) < 1e-15);
    }
    BOOST_CHECK_THROW(layer(Variable<D>(numbers({2, 3, 5}))), ShapeError);
}

BOOST_AUTO_TEST_CASE(learned_positions_are_added_and_trained) {
    nn::LearnedPositions<D> layer(4, 3);
    const Array<D> x = numbers({2, 3, 3}), y = layer(Variable<D>(x)).value();
    for (std::size_t t = 0; t < 3; ++t)
        for (std::size_t e = 0; e < 3; ++e)
            BOOST_TEST(std::abs(y(1, t, e) - x(1, t, e) - layer.weight.value()(t, e)) < 1e-15);
    BOOST_TEST(gradcheck(
        [&](const Variables<D>& in) { return nn::functional_call(layer, Variables<D>{in[1]}, in[0]) * in[0]; },
        {Variable<D>(x, requires_grad), Variable<D>(layer.weight.value(), requires_grad)}, {.order = 2}));
    BOOST_CHECK_THROW(layer(Variable<D>(numbers({2, 5, 3}))), ShapeError);
}

BOOST_AUTO_TEST_CASE(rotated_products_depend_on_distances_alone) {
    const Variable<D> q(numbers({1, 6})), k(numbers({1, 6}, 1));
    auto product = [&](std::size_t at, std::size_t other) {
        return matmul(nn::rotary_positions(q, {.first = at}), transpose(nn::rotary_positions(k, {.first = other})))
            .item();
    };
    BOOST_TEST(std::abs(product(0, 0) - matmul(q, transpose(k)).item()) < 1e-14);
    BOOST_TEST(std::abs(product(7, 3) - product(104, 100)) < 1e-12);
    BOOST_TEST(std::abs(product(7, 3) - product(3, 7)) > 0.01);
    const Array<D> turned = nn::rotary_positions(Variable<D>(numbers({5, 6}))).value();
    const Array<D> x = numbers({5, 6});
    const D angle = 4 / std::pow(10000.0, 2.0 / 6);
    BOOST_TEST(std::abs(turned(4, 1) - (x(4, 1) * std::cos(angle) - x(4, 4) * std::sin(angle))) < 1e-14);
    BOOST_TEST(std::abs(turned(4, 4) - (x(4, 1) * std::sin(angle) + x(4, 4) * std::cos(angle))) < 1e-14);
    BOOST_TEST(gradcheck([](const Variables<D>& in) { return nn::rotary_positions(in[0]) * in[0]; },
                         {Variable<D>(numbers({2, 3, 4}), requires_grad)}, {.order = 2}));
    BOOST_CHECK_THROW(nn::rotary_positions(Variable<D>(numbers({2, 3}))), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
