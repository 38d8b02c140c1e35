// The pictures of docs/babysitting.md, and what was said of the runs: diagnosis_pictures FOLDER.
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

using namespace xtape;

namespace {

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 784, 30}, fc2{this, "fc2", 30, 10};
    Variable<float> forward(const Variable<float>& x) override { return fc2(relu(fc1(x))); }
};

void draw(const std::filesystem::path& path, const std::string& title, double lr, double momentum, bool shuffled) {
    seed(1);
    auto data = train::digits<float>({.count = 2000});
    if (shuffled) {
        Indices labels = data.labels();
        const Indices order = Stream(1).permutation(labels.size());
        for (std::size_t i = 0; i < labels.size(); ++i) labels(i) = data.labels()(static_cast<std::size_t>(order(i)));
        data = train::Dataset<float>(data.inputs(), labels);
    }
    auto parts = train::split(data, {.validation = 0.2, .stratified = true});
    Net net;
    optim::SGD<float> optimizer(net.parameters(), {.lr = lr, .momentum = momentum});
    train::Trainer<float> trainer(net, optimizer, train::classification<float>(),
                                  {.epochs = 20, .progress = train::Progress::none});
    trainer.add<train::Watch>();
    train::DataLoader<float> batches(parts.train, {.batch_size = 100, .shuffle = true});
    train::DataLoader<float> validation(parts.validation, {.batch_size = 400});
    const train::History& history = trainer.fit(batches, validation);
    train::Plot plot(
        {.title = title, .x = {.label = "epoch"}, .y = {.label = "loss", .low = 0}, .width = 560, .height = 260});
    plot.line("training", history.values("train.loss")).line("validation", history.values("validation.loss"));
    plot.mark_y(trainer.measurements().data.class_entropy(), "knowing nothing");
    plot.write(path);
    std::printf("%s\n%s\n\n", path.c_str(), trainer.diagnosis().message().c_str());
}

}    // namespace

int main(int argc, char** argv) {
    const std::filesystem::path folder = argc > 1 ? argv[1] : ".";
    std::filesystem::create_directories(folder);
    draw(folder / "rate-too-low.svg", "A rate of 1e-4", 1e-4, 0, false);
    draw(folder / "rate-too-high.svg", "A rate of 1.5", 1.5, 0.9, false);
    draw(folder / "labels-shuffled.svg", "Labels shuffled", 0.05, 0.9, true);
}
