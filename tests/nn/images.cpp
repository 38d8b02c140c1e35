// Convolutional networks: PyTorch's weights give PyTorch's outputs; normalisation by groups and by spectrum; layers
// that give images another size.
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/io/safetensors.hpp>
#include <xtape/nn/convolution.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/functional_call.hpp>
#include <xtape/nn/group_normalization.hpp>
#include <xtape/nn/images.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/nn/pooling.hpp>
#include <xtape/nn/spectral_norm.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "close.hpp"
#include "places.hpp"

using namespace xtape;
using D = double;

namespace {

// The network of scripts/make_torch_images.py.
struct Network : nn::Module<float> {
    nn::Conv2d<float> conv1{this, "conv1", 2, 4, 3, {.padding = Padding::same, .padding_mode = PaddingMode::reflect}};
    nn::BatchNorm<float> norm1{this, "norm1", 4};
    nn::Conv2d<float> conv2{
        this, "conv2", 4, 6, {3, 2}, {.stride = {1, 2}, .padding = 1, .dilation = {2, 1}, .groups = 2, .bias = false}};
    nn::GroupNorm<float> norm2{this, "norm2", 3, 6};
    nn::ConvTranspose2d<float> up{this, "up", 6, 4, 3, {.stride = 2, .padding = 1, .output_padding = 1, .groups = 2}};
    nn::InstanceNorm2d<float> norm3{this, "norm3", 4, {.affine = true}};
    nn::Conv2d<float> depthwise{this, "depthwise", 4,
                                4,    3,           {.padding = 2, .groups = 4, .padding_mode = PaddingMode::circular}};
    nn::Linear<float> head{this, "head", 16, 3};

