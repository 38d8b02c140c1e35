// The cases of xtape_bench on libtorch, under the same names and with the same rules of timing.
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace {

namespace tnn = torch::nn;
using torch::Tensor;

std::string filter;
const auto grad = torch::TensorOptions().requires_grad(true);

void run(const std::string& name, const std::function<void()>& f, double budget_seconds = 1.5) {
    if (name.find(filter) == std::string::npos) return;
    using Clock = std::chrono::steady_clock;
    for (int i = 0; i < 3; ++i) f();
    std::vector<double> times;
    auto start = Clock::now();
    auto spent = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    while (times.size() < 7 || (spent() < budget_seconds && times.size() < 2000)) {
        auto before = Clock::now();
        f();
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
    }
    std::sort(times.begin(), times.end());
    std::printf("%s\t%.2f\t%.2f\n", name.c_str(), times[times.size() / 2], times.front());
    std::fflush(stdout);
}

void forget(std::initializer_list<Tensor> leaves) {
    for (auto leaf : leaves) leaf.mutable_grad().reset();
}

void tape() {
    Tensor x = torch::randn({8}, grad), c = torch::randn({8});
    auto chain = [&](auto next) {
        return [&x, next] {
            Tensor y = x;
            for (int i = 0; i < 1000; ++i) y = next(y);
            y.sum().backward();
            x.mutable_grad().zero_();
        };
    };
    run("op_overhead_1000adds", chain([&](const Tensor& y) { return y + c; }));
    run("op_overhead_1000mul_both", chain([&](const Tensor& y) { return y * x; }));

    Tensor wx = torch::randn({32, 64}, grad), b = torch::zeros({64}, grad);
    Tensor wh = (torch::randn({64, 64}) * 0.1).set_requires_grad(true), inputs = torch::randn({100, 16, 32});
    run("rnn_loop_100x16x64_fwdbwd", [&] {
        forget({wx, wh, b});
        Tensor h = torch::zeros({16, 64});
        for (int t = 0; t < 100; ++t) h = torch::tanh(torch::mm(inputs[t], wx) + torch::mm(h, wh) + b);
        h.pow(2).mean().backward();
    });
}

void models() {
    struct Case {
        const char* name;
        std::vector<int64_t> sizes;
        int64_t batch;
        bool regularised, adam;
    };
    const Case cases[] = {{"mlp_tiny_2-16-16-1x32_sgd", {2, 16, 16, 2}, 32, false, false},
                          {"mlp_seed_784-30-10x100_sgd", {784, 30, 10}, 100, false, false},
                          {"mlp_784-512-512-10x128_adam", {784, 512, 512, 10}, 128, false, true},
                          {"mlp_784-512-512-10x128_bn_drop_adam", {784, 512, 512, 10}, 128, true, true}};
    for (const auto& c : cases) {
        tnn::Sequential net;
        for (std::size_t i = 1; i < c.sizes.size(); ++i) {
            net->push_back(tnn::Linear(c.sizes[i - 1], c.sizes[i]));
            if (i + 1 == c.sizes.size()) break;
            if (c.regularised) net->push_back(tnn::BatchNorm1d(c.sizes[i]));
            net->push_back(tnn::ReLU());
            if (c.regularised) net->push_back(tnn::Dropout(0.5));
        }
        Tensor x = torch::randn({c.batch, c.sizes.front()});
        Tensor y = torch::randint(0, c.sizes.back(), {c.batch}, torch::kLong);
        std::unique_ptr<torch::optim::Optimizer> optimizer;
        if (c.adam)
            optimizer = std::make_unique<torch::optim::Adam>(net->parameters(), torch::optim::AdamOptions(1e-3));
        else
            optimizer =
                std::make_unique<torch::optim::SGD>(net->parameters(), torch::optim::SGDOptions(1e-2).momentum(0.9));
        run(c.name, [&] {
            optimizer->zero_grad();
            tnn::functional::cross_entropy(net->forward(x), y).backward();
            optimizer->step();
        });
    }

    tnn::Sequential u_of(tnn::Linear(1, 32), tnn::Tanh(), tnn::Linear(32, 32), tnn::Tanh(), tnn::Linear(32, 1));
    Tensor x = torch::linspace(0, 1, 128).reshape({128, 1}).set_requires_grad(true);
    torch::optim::Adam optimizer(u_of->parameters(), torch::optim::AdamOptions(1e-3));
    auto slope = [&](const Tensor& y) { return torch::autograd::grad({y.sum()}, {x}, {}, true, true)[0]; };
    run("pinn_u_xx_x128_adam", [&] {
        optimizer.zero_grad();
        Tensor u = u_of->forward(x);
        (slope(slope(u)) + u).pow(2).mean().backward();
        optimizer.step();
    });
}

void arrays() {
    Tensor x = torch::randn({1024, 1024}, grad), bias = torch::randn({1024}, grad);
    auto swept = [&](auto f) {
        return [&x, f] {
            forget({x});
            f(x).sum().backward();
        };
    };
    run("ew_custom_gelu_1Mi_fwdbwd",
        swept([](const Tensor& v) { return v * 0.5 * (1 + torch::tanh((v + v * v * v * 0.044715) * 0.7978845608)); }));
    run("ew_relu_1Mi_fwdbwd", swept([](const Tensor& v) { return torch::relu(v); }));
    run("ew_tanh_1Mi_fwdbwd", swept([](const Tensor& v) { return torch::tanh(v); }));
    run("ew_sigmoid_1Mi_fwdbwd", swept([](const Tensor& v) { return torch::sigmoid(v); }));
    run("transpose_add_1Mi_fwdbwd", swept([](const Tensor& v) { return v + v.t(); }));
    run("sum_axis0_1Mi_fwdbwd", swept([](const Tensor& v) { return v.sum(0); }));
    run("dropout_1Mi_fwdbwd", swept([](const Tensor& v) { return torch::dropout(v, 0.5, true); }));
    run("bias_broadcast_1Mi_fwdbwd", [&] {
        forget({x, bias});
        (x + bias).sum().backward();
    });
    Tensor targets = torch::randint(0, 1024, {1024}, torch::kLong);
    run("softmax_ce_1024x1024_fwdbwd", [&] {
        forget({x});
        tnn::functional::cross_entropy(x, targets).backward();
    });
    auto layer = [](const char* name, auto norm, const Tensor& input) {
        run(name, [&] {
            forget({input});
            norm->zero_grad();
            norm->forward(input).sum().backward();
        });
    };
    layer("batchnorm1d_1024x1024_fwdbwd", tnn::BatchNorm1d(1024), x);
    layer("layernorm_1024x1024_fwdbwd", tnn::LayerNorm(tnn::LayerNormOptions({1024})), x);
    layer("batchnorm2d_64x32x28x28_fwdbwd", tnn::BatchNorm2d(32), torch::randn({64, 32, 28, 28}, grad));

    Tensor w = torch::randn({1024, 1024}, grad);
    run("matmul_1024_fwdbwd", [&] {
        forget({x, w});
        torch::mm(x, w).sum().backward();
    });
    torch::NoGradGuard guard;
    run("gemm_1024_fwd", [&] { torch::mm(x, w); });
    run("copy_1Mi", [&] { Tensor y = x.clone(); });
}

void optimizers() {
    Tensor p = torch::randn({10'000'000}, grad);
    p.mutable_grad() = torch::randn({10'000'000});
    torch::optim::Adam adam({p}, torch::optim::AdamOptions(1e-3));
    run("adam_step_10M", [&] { adam.step(); });
    torch::optim::SGD sgd({p}, torch::optim::SGDOptions(1e-3).momentum(0.9).nesterov(true).weight_decay(1e-4));
    run("sgd_nesterov_wd_step_10M", [&] { sgd.step(); });
    torch::optim::RMSprop rmsprop({p}, torch::optim::RMSpropOptions(1e-3));
    run("rmsprop_step_10M", [&] { rmsprop.step(); });
}

void checkpoints() {
    const auto file = (std::filesystem::temp_directory_path() / "xtape_bench_peer.pt").string();
    Tensor saved = torch::randn({25'000'000}), loaded;
    run(
        "checkpoint_save_100MB", [&] { torch::save(saved, file); }, 3);
    run(
        "checkpoint_load_100MB", [&] { torch::load(loaded, file); }, 3);
    std::filesystem::remove(file);
}

}    // namespace

int main(int argc, char** argv) {
    if (argc > 1) filter = argv[1];
    torch::manual_seed(0);
    tape();
    models();
    arrays();
    optimizers();
    checkpoints();
}
