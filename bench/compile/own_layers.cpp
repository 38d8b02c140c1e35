// A file of the kind that people write after a week: functions of their own, layers of their own, a schedule, batches,
// evaluation, and checkpoints that a killed run resumes from.
#include <xtape/xtape.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

using namespace xtape;

namespace {

// Functions of numbers, each one fused operation.
constexpr auto snake = [](auto v) { return v + square(sin(v)); };
constexpr auto soft_clip = [](auto v) { return tanh(v / 3) * 3; };
constexpr auto robust = [](auto prediction, auto target) { return log(1 + square(prediction - target)); };
constexpr auto gate = [](auto value, auto control) { return value / (1 + exp(-control)); };

// y = x / rms(x) * weight.
class RootMeanSquareNorm : public nn::Module<float> {
public:
    RootMeanSquareNorm(Module* owner, std::string_view name, std::size_t size)
        : Module(owner, name), weight(this, "weight", xt::ones<float>({size})) {}
    Variable<float> forward(const Variable<float>& x) override {
        return x * rsqrt(mean(square(x), -1, {.keep_dims = true}) + 1e-6) * weight;
    }
    std::string kind() const override { return "RootMeanSquareNorm"; }

    nn::Parameter<float> weight;
};

// y = x + down(value(n) * sigmoid(control(n))), n = norm(x).
class GatedBlock : public nn::Module<float> {
public:
    GatedBlock(Module* owner, std::string_view name, std::ptrdiff_t width, std::ptrdiff_t hidden)
        : Module(owner, name),
          norm(this, "norm", static_cast<std::size_t>(width)),
          value(this, "value", width, hidden),
          control(this, "control", width, hidden),
          down(this, "down", hidden, width),
          dropout(this, "dropout", 0.1) {}
    Variable<float> forward(const Variable<float>& x) override {
        auto n = norm(x);
        return x + dropout(down(map(gate, value(n), control(n))));
    }
    std::string kind() const override { return "GatedBlock"; }

    RootMeanSquareNorm norm;
    nn::Linear<float> value, control, down;
    nn::Dropout<float> dropout;
};

// Fourier features of random frequencies, which are kept and not trained.
class FourierFeatures : public nn::Module<float> {
public:
    FourierFeatures(Module* owner, std::string_view name, std::size_t in, std::size_t count)
        : Module(owner, name),
          frequencies(this, "frequencies", default_generator().general().normal<float>({in, count}, 0, 2)) {}
    Variable<float> forward(const Variable<float>& x) override {
        auto phase = matmul(x, Variable<float>(frequencies.value()));
        return concat({sin(phase), cos(phase)}, -1);
    }
    std::string kind() const override { return "FourierFeatures"; }

    nn::Buffer<float> frequencies;
};

struct Regressor : nn::Module<float> {
    FourierFeatures features{this, "features", 2, 32};
    nn::Linear<float> stem{this, "stem", 64, 48};
    GatedBlock block1{this, "block1", 48, 96};
    GatedBlock block2{this, "block2", 48, 96};
    nn::LayerNorm<float> norm{this, "norm", 48};
    nn::Linear<float> head{this, "head", 48, 1};

    Variable<float> forward(const Variable<float>& x) override {
        auto h = map(snake, stem(features(x)));
        h = norm(block2(block1(h)));
        return map(soft_clip, head(h));
    }
};

struct Data {
    Array<float> x, y;
    std::size_t size() const { return x.shape()[0]; }
};

Data make_data(std::size_t count) {
    Data data{default_generator().general().uniform<float>({count, 2}, -1, 1), empty_array<float>({count, 1})};
    for (std::size_t i = 0; i < count; ++i)
        data.y(i, 0) = std::sin(4 * data.x(i, 0)) * std::cos(3 * data.x(i, 1)) + 0.1F * data.x(i, 0);
    return data;
}

Variable<float> loss_of(Regressor& model, const Variable<float>& x, const Variable<float>& y) {
    return mean(map(robust, model(x), y));
}

double evaluate(Regressor& model, const Data& data) {
    NoGrad no_grad;
    nn::EvalGuard evaluation(model);
    return loss_of(model, Variable<float>(data.x), Variable<float>(data.y)).item();
}

}    // namespace

int main(int argc, char** argv) {
    const std::filesystem::path path = argc > 1 ? argv[1] : "regressor.h5";
    seed(7);
    const Data train = make_data(4096), test = make_data(512);
    Regressor model;
    optim::AdamW<float> optimizer(model.parameters(), {.lr = 3e-3, .weight_decay = 1e-3});
    std::int64_t epoch = 0;
    State progress;
    if (std::filesystem::exists(path)) {
        io::load(path, {{"model", model}, {"optimizer", optimizer}, {"progress", progress}});
        epoch = progress.get<std::int64_t>("epoch");
    }

    const Variable<float> inputs(train.x), targets(train.y);
    const std::size_t batch = 128;
    const std::ptrdiff_t epochs = 20;
    std::vector<double> history;
    for (; epoch < epochs; ++epoch) {
        const Indices order = default_generator().general().permutation(train.size());
        double total = 0;
        for (std::size_t begin = 0; begin + batch <= train.size(); begin += batch) {
            Indices rows(Shape{batch});
            std::copy_n(order.begin() + static_cast<std::ptrdiff_t>(begin), batch, rows.begin());
            auto x = index_select(inputs, 0, rows);
            auto y = index_select(targets, 0, rows);
            optimizer.zero_grad();
            auto loss = loss_of(model, x, y);
            backward(loss);
            nn::clip_grad_norm(model.parameters(), 1.0);
            optimizer.step();
            total += loss.item();
        }
        history.push_back(total * double(batch) / double(train.size()));
        std::printf("%2ld  train %.5f  test %.5f\n", static_cast<long>(epoch), history.back(), evaluate(model, test));
        progress = State();
        progress.add("epoch", epoch + 1);
        io::save(path, {{"model", model}, {"optimizer", optimizer}, {"progress", progress}});
    }
    std::printf("%s\n%zu epochs\n", model.summary().c_str(), history.size());
}
