// Windows as columns, and back, against loops over every tap in hundreds of random settings.
#include <xtape/core/backward.hpp>
#include <xtape/ops/unfold.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <random>

#include "unwritten.hpp"

using namespace xtape;
using D = double;

namespace {

std::mt19937 engine{12};
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

struct Setting {
    std::size_t batch = number(1, 3), channels = number(1, 3);
    std::array<std::size_t, 2> kernel{number(1, 3), number(1, 4)}, stride{number(1, 3), number(1, 3)},
        padding{number(0, 2), number(0, 3)}, dilation{number(1, 2), number(1, 3)}, input{}, output{};

    Setting() {
        for (std::size_t d = 0; d < 2; ++d) {
            const std::size_t window = dilation[d] * (kernel[d] - 1) + 1;
            input[d] = number(window, window + 9);
            output[d] = (input[d] + 2 * padding[d] - window) / stride[d] + 1;
        }
    }
    Shape images() const { return {batch, channels, input[0], input[1]}; }
    Shape columns() const { return {batch, channels * kernel[0] * kernel[1], output[0] * output[1]}; }
    UnfoldOptions options() const { return {.dilation = dilation, .padding = padding, .stride = stride}; }

    // Calls visit(column's element, image's element) wherever a tap meets the image.
    template <class Visit>
    void each_tap(const Visit& visit) const {
        for (std::size_t n = 0; n < batch; ++n)
            for (std::size_t c = 0; c < channels; ++c)
                for (std::size_t i = 0; i < kernel[0]; ++i)
                    for (std::size_t j = 0; j < kernel[1]; ++j)
                        for (std::size_t p = 0; p < output[0]; ++p)
                            for (std::size_t q = 0; q < output[1]; ++q) {
                                const std::size_t row = p * stride[0] + i * dilation[0] - padding[0],
                                                  column = q * stride[1] + j * dilation[1] - padding[1];
                                if (row >= input[0] || column >= input[1]) continue;
                                const std::size_t tap = ((n * channels + c) * kernel[0] + i) * kernel[1] + j;
                                visit((tap * output[0] + p) * output[1] + q,
                                      ((n * channels + c) * input[0] + row) * input[1] + column);
                            }
    }
    Array<D> unfolded(const Array<D>& x) const {
        Array<D> y(columns(), 0.0);
        each_tap([&](std::size_t to, std::size_t from) { y.storage()[to] = x.storage()[from]; });
        return y;
    }
    Array<D> folded(const Array<D>& y) const {
        Array<D> x(images(), 0.0);
        each_tap([&](std::size_t from, std::size_t to) { x.storage()[to] += y.storage()[from]; });
        return x;
    }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(unfold)

BOOST_AUTO_TEST_CASE(windows_and_their_sums_are_those_of_loops) {
    for (int i = 0; i < 250; ++i) {
        spoil_free_memory();
        const Setting s;
        BOOST_TEST_CONTEXT("setting " << i << ", images " << to_string(s.images())) {
            const Array<D> x = random_numbers(s.images()), g = random_numbers(s.columns());
            Variable<D> images(x, requires_grad), columns(g, requires_grad);
            const auto y = xtape::unfold(images, s.kernel, s.options());
            backward(y, g);
            check_close(y.value(), s.unfolded(x));
            check_close(images.grad(), s.folded(g));
            const auto z = fold(columns, s.input, s.kernel, s.options());
            backward(z, x);
            check_close(z.value(), s.folded(g));
            check_close(columns.grad(), s.unfolded(x));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
