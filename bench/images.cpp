// Layers of convolutional networks (layer/...), forward and backward from a dense seed, and a small network's training.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

namespace {

Variable<float> random_leaf(const Shape& shape) {
    return Variable<float>(default_generator().general().normal<float>(shape), requires_grad);
}

void run_layer(const std::string& name, nn::Module<float>& layer, const Shape& shape, double budget_seconds = 1) {
    if (!bench::wanted("layer/" + name)) return;
    auto x = random_leaf(shape);
    const Array<float> seed = default_generator().general().normal<float>(layer(x).shape());
    bench::run(
        "layer/" + name,
        [&] {
            x.zero_grad();
            layer.zero_grad();
            backward(layer(x), seed);
        },
        budget_seconds);
}

void run_layers() {
    nn::Conv2d<float> plain(32, 64, 3, {.padding = 1}), depthwise(128, 128, 3, {.padding = 1, .groups = 128}),
        pointwise(128, 256, 1), strided(64, 128, 3, {.stride = 2, .padding = 1});
    run_layer("conv2d_64x32x28x28_k3_64", plain, {64, 32, 28, 28}, 1.5);
    run_layer("conv2d_depthwise_32x128x28x28_k3", depthwise, {32, 128, 28, 28});
    run_layer("conv2d_1x1_32x128x28x28_256", pointwise, {32, 128, 28, 28});
    run_layer("conv2d_stride2_16x64x56x56_k3_128", strided, {16, 64, 56, 56});
    nn::Conv1d<float> line(64, 64, 5, {.padding = 2});
    run_layer("conv1d_32x64x1024_k5", line, {32, 64, 1024}, 1.5);
    nn::ConvTranspose2d<float> larger(64, 32, 4, {.stride = 2, .padding = 1});
    run_layer("conv_transpose2d_16x64x14x14_k4_s2", larger, {16, 64, 14, 14});
    nn::MaxPool2d<float> largest(2);
    nn::AvgPool2d<float> average(2);
    run_layer("max_pool2d_64x32x28x28", largest, {64, 32, 28, 28});
    run_layer("avg_pool2d_64x32x28x28", average, {64, 32, 28, 28});
    nn::BatchNorm<float> batches(32);
    nn::GroupNorm<float> groups(8, 32);
    run_layer("batch_norm2d_64x32x28x28", batches, {64, 32, 28, 28});
    run_layer("group_norm_64x32x28x28", groups, {64, 32, 28, 28});
}

struct ResidualBlock : nn::Module<float> {
    nn::Conv2d<float> conv1{this, "conv1", 64, 64, 3, {.padding = 1, .bias = false}};
    nn::BatchNorm<float> norm1{this, "norm1", 64};
    nn::Conv2d<float> conv2{this, "conv2", 64, 64, 3, {.padding = 1, .bias = false}};
    nn::BatchNorm<float> norm2{this, "norm2", 64};
    Variable<float> forward(const Variable<float>& x) override { return relu(norm2(conv2(relu(norm1(conv1(x))))) + x); }
};

void run_inference() {
    const char* name = "layer/conv2d_1x3x224x224_k7_s2_inference";
    if (!bench::wanted(name)) return;
    NoGrad no_grad;
    nn::Conv2d<float> first(3, 64, 7, {.stride = 2, .padding = 3});
    const Variable<float> image(default_generator().general().normal<float>({1, 3, 224, 224}));
    bench::run(name, [&] { first(image); });
}

void run_lenet() {
    const char* name = "cnn_lenet_x64_adam";
    if (!bench::wanted(name)) return;
    nn::Sequential<float> net;
    net.add<nn::Conv2d<float>>(1, 32, 3);
    net.add<nn::ReLU<float>>();
    net.add<nn::MaxPool2d<float>>(2);
    net.add<nn::Conv2d<float>>(32, 64, 3);
    net.add<nn::ReLU<float>>();
    net.add<nn::MaxPool2d<float>>(2);
    net.add<nn::Flatten<float>>();
    net.add<nn::Linear<float>>(64 * 5 * 5, 128);
    net.add<nn::ReLU<float>>();
    net.add<nn::Linear<float>>(128, 10);
    const Variable<float> x(default_generator().general().normal<float>({64, 1, 28, 28}));
    Indices y = empty_array<std::int64_t>({64});
    for (auto& label : y.storage()) label = default_generator().general().integer(10);
    optim::Adam<float> adam(net.parameters(), {.lr = 1e-3});
    bench::run(name, [&] {
        adam.zero_grad();
        backward(nn::cross_entropy(net(x), y));
        adam.step();
    });
}

}    // namespace

void bench::images() {
    run_layers();
    ResidualBlock block;
    run_layer("resnet_block_16x64x56x56", block, {16, 64, 56, 56}, 2);
    run_inference();
    run_lenet();
}
