// Pooling against loops over every window, in hundreds of random settings.
#include <xtape/core/backward.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/pooling.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "unwritten.hpp"

using namespace xtape;
using D = double;

namespace {

std::mt19937 engine{11};
std::size_t number(std::size_t low, std::size_t high) { return low + engine() % (high - low + 1); }

// Few different numbers, so that equal ones meet in a window.
Array<D> numbers_with_ties(const Shape& shape) {
    Array<D> x = empty_array<D>(shape);
    for (auto& element : x.storage()) element = static_cast<D>(number(0, 6)) - 3;
    return x;
}

struct Setting {
    std::size_t rank = number(1, 3);
    std::array<std::size_t, 3> input{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, padding{}, dilation{1, 1, 1},
        output{1, 1, 1};
    bool ceil_mode = number(0, 1) == 1, count_padding = number(0, 1) == 1;

    explicit Setting(bool dilated) {
        for (std::size_t d = 3 - rank; d < 3; ++d) {
            kernel[d] = number(1, 4);
            stride[d] = number(1, 4);
            dilation[d] = dilated ? number(1, 2) : 1;
            padding[d] = number(0, window(d) / 2);
            input[d] = number(window(d), rank == 1 ? 60 : rank == 2 ? 24 : 9);
            const std::size_t reach = input[d] + 2 * padding[d] - window(d);
            output[d] = ceil_mode ? (reach + stride[d] - 1) / stride[d] + 1 : reach / stride[d] + 1;
            // The last window has to begin in the image or in the padding before it.
            if (ceil_mode && (output[d] - 1) * stride[d] >= input[d] + padding[d]) --output[d];
        }
    }
    std::size_t window(std::size_t d) const { return dilation[d] * (kernel[d] - 1) + 1; }
    Shape shape(const std::array<std::size_t, 3>& lengths) const {
        Shape result{2, 3};
        for (std::size_t d = 3 - rank; d < 3; ++d) result.push_back(lengths[d]);
        return result;
    }
    std::vector<std::size_t> last(const std::array<std::size_t, 3>& n) const {
        return {n.end() - static_cast<std::ptrdiff_t>(rank), n.end()};
    }
    // Calls visit(window's number, place) for the places of each window in order, -1 for one in the padding, and
    // nothing for one beyond that.
    template <class Visit>
    void each_place(const Visit& visit) const {
        const std::size_t inputs = input[0] * input[1] * input[2];
        for (std::size_t p = 0; p < 6; ++p)
            for (std::size_t o = 0; o < output[0] * output[1] * output[2]; ++o)
                for (std::size_t k = 0; k < kernel[0] * kernel[1] * kernel[2]; ++k) {
                    const std::size_t at[3] = {o / output[2] / output[1], o / output[2] % output[1], o % output[2]},
                                      tap[3] = {k / kernel[2] / kernel[1], k / kernel[2] % kernel[1], k % kernel[2]};
                    std::size_t place = 0;
                    bool inside = true, padded = true;
                    for (std::size_t d = 0; d < 3; ++d) {
                        const std::size_t i = at[d] * stride[d] + tap[d] * dilation[d];
                        padded = padded && i < input[d] + 2 * padding[d];
                        inside = inside && i >= padding[d] && i < input[d] + padding[d];
                        place = place * input[d] + (i - padding[d]);
                    }
                    if (padded)
                        visit(p * output[0] * output[1] * output[2] + o,
                              inside ? static_cast<std::ptrdiff_t>(p * inputs + place) : -1);
                }
    }
    std::string text() const {
        std::string result = to_string(shape(input));
        for (std::size_t d = 0; d < 3; ++d)
            result += ", kernel " + std::to_string(kernel[d]) + " stride " + std::to_string(stride[d]) + " padding " +
                      std::to_string(padding[d]) + " dilation " + std::to_string(dilation[d]);
        return result + (ceil_mode ? ", up" : "");
    }
};

void check_close(const Array<D>& got, const Array<D>& wanted) {
    BOOST_TEST_REQUIRE(to_string(got.shape()) == to_string(wanted.shape()));
    for (std::size_t i = 0; i < wanted.size(); ++i)
        BOOST_TEST(std::abs(got.storage()[i] - wanted.storage()[i]) < 1e-12,
                   "element " << i << ": got " << got.storage()[i] << ", wanted " << wanted.storage()[i]);
}

auto of_rank(std::size_t rank, auto one, auto two, auto three) {
    return rank == 1 ? one() : rank == 2 ? two() : three();
}

}    // namespace

BOOST_AUTO_TEST_SUITE(pooling)

BOOST_AUTO_TEST_CASE(the_largest_are_those_of_loops_and_the_first_of_equals_gets_the_gradient) {
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        const Setting s(true);
        BOOST_TEST_CONTEXT(s.text()) {
            const Array<D> x = numbers_with_ties(s.shape(s.input)), g = numbers_with_ties(s.shape(s.output));
            Array<D> y(g.shape(), -std::numeric_limits<D>::infinity()), dx(x.shape(), 0.0);
            std::vector<std::size_t> places(y.size());
            s.each_place([&](std::size_t o, std::ptrdiff_t place) {
                if (place < 0 || x.storage()[static_cast<std::size_t>(place)] <= y.storage()[o]) return;
                places[o] = static_cast<std::size_t>(place);
                y.storage()[o] = x.storage()[places[o]];
            });
            for (std::size_t o = 0; o < y.size(); ++o) dx.storage()[places[o]] += g.storage()[o];
            const MaxPoolOptions options{.stride = s.last(s.stride),
                                         .padding = s.last(s.padding),
                                         .dilation = s.last(s.dilation),
                                         .ceil_mode = s.ceil_mode};
            const PerAxis kernel = s.last(s.kernel);
            Variable<D> in(x, requires_grad);
            auto result = of_rank(
                s.rank, [&] { return max_pool1d(in, kernel, options); },
                [&] { return max_pool2d(in, kernel, options); }, [&] { return max_pool3d(in, kernel, options); });
            backward(result, g);
            check_close(result.value(), y);
            check_close(in.grad(), dx);
            const auto with = of_rank(
                s.rank, [&] { return max_pool1d_with_indices(in, kernel, options); },
                [&] { return max_pool2d_with_indices(in, kernel, options); },
                [&] { return max_pool3d_with_indices(in, kernel, options); });
            check_close(with.values.value(), y);
            const std::size_t plane = x.size() / 6, outputs = y.size() / 6;
            for (std::size_t o = 0; o < y.size(); ++o)
                BOOST_TEST(with.indices.storage()[o] == static_cast<std::int64_t>(places[o] - o / outputs * plane));
        }
    }
}

