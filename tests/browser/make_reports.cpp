// Writes the reports that check.py opens: of a healthy run of 200 epochs, one that ended in NaN, one of a single epoch
// of a convolution, a regression, and a search of 200 trials in two stages.
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>

using namespace xtape;

namespace {

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 784, 30}, fc2{this, "fc2", 30, 20}, fc3{this, "fc3", 20, 10};
    Variable<float> forward(const Variable<float>& x) override { return fc3(relu(fc2(relu(fc1(x))))); }
};

// Kernels of three channels, as pictures are.
struct Kernels : nn::Module<float> {
    nn::Conv2d<float> conv{this, "conv", 3, 8, 5};
    nn::Linear<float> out{this, "out", 8 * 4 * 4, 2};
    Variable<float> forward(const Variable<float>& x) override { return out(reshape(relu(conv(x)), {-1, 8 * 4 * 4})); }
};

void digits(const std::filesystem::path& path, std::size_t epochs, double lr) {
    seed(2);
    Net net;
    optim::SGD<float> optimizer(net.parameters(), {.lr = lr, .momentum = 0.9});
    train::Trainer<float> trainer(net, optimizer, train::classification<float>(),
                                  {.epochs = epochs,
                                   .penalty = [&] { return 1e-4 * nn::l2_penalty(net.named_parameters()); },
                                   .progress = train::Progress::none});
    trainer.add<train::Watch>();
    trainer.add<train::Report>({.path = path, .first_layer = "fc1.weight", .image = {28, 28}});
    auto parts =
        train::split(train::digits<float>({.count = 800, .seed = 1}), {.validation = 0.25, .stratified = true});
    train::DataLoader<float> batches(parts.train, {.batch_size = 50, .shuffle = true}),
        validation(parts.validation, {.batch_size = 200});
    trainer.fit(batches, validation);
}

void colours(const std::filesystem::path& path) {
    seed(3);
    Kernels net;
    Array<float> pictures = default_generator().general().uniform<float>({64, 3, 8, 8}, 0, 1);
    Indices labels = empty_array<std::int64_t>({64});
    for (std::size_t i = 0; i < 64; ++i) labels(i) = pictures(i, 0, 2, 2) > 0.5F;
    train::Dataset<float> data(pictures, labels, {.class_names = {"dark", "a class with a long name <&>"}});
    optim::Adam<float> optimizer(net.parameters(), {.lr = 1e-2});
    train::Trainer<float> trainer(net, optimizer, train::classification<float>(),
                                  {.epochs = 1, .progress = train::Progress::none});
    trainer.add<train::Report>({.path = path});
    train::DataLoader<float> batches(data, {.batch_size = 16}), validation(data, {.batch_size = 64});
    trainer.fit(batches, validation);
}

void regression(const std::filesystem::path& path) {
    seed(4);
    auto parts = train::split(train::friedman<float>({.count = 400, .seed = 1}), {.validation = 0.25});
    const std::size_t inputs = parts.train.inputs().shape()[1];
    nn::Linear<float> net(inputs, 1);
    optim::Adam<float> optimizer(net.parameters(), {.lr = 5e-2});
    train::Trainer<float> trainer(net, optimizer, train::regression<float>(),
                                  {.epochs = 20, .progress = train::Progress::none});
    trainer.add<train::Report>({.path = path});
    train::DataLoader<float> batches(parts.train, {.batch_size = 50, .shuffle = true}),
        validation(parts.validation, {.batch_size = 100});
    trainer.fit(batches, validation);
}

void search(const std::filesystem::path& folder) {
    train::Space space;
    space.log_uniform("lr", 1e-6, 1e-1).log_uniform("weight_decay", 1e-5, 1e5).integer("hidden", 16, 128);
    space.choice("activation", {"relu", "tanh", "a long name of a choice"});
    space.when("activation", "relu", train::Space().uniform("leak", 0, 0.3));
    auto evaluate = [](train::Trial& trial) {
        const double a = std::log10(trial.number("lr")) + 1.5, b = (std::log10(trial.number("weight_decay")) + 2) / 4;
        return trial.index() % 17 == 16 ? std::nan("") : std::exp(-a * a - b * b);
    };
    const train::SearchOptions options{.trials = 200, .seed = 9, .maximize = true, .metric = "val_acc", .quiet = true};
    const auto coarse = train::random_search(space, options, evaluate);
    const auto fine = train::random_search(coarse.narrowed(), options, evaluate);
    train::write_report(folder / "search.html", coarse);
    train::write_report(folder / "stages.html", {{"coarse", coarse}, {"fine", fine}});
}

}    // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fputs("usage: make_reports FOLDER\n", stderr);
        return 2;
    }
    const std::filesystem::path folder(argv[1]);
    digits(folder / "healthy.html", 200, 2e-2);
    digits(folder / "not_finite.html", 5, 1e6);
    colours(folder / "one_epoch.html");
    regression(folder / "regression.html");
    search(folder);
}
