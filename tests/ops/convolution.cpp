// Convolutions against loops over everything, in hundreds of random settings, and whatever the number of threads.
#include <xtape/core/backward.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/convolution.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "unwritten.hpp"

using namespace xtape;
using D = double;

namespace {

class Draw {
public:
    std::size_t number(std::size_t low, std::size_t high) { return low + random_() % (high - low + 1); }
    Array<D> array(const Shape& shape) {
        Array<D> x = empty_array<D>(shape);
        for (auto& element : x.storage()) element = normal_(random_);
        return x;
    }

private:
    std::mt19937 random_{7};
    std::normal_distribution<D> normal_;
};

struct Setting {
    std::size_t rank, batch, groups, in, out;    // channels in each group
    std::array<std::size_t, 3> input{1, 1, 1}, kernel{1, 1, 1}, stride{1, 1, 1}, dilation{1, 1, 1}, padding{}, more{};

    static Setting random(Draw& draw) {
        Setting s{draw.number(1, 3), draw.number(1, 3), draw.number(1, 3), draw.number(1, 5), draw.number(1, 5)};
        if (draw.number(0, 3) == 0) s.groups = 1, s.in = draw.number(20, 70), s.out = draw.number(10, 40);
        if (draw.number(0, 3) == 0) s.in = 1, s.out = draw.number(1, 2), s.groups = draw.number(1, 6);
        for (std::size_t d = 3 - s.rank; d < 3; ++d) {
            s.input[d] = draw.number(1, s.rank == 1 ? 80 : s.rank == 2 ? 18 : 6);
            s.kernel[d] = draw.number(1, 4);
            s.stride[d] = draw.number(1, 3);
            s.dilation[d] = draw.number(1, 2);
            s.padding[d] = draw.number(0, 2);
            s.more[d] = draw.number(0, std::max(s.stride[d], s.dilation[d]) - 1);
            while (s.input[d] + 2 * s.padding[d] < window(s, d)) ++s.padding[d];
        }
        return s;
    }
    static std::size_t window(const Setting& s, std::size_t d) { return s.dilation[d] * (s.kernel[d] - 1) + 1; }

    std::size_t output(std::size_t d) const { return (input[d] + 2 * padding[d] - window(*this, d)) / stride[d] + 1; }
    template <class Length>
    Shape shape(std::size_t first, std::size_t second, Length length) const {
        Shape result{first, second};
        for (std::size_t d = 3 - rank; d < 3; ++d) result.push_back(length(d));
        return result;
    }
    Shape x() const {
        return shape(batch, groups * in, [&](std::size_t d) { return input[d]; });
    }
    Shape w() const {
        return shape(groups * out, in, [&](std::size_t d) { return kernel[d]; });
    }
    Shape y() const {
        return shape(batch, groups * out, [&](std::size_t d) { return output(d); });
    }
    std::vector<std::size_t> last(const std::array<std::size_t, 3>& numbers) const {
        return {numbers.end() - static_cast<std::ptrdiff_t>(rank), numbers.end()};
    }
    ConvOptions options() const {
        return {
            .stride = last(stride), .padding = PerAxis(last(padding)), .dilation = last(dilation), .groups = groups};
    }