BOOST_AUTO_TEST_CASE(averages_are_those_of_loops) {
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        const Setting s(false);
        BOOST_TEST_CONTEXT(s.text()) {
            const Array<D> x = numbers_with_ties(s.shape(s.input)), g = numbers_with_ties(s.shape(s.output));
            Array<D> y(g.shape(), 0.0), dx(x.shape(), 0.0), count(g.shape(), 0.0);
            s.each_place([&](std::size_t o, std::ptrdiff_t place) {
                if (place >= 0 || s.count_padding) count.storage()[o] += 1;
            });
            s.each_place([&](std::size_t o, std::ptrdiff_t place) {
                if (place < 0) return;
                y.storage()[o] += x.storage()[static_cast<std::size_t>(place)] / count.storage()[o];
                dx.storage()[static_cast<std::size_t>(place)] += g.storage()[o] / count.storage()[o];
            });
            const AvgPoolOptions options{.stride = s.last(s.stride),
                                         .padding = s.last(s.padding),
                                         .ceil_mode = s.ceil_mode,
                                         .count_include_pad = s.count_padding};
            const PerAxis kernel = s.last(s.kernel);
            Variable<D> in(x, requires_grad);
            auto result = of_rank(
                s.rank, [&] { return avg_pool1d(in, kernel, options); },
                [&] { return avg_pool2d(in, kernel, options); }, [&] { return avg_pool3d(in, kernel, options); });
            backward(result, g);
            check_close(result.value(), y);
            check_close(in.grad(), dx);
        }
    }
}

