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

void operations() {
    auto x = torch::randn({1024, 1024}, grad), w = torch::randn({1024, 1024}, grad), G = torch::randn({1024, 1024});
    auto p = (torch::rand({1024, 1024}) + 0.1).set_requires_grad(true);
    auto row = torch::randn({1024}, grad), row2 = torch::randn({1024}, grad), g1 = torch::randn({1024});
    auto op = [&](const std::string& name, const std::function<Tensor()>& f, double budget = 0.6) {
        auto seed = torch::randn_like(f().detach());
        run(
            "op/" + name,
            [&] {
                forget({x, w, p, row, row2});
                f().backward(seed);
            },
            budget);
    };
    using torch::indexing::Slice;
    op("add", [&] { return x + w; });
    op("multiply", [&] { return x * w; });
    op("divide", [&] { return x / p; });
    op("add_row", [&] { return x + row; });
    op("multiply_row", [&] { return x * row; });
    op("square", [&] { return x.square(); });
    op("sqrt", [&] { return p.sqrt(); });
    op("pow_2.5", [&] { return p.pow(2.5); });
    op("pow_variable", [&] { return torch::pow(p, w); });
    op("exp", [&] { return x.exp(); });
    op("log", [&] { return p.log(); });
    op("log1p", [&] { return p.log1p(); });
    op("sin", [&] { return x.sin(); });
    op("atan2", [&] { return torch::atan2(x, w); });
    op("tanh", [&] { return x.tanh(); });
    op("erf", [&] { return x.erf(); });
    op("sigmoid", [&] { return x.sigmoid(); });
    op("relu", [&] { return x.relu(); });
    op("leaky_relu", [&] { return torch::leaky_relu(x, 0.01); });
    op("elu", [&] { return torch::elu(x); });
    op("gelu", [&] { return torch::gelu(x); });
    op("gelu_tanh", [&] { return torch::gelu(x, "tanh"); });
    op("silu", [&] { return torch::silu(x); });
    op("softplus", [&] { return tnn::functional::softplus(x); });
    op("clamp", [&] { return x.clamp(-0.5, 0.5); });
    op("maximum", [&] { return torch::maximum(x, w); });
    op("where", [&] { return torch::where(G > 0, x, w); });
    op("custom_gelu", [&] { return x * 0.5 * (1 + torch::tanh((x + x * x * x * 0.044715) * 0.7978845608)); });
    op("sum_axis0", [&] { return x.sum(0); });
    op("sum_axis1", [&] { return x.sum(1); });
    op("var_axis0", [&] { return x.var(0); });
    op("var_axis1", [&] { return x.var(1); });
    op("amax_axis0", [&] { return x.amax(0); });
    op("amax_axis1", [&] { return x.amax(1); });
    op("norm2_axis1", [&] { return x.norm(2, 1); });
    op("logsumexp_axis0", [&] { return torch::logsumexp(x, 0); });
    op("logsumexp_axis1", [&] { return torch::logsumexp(x, 1); });
    op("softmax_axis0", [&] { return torch::softmax(x, 0); });
    op("softmax_axis1", [&] { return torch::softmax(x, 1); });
    op("log_softmax_axis1", [&] { return torch::log_softmax(x, 1); });
    op("cumsum_axis0", [&] { return x.cumsum(0); });
    op("cumsum_axis1", [&] { return x.cumsum(1); });
    op("cumprod_axis1", [&] { return p.cumprod(1); });
    op("transpose_add", [&] { return x + w.t(); });
    op("permute_4d_add", [&] {
        return x.reshape({16, 64, 16, 64}).permute({0, 2, 1, 3}) + w.reshape({16, 16, 64, 64});
    });
    op("concat_axis0", [&] { return torch::cat({x, w}, 0); });
    op("concat_axis1", [&] { return torch::cat({x, w}, 1); });
    op("split_concat", [&] {
        auto s = x.split(256, 1);
        return torch::cat({s[3], s[1], s[0], s[2]}, 1);
    });
    op("slice_step2", [&] { return x.index({Slice(), Slice(0, 1024, 2)}).clone(); });
    op("flip", [&] { return x.flip({1}); });
    op("roll", [&] { return x.roll(100, 1); });
    op("pad_constant", [&] { return tnn::functional::pad(x, tnn::functional::PadFuncOptions({3, 3, 2, 2})); });
    op("repeat_interleave", [&] { return row.repeat_interleave(1024); });
    op("tril", [&] { return x.tril(); });
    auto places = torch::randint(0, 1024, {1024, 1024}, torch::kLong),
         rows = torch::randint(0, 1024, {1024}, torch::kLong);
    op("gather_axis1", [&] { return x.gather(1, places); });
    op("index_select_axis0", [&] { return x.index_select(0, rows); });
    op("index_select_axis1", [&] { return x.index_select(1, rows); });
    op("scatter_add_axis1", [&] { return x.scatter_add(1, places, w); });
    op("embedding", [&] { return torch::embedding(x, rows); });
    op("layer_norm", [&] { return torch::layer_norm(x, {1024}, row, row2); });
    op("batch_norm_1d", [&] { return torch::batch_norm(x, row, row2, {}, {}, true, 0.1, 1e-5, false); });
    op("dropout", [&] { return torch::dropout(x, 0.5, true); });
    op("mse_loss", [&] { return torch::mse_loss(x, w); });
    op("huber_loss", [&] { return torch::huber_loss(x, G); });
    op("bce_with_logits", [&] { return torch::binary_cross_entropy_with_logits(x, (G > 0).to(torch::kFloat)); });
    op("cross_entropy", [&] { return tnn::functional::cross_entropy(x, rows); });
    op(
        "matmul_1024", [&] { return torch::mm(x, w); }, 1.5);
    op(
        "linear_1024", [&] { return torch::linear(x, w, row); }, 1.5);
    op("matvec_1024", [&] { return torch::mv(x, row); });
    op("outer_1024", [&] { return torch::outer(row, row2); });
    op("bmm_64x128x128", [&] { return torch::bmm(x.reshape({64, 128, 128}), w.reshape({64, 128, 128})); });
    op("bmm_16384x8x8", [&] { return torch::bmm(x.reshape({16384, 8, 8}), w.reshape({16384, 8, 8})); });
    op("einsum_bhqd_bhkd", [&] {
        return torch::einsum("bhqd,bhkd->bhqk", {x.reshape({8, 8, 128, 128}), w.reshape({8, 8, 128, 128})});
    });
    auto dd = torch::TensorOptions().dtype(torch::kDouble);
    auto xd = torch::randn({512, 1024}, dd.requires_grad(true)),
         pd = (torch::rand({512, 1024}, dd) + 0.1).set_requires_grad(true);
    auto A = torch::randn({256, 256}, dd),
         spd = (torch::mm(A, A.t()) + 256 * torch::eye(256, dd)).set_requires_grad(true),
         B = torch::randn({256, 32}, dd.requires_grad(true));
    auto op64 = [&](const std::string& name, const std::function<Tensor()>& f) {
        auto seed = torch::randn_like(f().detach());
        run(
            "op64/" + name,
            [&] {
                forget({xd, pd, spd, B});
                f().backward(seed);
            },
            0.6);
    };
    op64("exp", [&] { return xd.exp(); });
    op64("tanh", [&] { return xd.tanh(); });
    op64("erf", [&] { return xd.erf(); });
    op64("lgamma", [&] { return torch::lgamma(pd); });
    op64("pow_2.5", [&] { return pd.pow(2.5); });
    op64("sum_axis1", [&] { return xd.sum(1); });
    op64("matmul_512", [&] { return torch::mm(xd, xd.t()); });
    op64("cholesky_256", [&] { return torch::linalg_cholesky(spd); });
    op64("inverse_256", [&] { return torch::inverse(spd); });
    op64("solve_256x32", [&] { return torch::linalg_solve(spd, B); });
    op64("logdet_256", [&] { return torch::logdet(spd); });
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
    operations();
    optimizers();
    checkpoints();
}
