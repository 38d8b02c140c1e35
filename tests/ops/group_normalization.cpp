// Normalisation over groups of channels against loops in hundreds of random settings.
#include <xtape/core/backward.hpp>
#include <xtape/ops/normalization.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>

#include "unwritten.hpp"

using namespace xtape;
using D = double;

namespace {

std::mt19937 engine{14};
std::size_t number(std::size_t low, std::size_t high) { return low + engine() % (high - low + 1); }

Array<D> random_numbers(const Shape& shape) {
    Array<D> x = empty_array<D>(shape);
    for (auto& element : x.storage()) element = static_cast<D>(number(0, 2000)) / 1000 - 1;
    return x;
}

void check_close(const Array<D>& got, const Array<D>& wanted, D tolerance = 1e-13) {
    BOOST_TEST_REQUIRE(to_string(got.shape()) == to_string(wanted.shape()));
    for (std::size_t i = 0; i < wanted.size(); ++i)
        BOOST_TEST(std::abs(got.storage()[i] - wanted.storage()[i]) <= tolerance * (1 + std::abs(wanted.storage()[i])),
                   "element " << i << ": got " << got.storage()[i] << ", wanted " << wanted.storage()[i]);
}

struct Result {
    Array<D> y, dx, dw, db;
};

Result by_loops(const Array<D>& x, const Array<D>& w, const Array<D>& b, const Array<D>& g, std::size_t groups, D eps) {
    const std::size_t batch = x.shape()[0], channels = x.shape()[1], places = x.size() / batch / channels,
                      size = channels / groups * places;
    Result r{Array<D>(x.shape()), Array<D>(x.shape()), Array<D>(w.shape(), 0.0), Array<D>(w.shape(), 0.0)};
    for (std::size_t part = 0; part < batch * groups; ++part) {
        auto at = [&](std::size_t i) { return part * size + i; };
        auto channel = [&](std::size_t i) { return at(i) / places % channels; };
        const auto count = static_cast<D>(size);
        D mean = 0, variance = 0, slope = 0, along = 0;
        for (std::size_t i = 0; i < size; ++i) mean += x.storage()[at(i)] / count;
        for (std::size_t i = 0; i < size; ++i) variance += std::pow(x.storage()[at(i)] - mean, 2) / count;
        const D deviation = std::sqrt(variance + eps);
        auto normal = [&](std::size_t i) { return (x.storage()[at(i)] - mean) / deviation; };
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t c = channel(i);
            const D gradient = g.storage()[at(i)];
            r.y.storage()[at(i)] = normal(i) * w.storage()[c] + b.storage()[c];
            r.dw.storage()[c] += gradient * normal(i);
            r.db.storage()[c] += gradient;
            slope += gradient * w.storage()[c] / count;
            along += gradient * w.storage()[c] * normal(i) / count;
        }
        for (std::size_t i = 0; i < size; ++i)
            r.dx.storage()[at(i)] =
                (g.storage()[at(i)] * w.storage()[channel(i)] - slope - normal(i) * along) / deviation;
    }
    return r;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(group_normalization)

BOOST_AUTO_TEST_CASE(values_and_gradients_are_those_of_loops) {
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        const bool instance = i % 3 == 0;
        const std::size_t groups = number(1, 5), channels = groups * (instance ? 1 : number(1, 4));
        Shape shape{number(1, 4), channels};
        for (std::size_t d = number(1, 3); d > 0; --d) shape.push_back(number(2, 9));
        const D eps = number(0, 1) == 0 ? 1e-5 : 0.1;
        BOOST_TEST_CONTEXT("setting " << i << ": " << to_string(shape) << " in " << groups << " groups") {
            const Array<D> x = random_numbers(shape), w = random_numbers({channels}), b = random_numbers({channels}),
                           g = random_numbers(shape);
            const Result wanted = by_loops(x, w, b, g, groups, eps);
            Variable<D> in(x, requires_grad), weight(w, requires_grad), bias(b, requires_grad);
            const auto y = instance ? instance_norm(in, weight, bias, eps) : group_norm(in, groups, weight, bias, eps);
            backward(y, g);
            check_close(y.value(), wanted.y, 1e-12);
            check_close(in.grad(), wanted.dx, 1e-11);
            check_close(weight.grad(), wanted.dw, 1e-12);
            check_close(bias.grad(), wanted.db, 1e-12);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