BOOST_AUTO_TEST_CASE(powers_are_those_of_loops) {
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        Setting s(false);
        s.padding = {};    // of which powers have none
        for (std::size_t d = 3 - s.rank; d < 3; ++d) {
            const std::size_t reach = s.input[d] - s.kernel[d];
            s.output[d] = (s.ceil_mode ? reach + s.stride[d] - 1 : reach) / s.stride[d] + 1;
            if ((s.output[d] - 1) * s.stride[d] >= s.input[d]) --s.output[d];
        }
        const D p = std::array{1.0, 2.0, 3.0, 4.0, 2.5}[number(0, 4)];
        BOOST_TEST_CONTEXT(s.text() << ", power " << p) {
            Array<D> x = numbers_with_ties(s.shape(s.input));
            const Array<D> g = numbers_with_ties(s.shape(s.output));
            if (p != 2 && p != 4)
                for (auto& element : x.storage()) element = std::abs(element);
            Array<D> sum(g.shape(), 0.0), count(g.shape(), 0.0), y(g.shape()), dx(x.shape(), 0.0);
            s.each_place([&](std::size_t o, std::ptrdiff_t place) {
                sum.storage()[o] += std::pow(x.storage()[static_cast<std::size_t>(place)], p);
                count.storage()[o] += 1;
            });
            const auto places = static_cast<D>(s.kernel[0] * s.kernel[1] * s.kernel[2]);
            for (std::size_t o = 0; o < y.size(); ++o)
                y.storage()[o] = std::pow(sum.storage()[o] * places / count.storage()[o], 1 / p);
            s.each_place([&](std::size_t o, std::ptrdiff_t place) {
                const auto at = static_cast<std::size_t>(place);
                if (y.storage()[o] > 0)
                    dx.storage()[at] += g.storage()[o] * places / count.storage()[o] *
                                        std::pow(x.storage()[at] / y.storage()[o], p - 1);
            });
            const LpPoolOptions options{.stride = s.last(s.stride), .ceil_mode = s.ceil_mode};
            const PerAxis kernel = s.last(s.kernel);
            Variable<D> in(x, requires_grad);
            auto result = of_rank(
                s.rank, [&] { return lp_pool1d(in, p, kernel, options); },
                [&] { return lp_pool2d(in, p, kernel, options); }, [&] { return lp_pool3d(in, p, kernel, options); });
            backward(result, g);
            check_close(result.value(), y);
            check_close(in.grad(), dx);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_nan_is_the_largest) {
    const D nan = std::numeric_limits<D>::quiet_NaN(), infinity = std::numeric_limits<D>::infinity();
    const Variable<D> x(make_array<D>({1.0, nan, 3.0, 9.0, 2.0, 0.0, -infinity, -infinity}, {1, 1, 2, 4}));
    const auto y = max_pool2d(x, 2).value();
    BOOST_TEST((std::isnan(y(0, 0, 0, 0)) && y(0, 0, 0, 1) == 9));
    const auto lowest = max_pool2d_with_indices(x, {1, 2});
    BOOST_TEST(lowest.values.value()(0, 0, 1, 1) == -infinity);
    BOOST_TEST(lowest.indices(0, 0, 1, 1) == 6);
}

BOOST_AUTO_TEST_CASE(powers_give_norms_of_windows_and_no_gradient_at_zero) {
    Variable<D> x(Array<D>{{{3.0, -4.0, 0.0, 0.0, 2.0}}}, requires_grad);
    auto y = lp_pool1d(x, 2, 2, {.ceil_mode = true});
    check_close(y.value(), Array<D>{{{5.0, 0.0, std::sqrt(8.0)}}});    // the last window's sum is scaled to two places
    backward(y, Array<D>{{{1.0, 1.0, 0.0}}});
    check_close(x.grad(), Array<D>{{{0.6, -0.8, 0.0, 0.0, 0.0}}});
}

BOOST_AUTO_TEST_CASE(unpooling_puts_the_largest_back) {
    const Variable<D> x(make_array<D>({1.0, 5.0, 2.0, 4.0, 3.0, 0.0, 7.0, 6.0}, {1, 1, 2, 4}));
    const auto pooled = max_pool2d_with_indices(x, 2);
    check_close(max_unpool2d(pooled.values, pooled.indices, 2).value(),
                make_array<D>({0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 7.0, 0.0}, {1, 1, 2, 4}));
    BOOST_CHECK_THROW(max_unpool2d(pooled.values, pooled.indices, 2, {.output_size = {2, 2}}), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_number_of_threads) {
    const int before = get_num_threads();
    std::vector<Array<D>> first;
    const Array<D> x = numbers_with_ties({8, 16, 40, 41});
    for (int threads : {1, 3}) {
        set_num_threads(threads);
        Variable<D> in(x, requires_grad);
        auto y = max_pool2d(in, 3, {.stride = 2}) + avg_pool2d(in, 3, {.stride = 2});
        backward(y, y.value());
        if (first.empty()) first = {y.value(), in.grad()};
        BOOST_TEST((first[0] == y.value() && first[1] == in.grad()));
    }
    set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
