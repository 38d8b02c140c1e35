// Training steps of whole models.
#include <xtape/xtape.hpp>

#include <memory>
#include <vector>

#include "runner.hpp"

using namespace xtape;

namespace {

struct Case {
    const char* name;
    std::vector<std::size_t> sizes;
    std::size_t batch;
    bool regularised, adam;
};

void build(nn::Sequential<float>& net, const Case& c) {
    for (std::size_t i = 1; i < c.sizes.size(); ++i) {
        net.add<nn::Linear<float>>(c.sizes[i - 1], c.sizes[i]);
        if (i + 1 == c.sizes.size()) break;
        if (c.regularised) net.add<nn::BatchNorm<float>>(c.sizes[i]);
        net.add<nn::ReLU<float>>();
        if (c.regularised) net.add<nn::Dropout<float>>(0.5);
    }
}

void run_case(const Case& c) {
    nn::Sequential<float> net;
    build(net, c);
    auto& random = default_generator().general();
    Variable<float> x(random.normal<float>({c.batch, c.sizes.front()}));
    Indices y = empty_array<std::int64_t>({c.batch});
    for (auto& label : y.storage()) label = random.integer(static_cast<std::int64_t>(c.sizes.back()));
    std::unique_ptr<optim::Optimizer<float>> optimizer;
    if (c.adam)
        optimizer = std::make_unique<optim::Adam<float>>(net.parameters(), optim::AdamOptions{.lr = 1e-3});
    else
        optimizer =
            std::make_unique<optim::SGD<float>>(net.parameters(), optim::SGDOptions{.lr = 1e-2, .momentum = 0.9});
    bench::run(c.name, [&] {
        optimizer->zero_grad();
        backward(nn::cross_entropy(net(x), y));
        optimizer->step();
    });
}

// A physics-informed network's loss: u'' by double backward.
void run_pinn() {
    nn::Sequential<float> u_of;
    u_of.add<nn::Linear<float>>(1, 32);
    u_of.add<nn::Tanh<float>>();
    u_of.add<nn::Linear<float>>(32, 32);
    u_of.add<nn::Tanh<float>>();
    u_of.add<nn::Linear<float>>(32, 1);
    Array<float> points = empty_array<float>({128, 1});
    for (std::size_t i = 0; i < 128; ++i) points.storage()[i] = float(i) / 127.0F;
    Variable<float> x(std::move(points), requires_grad);
    optim::Adam<float> optimizer(u_of.parameters(), {.lr = 1e-3});
    auto slope = [&](const Variable<float>& y) { return grad(sum(y), {x}, {.create_graph = true})[0]; };
    bench::run("pinn_u_xx_x128_adam", [&] {
        optimizer.zero_grad();
        auto u = u_of(x);
        backward(mean(square(slope(slope(u)) + u)));
        optimizer.step();
    });
}

}    // namespace

void bench::models() {
    for (const auto& c : {Case{"mlp_tiny_2-16-16-1x32_sgd", {2, 16, 16, 2}, 32, false, false},
                          Case{"mlp_seed_784-30-10x100_sgd", {784, 30, 10}, 100, false, false},
                          Case{"mlp_784-512-512-10x128_adam", {784, 512, 512, 10}, 128, false, true},
                          Case{"mlp_784-512-512-10x128_bn_drop_adam", {784, 512, 512, 10}, 128, true, true}})
        run_case(c);
    run_pinn();
}