    // Calls visit(index in x, in w, in y) for every product, `length` places of y on each axis.
    template <class Visit>
    void each_product(const std::array<std::size_t, 3>& length, const Visit& visit) const {
        auto volume = [](const std::array<std::size_t, 3>& n) { return n[0] * n[1] * n[2]; };
        auto place = [](std::size_t i, const std::array<std::size_t, 3>& n) {
            return std::array<std::size_t, 3>{i / n[2] / n[1], i / n[2] % n[1], i % n[2]};
        };
        for (std::size_t n = 0; n < batch; ++n)
            for (std::size_t o = 0; o < groups * out; ++o)
                for (std::size_t c = 0; c < in; ++c)
                    for (std::size_t p = 0; p < volume(length); ++p)
                        for (std::size_t k = 0; k < volume(kernel); ++k) {
                            const auto at = place(p, length), tap = place(k, kernel);
                            std::size_t index = (n * groups + o / out) * in + c;
                            bool inside = true;
                            for (std::size_t d = 0; d < 3; ++d) {
                                const std::size_t i = at[d] * stride[d] + tap[d] * dilation[d] - padding[d];
                                inside = inside && i < input[d];
                                index = index * input[d] + i;
                            }
                            if (inside)
                                visit(index, (o * in + c) * volume(kernel) + k,
                                      (n * groups * out + o) * volume(length) + p);
                        }
    }
    std::array<std::size_t, 3> outputs() const { return {output(0), output(1), output(2)}; }
    std::string text() const {
        std::string result = to_string(x()) + " by " + to_string(w());
        for (std::size_t d = 0; d < 3; ++d)
            result += ", stride " + std::to_string(stride[d]) + " dilation " + std::to_string(dilation[d]) +
                      " padding " + std::to_string(padding[d]);
        return result;
    }
};

template <class T>
Variable<T> conv(std::size_t rank, const Variable<T>& x, const Variable<T>& w, const Variable<T>& b,
                 const ConvOptions& options) {
    return rank == 1 ? conv1d(x, w, b, options) : rank == 2 ? conv2d(x, w, b, options) : conv3d(x, w, b, options);
}
template <class T>
Variable<T> conv_transpose(std::size_t rank, const Variable<T>& x, const Variable<T>& w,
                           const ConvTransposeOptions& options) {
    return rank == 1   ? conv_transpose1d(x, w, options)
           : rank == 2 ? conv_transpose2d(x, w, options)
                       : conv_transpose3d(x, w, options);
}

template <class T>
void check_close(const Array<T>& got, const Array<D>& wanted, double tolerance) {
    BOOST_TEST_REQUIRE(to_string(got.shape()) == to_string(wanted.shape()));
    double size = 1, difference = 0;
    for (double w : wanted.storage()) size = std::max(size, std::abs(w));
    for (std::size_t i = 0; i < wanted.size(); ++i)
        difference = std::max(difference, std::abs(static_cast<double>(got.storage()[i]) - wanted.storage()[i]));
    BOOST_TEST(difference <= tolerance * size);
}

template <class T>
Array<T> as(const Array<D>& x) {
    return Array<T>(xt::cast<T>(x));
}

template <class T>
void check_convolution(const Setting& s, Draw& draw, double tolerance) {
    const Array<D> x = draw.array(s.x()), w = draw.array(s.w()), g = draw.array(s.y()),
                   b = draw.array({s.groups * s.out});
    Array<D> y(s.y(), 0.0), dx(s.x(), 0.0), dw(s.w(), 0.0), db(b.shape(), 0.0);
    s.each_product(s.outputs(), [&](std::size_t i, std::size_t k, std::size_t o) {
        y.storage()[o] += x.storage()[i] * w.storage()[k];
        dx.storage()[i] += g.storage()[o] * w.storage()[k];
        dw.storage()[k] += g.storage()[o] * x.storage()[i];
    });
    const std::size_t places = y.size() / s.batch / b.size();
    for (std::size_t i = 0; i < y.size(); ++i) {
        y.storage()[i] += b.storage()[i / places % b.size()];
        db.storage()[i / places % b.size()] += g.storage()[i];
    }
    Variable<T> in(as<T>(x), requires_grad), weight(as<T>(w), requires_grad), bias(as<T>(b), requires_grad);
    auto result = conv(s.rank, in, weight, bias, s.options());
    backward(result, as<T>(g));
    check_close(result.value(), y, tolerance);
    check_close(in.grad(), dx, tolerance);
    check_close(weight.grad(), dw, tolerance);
    check_close(bias.grad(), db, tolerance);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(convolution)

BOOST_AUTO_TEST_CASE(values_and_gradients_are_those_of_loops) {
    Draw draw;
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        const Setting s = Setting::random(draw);
        BOOST_TEST_CONTEXT(s.text()) {
            check_convolution<double>(s, draw, 1e-12);
            check_convolution<float>(s, draw, 2e-5);
        }
    }
}

BOOST_AUTO_TEST_CASE(transposes_are_those_of_loops) {
    Draw draw;
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        Setting s = Setting::random(draw);    // its y is the transpose's input
        auto lengths = s.outputs();
        for (std::size_t d = 0; d < 3; ++d) {
            s.padding[d] = std::min(s.padding[d], (Setting::window(s, d) - 1) / 2);
            s.input[d] = (lengths[d] - 1) * s.stride[d] + Setting::window(s, d) + s.more[d] - 2 * s.padding[d];
        }
        BOOST_TEST_CONTEXT(s.text()) {
            const Shape shape = s.shape(s.batch, s.groups * s.out, [&](std::size_t d) { return lengths[d]; });
            const Array<D> y = draw.array(shape), w = draw.array(s.w());
            Array<D> x(s.x(), 0.0);
            s.each_product(lengths, [&](std::size_t in, std::size_t k, std::size_t out) {
                x.storage()[in] += y.storage()[out] * w.storage()[k];
            });
            const ConvTransposeOptions options{.stride = s.last(s.stride),
                                               .padding = s.last(s.padding),
                                               .output_padding = s.last(s.more),
                                               .groups = s.groups,
                                               .dilation = s.last(s.dilation)};
            check_close(conv_transpose(s.rank, Variable<D>(y), Variable<D>(w), options).value(), x, 1e-12);
        }
    }
}