    Variable<float> forward(const Variable<float>& x) override {
        auto y = relu(norm1(conv1(x)));
        y = max_pool2d(y, 3, {.stride = 2, .padding = 1, .ceil_mode = true});
        y = relu(norm2(conv2(y)));
        y = norm3(up(y));
        y = avg_pool2d(depthwise(y), 2, {.padding = 1, .count_include_pad = false});
        y = interpolate(y, {.scale_factor = 2, .mode = InterpolationMode::linear});
        y = lp_pool2d(relu(y), 2, 2);
        return head(flatten(adaptive_avg_pool2d(y, 2), 1));
    }
};

// To second order, in training and evaluation, or in one of them.
void check_gradients(nn::Module<D>& layer, const Array<D>& input, std::initializer_list<bool> modes = {true, false}) {
    for (bool training : modes) {
        BOOST_TEST_CONTEXT(layer.describe() << (training ? " in training" : " in evaluation")) {
            layer.train(training);
            Variables<D> inputs{Variable<D>(input, requires_grad)};
            for (const auto& [name, parameter] : layer.named_parameters())
                inputs.push_back(Variable<D>(parameter.value(), requires_grad));
            BOOST_TEST(gradcheck(
                [&](const Variables<D>& in) {
                    seed(3);
                    return nn::functional_call(layer, Variables<D>(in.begin() + 1, in.end()), in[0]);
                },
                inputs, {.order = 2}));
        }
    }
}

// A 2-d array's largest singular value, by many steps of the power method on W^T W.
D largest_singular_value(const Array<D>& w) {
    const std::size_t rows = w.shape()[0], columns = w.size() / rows;
    std::vector<D> v(columns, 1), u(rows);
    D length = 0;
    for (int i = 0; i < 2000; ++i) {
        for (std::size_t r = 0; r < rows; ++r) {
            u[r] = 0;
            for (std::size_t c = 0; c < columns; ++c) u[r] += w.storage()[r * columns + c] * v[c];
        }
        length = 0;
        for (std::size_t c = 0; c < columns; ++c) {
            v[c] = 0;
            for (std::size_t r = 0; r < rows; ++r) v[c] += w.storage()[r * columns + c] * u[r];
            length += v[c] * v[c];
        }
        length = std::sqrt(length);
        for (D& element : v) element /= length;
    }
    return std::sqrt(length);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(images)

BOOST_AUTO_TEST_CASE(pytorchs_weights_give_pytorchs_outputs) {
    const State file = io::read_safetensors(std::string(source_dir) + "/tests/nn/torch/cnn.safetensors");
    Network net;
    State state;
    for (const auto& [name, value] : net.state())
        if (name == "norm1.num_batches_tracked")
            state.add(name, std::int64_t{0});
        else
            state.add(name, std::get<Array<float>>(file.at("model." + name)));
    net.load_state(state);
    net.eval();
    const Variable<float> x(std::get<Array<float>>(file.at("x")));
    check_close(net(x).value(), std::get<Array<float>>(file.at("outputs")), 1e-5);
}

BOOST_AUTO_TEST_CASE(normalisation_by_groups_has_gradients_to_second_order) {
    nn::GroupNorm<D> groups(2, 4), plain(1, 4, {.affine = false});
    check_gradients(groups, numbers({2, 4, 3}));
    check_gradients(plain, numbers({2, 4, 2, 2}));
    nn::InstanceNorm<D> instances(3, {.affine = true});
    check_gradients(instances, numbers({2, 3, 2, 2}));
    instances.train();
    BOOST_TEST(plain.named_parameters().size() == 0U);
    BOOST_TEST(groups.describe() == "GroupNorm(2 of 4)");
    BOOST_CHECK_THROW(nn::GroupNorm<D>(3, 4), std::invalid_argument);
    BOOST_CHECK_THROW(groups(Variable<D>(numbers({2, 3, 3}))), ShapeError);
    BOOST_CHECK_THROW(instances(Variable<D>(numbers({2, 3, 1}))), ShapeError);
}

BOOST_AUTO_TEST_CASE(instance_norm_in_eval_uses_running_statistics) {
    nn::InstanceNorm<D> norm(1, {.momentum = 0.5, .track_running_stats = true});
    norm(Variable<D>(Array<D>{{{1.0, 3.0}}, {{2.0, 6.0}}}));    // means 2 and 4, unbiased variances 2 and 8
    BOOST_TEST(std::abs(norm.running_mean.value()(0) - 1.5) < 1e-12);
    BOOST_TEST(std::abs(norm.running_var.value()(0) - 3.0) < 1e-12);
    BOOST_TEST(norm.num_batches_tracked.value() == 1);
    norm.eval();
    check_close(norm(Variable<D>(Array<D>{{{1.5, 4.5}}})).value(), Array<D>{{{0.0, 3 / std::sqrt(3.0 + 1e-5)}}}, 1e-12);
}

BOOST_AUTO_TEST_CASE(spectral_norm_gives_a_largest_singular_value_of_one) {
    seed(5);
    nn::SpectralNorm<D> conv(std::make_unique<nn::Conv2d<D>>(2, 3, 2));
    for (int i = 0; i < 200; ++i) conv(Variable<D>(numbers({1, 2, 3, 3})));
    BOOST_TEST(std::abs(largest_singular_value(conv.weight().value()) - 1) < 1e-9);
    check_gradients(conv, numbers({1, 2, 3, 3}), {false});
    nn::SpectralNorm<D> up(std::make_unique<nn::ConvTranspose1d<D>>(2, 3, 2), {.dim = 1});
    BOOST_TEST(to_string(up.weight_u.value().shape()) == "(3,)");
    BOOST_TEST(to_string(up.weight_v.value().shape()) == "(4,)");
    BOOST_TEST(up.named_parameters().at("layer.weight").size() == 12U);
    BOOST_CHECK_THROW(nn::SpectralNorm<D>(std::make_unique<nn::Dropout<D>>()), std::invalid_argument);
    BOOST_CHECK_THROW(nn::SpectralNorm<D>(std::make_unique<nn::Linear<D>>(2, 2), {.weight = "bias"}),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(images_change_their_size_and_back) {
    const Array<D> x = numbers({1, 4, 2, 3});
    nn::PixelShuffle<D> shuffle(2);
    nn::PixelUnshuffle<D> unshuffle(2);
    check_gradients(shuffle, x);
    const auto shuffled = shuffle(Variable<D>(x));
    BOOST_TEST(to_string(shuffled.shape()) == "(1, 1, 4, 6)");
    for (std::size_t c = 0; c < 4; ++c) BOOST_TEST(shuffled.value()(0, 0, 2 + c / 2, 4 + c % 2) == x(0, c, 1, 2));
    BOOST_TEST((unshuffle(shuffled).value() == x));
    nn::Upsample<D> twice({.scale_factor = 2, .mode = InterpolationMode::linear});
    check_gradients(twice, numbers({1, 1, 2, 3}));
    nn::Unfold<D> windows({2, 2}, {.padding = 1});
    check_gradients(windows, numbers({1, 2, 2, 3}));
    nn::Fold<D> back({2, 3}, 2, {.padding = 1});
    check_gradients(back, numbers({1, 4, 12}));
}

BOOST_AUTO_TEST_CASE(dropout_of_planes_drops_whole_channels) {
    nn::Dropout2d<D> dropout(0.5);
    const auto y = dropout(Variable<D>(Array<D>(Shape{4, 8, 2, 2}, 1.0))).value();
    std::size_t dropped = 0;
    for (std::size_t p = 0; p < 32; ++p) {
        const D first = y.storage()[4 * p];
        dropped += first == 0;
        for (std::size_t i = 1; i < 4; ++i) BOOST_TEST(y.storage()[4 * p + i] == first);
    }
    BOOST_TEST((dropped > 4 && dropped < 28));
}

BOOST_AUTO_TEST_SUITE_END()
