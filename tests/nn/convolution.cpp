// Layers of convolutional networks: what they are made of, gradients, and what they refuse.
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/convolution.hpp>
#include <xtape/nn/functional_call.hpp>
#include <xtape/nn/pooling.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <stdexcept>

#include "close.hpp"

using namespace xtape;
using D = double;

namespace {

void check_gradients(nn::Module<D>& layer, const Array<D>& input) {
    BOOST_TEST_CONTEXT(layer.describe()) {
        Variables<D> inputs{Variable<D>(input, requires_grad)};
        for (const auto& [name, parameter] : layer.named_parameters())
            inputs.push_back(Variable<D>(parameter.value(), requires_grad));
        BOOST_TEST(gradcheck(
            [&](const Variables<D>& in) {
                return nn::functional_call(layer, Variables<D>(in.begin() + 1, in.end()), in[0]);
            },
            inputs, {.order = 2}));
    }
}

}    // namespace

BOOST_AUTO_TEST_SUITE(convolution)

BOOST_AUTO_TEST_CASE(parameters_have_pytorchs_names_shapes_and_range) {
    nn::Conv2d<D> conv(8, 16, {3, 5}, {.groups = 2});
    BOOST_TEST(to_string(conv.weight.shape()) == "(16, 4, 3, 5)");
    BOOST_TEST(to_string(conv.bias.shape()) == "(16,)");
    nn::ConvTranspose1d<D> up(8, 6, 4, {.groups = 2});
    BOOST_TEST(to_string(up.weight.shape()) == "(8, 3, 4)");
    BOOST_TEST(to_string(up.bias.shape()) == "(6,)");
    auto largest = [](const Array<D>& x) { return xt::amax(xt::abs(x))(); };
    BOOST_TEST(largest(conv.weight.value()) <= 1 / std::sqrt(60.0));
    BOOST_TEST(largest(conv.weight.value()) > 0.98 / std::sqrt(60.0));
    BOOST_TEST(largest(up.weight.value()) <= 1 / std::sqrt(12.0));
    BOOST_TEST(largest(up.weight.value()) > 0.9 / std::sqrt(12.0));
    nn::Conv3d<D> plain(1, 1, 2, {.bias = false});
    BOOST_TEST(plain.named_parameters().size() == 1U);
    BOOST_TEST(!plain.bias.defined());
    BOOST_TEST(plain.describe() == "Conv3d(1 -> 1, 2 x 2 x 2, no bias)");
    BOOST_TEST(nn::Conv2d<D>(8, 4, 3, {.stride = {2, 1}, .groups = 4}).describe() ==
               "Conv2d(8 -> 4, 3 x 3, stride 2 x 1, groups 4)");
}

BOOST_AUTO_TEST_CASE(gradients_are_right_to_second_order) {
    nn::Conv1d<D> line(2, 2, 3, {.stride = 2, .padding = 1, .dilation = 2});
    check_gradients(line, numbers({2, 2, 6}));
    nn::Conv2d<D> circular(2, 2, 3, {.padding = Padding::same, .groups = 2, .padding_mode = PaddingMode::circular});
    check_gradients(circular, numbers({1, 2, 3, 4}));
    nn::Conv2d<D> wide(3, 2, {1, 2}, {.padding = {0, 1}, .bias = false});
    check_gradients(wide, numbers({2, 3, 2, 2}));
    nn::Conv3d<D> volume(1, 2, 2, {.padding_mode = PaddingMode::replicate});
    check_gradients(volume, numbers({1, 1, 2, 3, 2}));
    nn::ConvTranspose1d<D> longer(2, 1, 3, {.stride = 2, .padding = 1, .output_padding = 1});
    check_gradients(longer, numbers({1, 2, 3}));
    nn::ConvTranspose2d<D> larger(2, 2, 2, {.stride = {1, 2}, .groups = 2, .dilation = 2});
    check_gradients(larger, numbers({1, 2, 2, 2}));
    nn::ConvTranspose3d<D> volume_up(1, 1, 2);
    check_gradients(volume_up, numbers({1, 1, 2, 1, 2}));
}

BOOST_AUTO_TEST_CASE(pooling_layers_have_gradients_to_second_order) {
    const Array<D> line = numbers({1, 2, 7}), plane = numbers({1, 2, 4, 5}), volume = numbers({1, 1, 3, 2, 4});
    nn::MaxPool1d<D> max1(3, {.stride = 2, .padding = 1});
    check_gradients(max1, line);
    nn::MaxPool2d<D> max2(2, {.ceil_mode = true});
    check_gradients(max2, plane);
    nn::MaxPool3d<D> max3({2, 1, 2});
    check_gradients(max3, volume);
    nn::AvgPool1d<D> mean1(3, {.padding = 1, .count_include_pad = false});
    check_gradients(mean1, line);
    nn::AvgPool2d<D> mean2({2, 3}, {.stride = 1});
    check_gradients(mean2, plane);
    nn::AvgPool3d<D> mean3(2);
    check_gradients(mean3, volume);
    nn::LpPool2d<D> norm(2, 2);
    check_gradients(norm, plane);
    nn::AdaptiveAvgPool2d<D> one(1), parts({3, 2});
    check_gradients(one, plane);
    check_gradients(parts, plane);
    nn::AdaptiveMaxPool1d<D> three(3);
    check_gradients(three, line);
    BOOST_TEST(parts.describe() == "AdaptiveAvgPool2d(3 x 2)");
}

BOOST_AUTO_TEST_CASE(unpooling_layers_take_the_indices) {
    const Variable<D> x(numbers({1, 1, 4, 4}));
    const auto pooled = max_pool2d_with_indices(x, 2);
    nn::MaxUnpool2d<D> unpool(2);
    const auto back = max_pool2d(unpool(pooled.values, pooled.indices), 2).value();
    for (std::size_t i = 0; i < back.size(); ++i)
        BOOST_TEST(back.storage()[i] == std::max(0.0, pooled.values.value().storage()[i]));
}

BOOST_AUTO_TEST_CASE(bad_options_and_shapes_are_refused) {
    BOOST_CHECK_THROW(nn::Conv2d<D>(4, 6, 3, {.groups = 4}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::Conv2d<D>(0, 6, 3), std::invalid_argument);
    BOOST_CHECK_THROW(nn::Conv2d<D>(4, 6, {3, 3, 3}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::Conv2d<D>(4, 6, 3, {.stride = 2, .padding = Padding::same}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::Conv1d<D>(4, 6, 3, {.dilation = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::ConvTranspose2d<D>(4, 6, 3, {.output_padding = 1}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::MaxPool2d<D>(0), std::invalid_argument);
    BOOST_CHECK_THROW(nn::AvgPool2d<D>(2, {.divisor_override = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::LpPool1d<D>(-1, 2), std::invalid_argument);
    BOOST_CHECK_THROW(nn::AdaptiveMaxPool1d<D>(0), std::invalid_argument);
    nn::Conv2d<D> conv(4, 6, 3);
    BOOST_CHECK_THROW(conv(Variable<D>(numbers({1, 3, 5, 5}))), ShapeError);
    BOOST_CHECK_THROW(conv(Variable<D>(numbers({4, 5, 5}))), ShapeError);
    BOOST_CHECK_THROW(conv(Variable<D>(numbers({1, 4, 5, 2}))), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
