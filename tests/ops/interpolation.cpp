// Images at other sizes, and channels as places, against loops over every element in hundreds of random settings.
#include <xtape/core/backward.hpp>
#include <xtape/ops/interpolation.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "unwritten.hpp"

using namespace xtape;
using D = double;

namespace {

std::mt19937 engine{13};
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

struct Weight {
    std::size_t from;
    D weight;
};

struct Setting {
    std::size_t rank = number(1, 3);
    std::vector<std::size_t> input, output;
    bool by_factor = number(0, 2) == 0;
    std::vector<std::size_t> factor;
    InterpolateOptions options;

    Setting() {
        for (std::size_t d = 0; d < rank; ++d) {
            input.push_back(number(1, 9));
            factor.push_back(number(1, 3));
            output.push_back(by_factor ? input[d] * factor[d] : number(1, 20));
        }
        const bool linear = number(0, 2) > 0;
        options = {.mode = linear ? InterpolationMode::linear : InterpolationMode::nearest,
                   .align_corners = linear && number(0, 1) == 1};
        if (by_factor)
            options.scale_factor = factor;
        else
            options.size = output;
    }
    Shape shape(const std::vector<std::size_t>& places) const {
        Shape result{2, 3};
        result.insert(result.end(), places.begin(), places.end());
        return result;
    }
    // What output i of an axis is made of.
    std::vector<Weight> weights(std::size_t d, std::size_t i) const {
        if (options.mode == InterpolationMode::nearest) return {{i * input[d] / output[d], 1.0}};
        const auto in = static_cast<D>(input[d]), out = static_cast<D>(output[d]), place = static_cast<D>(i);
        D at = (place + 0.5) * in / out - 0.5;
        if (options.align_corners) at = output[d] == 1 ? 0 : place * (in - 1) / (out - 1);
        at = std::clamp(at, 0.0, in - 1);
        const D below = std::floor(at);
        const auto from = static_cast<std::size_t>(below);
        return {{from, 1 - (at - below)}, {std::min(from + 1, input[d] - 1), at - below}};
    }
    // Calls visit(output, input, weight).
    template <class Visit>
    void each_weight(const Visit& visit) const {
        std::vector<std::vector<Weight>> all{{{0, 1.0}}};    // of each output of the axes so far
        for (std::size_t d = 0; d < rank; ++d) {
            std::vector<std::vector<Weight>> next;
            for (const auto& outer : all)
                for (std::size_t i = 0; i < output[d]; ++i) {
                    next.emplace_back();
                    for (const auto& a : outer)
                        for (const auto& b : weights(d, i))
                            next.back().push_back({a.from * input[d] + b.from, a.weight * b.weight});
                }
            all = std::move(next);
        }
        std::size_t inputs = 1;
        for (const std::size_t length : input) inputs *= length;
        for (std::size_t plane = 0; plane < 6; ++plane)
            for (std::size_t o = 0; o < all.size(); ++o)
                for (const auto& [from, weight] : all[o]) visit(plane * all.size() + o, plane * inputs + from, weight);
    }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(interpolation)

BOOST_AUTO_TEST_CASE(images_at_other_sizes_are_those_of_loops) {
    for (int i = 0; i < 300; ++i) {
        const Setting s;
        BOOST_TEST_CONTEXT("setting " << i << ": " << to_string(s.shape(s.input)) << " to "
                                      << to_string(s.shape(s.output))) {
            const Array<D> x = random_numbers(s.shape(s.input)), g = random_numbers(s.shape(s.output));
            Array<D> y(g.shape(), 0.0), dx(x.shape(), 0.0);
            s.each_weight([&](std::size_t to, std::size_t from, D weight) {
                y.storage()[to] += weight * x.storage()[from];
                dx.storage()[from] += weight * g.storage()[to];
            });
            Variable<D> in(x, requires_grad);
            const auto result = interpolate(in, s.options);
            backward(result, g);
            check_close(result.value(), y);
            check_close(in.grad(), dx);
        }
    }
}

BOOST_AUTO_TEST_CASE(shuffled_pixels_are_those_of_loops) {
    for (int i = 0; i < 200; ++i) {
        spoil_free_memory();
        const std::size_t n = number(1, 3), c = number(1, 3), h = number(1, 6), w = number(1, 6), r = number(1, 4);
        BOOST_TEST_CONTEXT(c << " channels of " << h << " x " << w << ", r = " << r) {
            const Array<D> x = random_numbers({n, c * r * r, h, w}), g = random_numbers({n, c, h * r, w * r});
            Array<D> y(g.shape()), dx(x.shape());
            for (std::size_t b = 0; b < n; ++b)
                for (std::size_t k = 0; k < c; ++k)
                    for (std::size_t p = 0; p < h * r; ++p)
                        for (std::size_t q = 0; q < w * r; ++q) {
                            const std::size_t channel = (k * r + p % r) * r + q % r;
                            y(b, k, p, q) = x(b, channel, p / r, q / r);
                            dx(b, channel, p / r, q / r) = g(b, k, p, q);
                        }
            Variable<D> in(x, requires_grad), back(g, requires_grad);
            const auto shuffled = pixel_shuffle(in, r), unshuffled = pixel_unshuffle(back, r);
            backward(shuffled, g);
            backward(unshuffled, x);
            check_close(shuffled.value(), y);
            check_close(in.grad(), dx);
            check_close(unshuffled.value(), dx);
            check_close(back.grad(), y);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
