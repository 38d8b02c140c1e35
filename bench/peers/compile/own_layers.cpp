// bench/compile/own_layers.cpp on libtorch. Its functions of numbers are compositions of operations.
#include <torch/torch.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

namespace {

torch::Tensor snake(const torch::Tensor& v) { return v + torch::square(torch::sin(v)); }
torch::Tensor soft_clip(const torch::Tensor& v) { return torch::tanh(v / 3) * 3; }
torch::Tensor robust(const torch::Tensor& prediction, const torch::Tensor& target) {
    return torch::log(1 + torch::square(prediction - target));
}
torch::Tensor gate(const torch::Tensor& value, const torch::Tensor& control) {
    return value / (1 + torch::exp(-control));
}

// y = x / rms(x) * weight.
class RootMeanSquareNormImpl : public torch::nn::Module {
public:
    explicit RootMeanSquareNormImpl(std::int64_t size) : weight(register_parameter("weight", torch::ones({size}))) {}
    torch::Tensor forward(const torch::Tensor& x) {
        return x * torch::rsqrt(torch::mean(torch::square(x), -1, true) + 1e-6) * weight;
    }

    torch::Tensor weight;
};
TORCH_MODULE(RootMeanSquareNorm);

// y = x + down(value(n) * sigmoid(control(n))), n = norm(x).
class GatedBlockImpl : public torch::nn::Module {
public:
    GatedBlockImpl(std::int64_t width, std::int64_t hidden)
        : norm(register_module("norm", RootMeanSquareNorm(width))),
          value(register_module("value", torch::nn::Linear(width, hidden))),
          control(register_module("control", torch::nn::Linear(width, hidden))),
          down(register_module("down", torch::nn::Linear(hidden, width))),
          dropout(register_module("dropout", torch::nn::Dropout(0.1))) {}
    torch::Tensor forward(const torch::Tensor& x) {
        auto n = norm(x);
        return x + dropout(down(gate(value(n), control(n))));
    }

    RootMeanSquareNorm norm;
    torch::nn::Linear value, control, down;
    torch::nn::Dropout dropout;
};
TORCH_MODULE(GatedBlock);

// Fourier features of random frequencies, which are kept and not trained.
class FourierFeaturesImpl : public torch::nn::Module {
public:
    FourierFeaturesImpl(std::int64_t in, std::int64_t count)
        : frequencies(register_buffer("frequencies", 2 * torch::randn({in, count}))) {}
    torch::Tensor forward(const torch::Tensor& x) {
        auto phase = torch::matmul(x, frequencies);
        return torch::cat({torch::sin(phase), torch::cos(phase)}, -1);
    }

    torch::Tensor frequencies;
};
TORCH_MODULE(FourierFeatures);

struct RegressorImpl : torch::nn::Module {
    FourierFeatures features{register_module("features", FourierFeatures(2, 32))};
    torch::nn::Linear stem{register_module("stem", torch::nn::Linear(64, 48))};
    GatedBlock block1{register_module("block1", GatedBlock(48, 96))};
    GatedBlock block2{register_module("block2", GatedBlock(48, 96))};
    torch::nn::LayerNorm norm{register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({48})))};
    torch::nn::Linear head{register_module("head", torch::nn::Linear(48, 1))};

    torch::Tensor forward(const torch::Tensor& x) {
        auto h = snake(stem(features(x)));
        h = norm(block2(block1(h)));
        return soft_clip(head(h));
    }
};
TORCH_MODULE(Regressor);

struct Data {
    torch::Tensor x, y;
    std::int64_t size() const { return x.size(0); }
};

Data make_data(std::int64_t count) {
    auto x = torch::rand({count, 2}) * 2 - 1;
    auto first = x.index({torch::indexing::Slice(), torch::indexing::Slice(0, 1)});
    auto second = x.index({torch::indexing::Slice(), torch::indexing::Slice(1, 2)});
    return {x, torch::sin(4 * first) * torch::cos(3 * second) + 0.1 * first};
}

torch::Tensor loss_of(Regressor& model, const torch::Tensor& x, const torch::Tensor& y) {
    return robust(model(x), y).mean();
}

double evaluate(Regressor& model, const Data& data) {
    torch::NoGradGuard no_grad;
    model->eval();
    const double loss = loss_of(model, data.x, data.y).item<double>();
    model->train();
    return loss;
}

}    // namespace

int main(int argc, char** argv) {
    const std::filesystem::path path = argc > 1 ? argv[1] : "regressor.pt";
    torch::manual_seed(7);
    const Data train = make_data(4096), test = make_data(512);
    Regressor model;
    torch::optim::AdamW optimizer(model->parameters(), torch::optim::AdamWOptions(3e-3).weight_decay(1e-3));
    std::int64_t epoch = 0;
    if (std::filesystem::exists(path)) {
        torch::serialize::InputArchive archive;
        archive.load_from(path.string());
        model->load(archive);
        optimizer.load(archive);
        c10::IValue value;
        archive.read("epoch", value);
        epoch = value.toInt();
    }

    const std::int64_t batch = 128;
    const std::int64_t epochs = 20;
    std::vector<double> history;
    for (; epoch < epochs; ++epoch) {
        const auto order = torch::randperm(train.size(), torch::kInt64);
        double total = 0;
        for (std::int64_t begin = 0; begin + batch <= train.size(); begin += batch) {
            auto rows = order.slice(0, begin, begin + batch);
            auto x = train.x.index_select(0, rows);
            auto y = train.y.index_select(0, rows);
            optimizer.zero_grad();
            auto loss = loss_of(model, x, y);
            loss.backward();
            torch::nn::utils::clip_grad_norm_(model->parameters(), 1.0);
            optimizer.step();
            total += loss.item<double>();
        }
        history.push_back(total * double(batch) / double(train.size()));
        std::printf("%2ld  train %.5f  test %.5f\n", static_cast<long>(epoch), history.back(), evaluate(model, test));
        torch::serialize::OutputArchive archive;
        model->save(archive);
        optimizer.save(archive);
        archive.write("epoch", c10::IValue(epoch + 1));
        archive.save_to(path.string());
    }
    std::printf("%zu epochs\n", history.size());
}