BOOST_AUTO_TEST_CASE(bits_do_not_depend_on_the_number_of_threads) {
    Draw draw;
    const int before = get_num_threads();
    struct {
        Shape x, w;
        std::size_t stride, groups;
    } cases[] = {{{5, 16, 30, 31}, {24, 16, 3, 3}, 1, 1},
                 {{1, 3, 61, 60}, {20, 3, 5, 5}, 2, 1},
                 {{3, 40, 20, 20}, {40, 1, 3, 3}, 1, 40},
                 {{2, 300, 9, 9}, {300, 300, 3, 3}, 1, 1}};
    for (const auto& c : cases) {
        const Array<float> x = as<float>(draw.array(c.x)), w = as<float>(draw.array(c.w));
        std::vector<Array<float>> first;
        for (int threads : {1, 2, 3}) {
            set_num_threads(threads);
            Variable<float> in(x, requires_grad), weight(w, requires_grad);
            auto y = conv2d(in, weight, {.stride = c.stride, .padding = 1, .groups = c.groups});
            Array<float> seed = empty_array<float>(y.shape());
            for (std::size_t i = 0; i < seed.size(); ++i) seed.storage()[i] = float(i % 13) - 6.0F;
            backward(y, seed);
            std::vector<Array<float>> now{y.value(), in.grad(), weight.grad()};
            if (first.empty()) first = now;
            for (std::size_t k = 0; k < 3; ++k) BOOST_TEST((first[k] == now[k]), to_string(c.x) << ", result " << k);
        }
    }
    set_num_threads(before);
}

BOOST_AUTO_TEST_CASE(padding_may_keep_the_length_or_come_from_the_image) {
    const Variable<D> x(Array<D>{{{1.0, 2.0, 3.0, 4.0}}}), w(Array<D>{{{1.0, 10.0, 100.0, 1000.0}}});
    auto padded = [&](Padding padding, PaddingMode mode) {
        return conv1d(x, w, {.padding = padding, .padding_mode = mode}).value();
    };
    // Three elements are missing: one before, two behind.
    BOOST_TEST((padded(Padding::same, PaddingMode::zeros) == Array<D>{{{3210.0, 4321.0, 432.0, 43.0}}}));
    BOOST_TEST((padded(Padding::same, PaddingMode::circular) == Array<D>{{{3214.0, 4321.0, 1432.0, 2143.0}}}));
    BOOST_TEST((padded(Padding::same, PaddingMode::replicate) == Array<D>{{{3211.0, 4321.0, 4432.0, 4443.0}}}));
    BOOST_TEST((padded(Padding::same, PaddingMode::reflect) == Array<D>{{{3212.0, 4321.0, 3432.0, 2343.0}}}));
    BOOST_TEST((padded(Padding::valid, PaddingMode::zeros) == Array<D>(Shape{1, 1, 1}, 4321.0)));
    BOOST_TEST((padded(1, PaddingMode::circular) == Array<D>{{{3214.0, 4321.0, 1432.0}}}));
}

BOOST_AUTO_TEST_SUITE_END()
