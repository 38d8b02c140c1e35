#include "training.hpp"

#include <xtape/xtape.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "progress.hpp"

namespace digits {
namespace {

using namespace xtape;

struct Batch {
    Variable<float> images;
    Indices labels;
};

// The examples order[begin], ..., order[end - 1].
Batch gather(const Array<float>& images, const Indices& labels, const Indices& order, std::size_t begin,
             std::size_t end) {
    const std::size_t pixels = images.shape()[1];
    Array<float> rows = empty_array<float>({end - begin, pixels});
    Indices row_labels = empty_array<std::int64_t>({end - begin});
    for (std::size_t i = begin; i < end; ++i) {
        auto row = static_cast<std::size_t>(order(i));
        std::copy_n(images.storage().cbegin() + row * pixels, pixels, rows.storage().begin() + (i - begin) * pixels);
        row_labels(i - begin) = labels(row);
    }
    return {Variable<float>(std::move(rows)), std::move(row_labels)};
}

std::size_t count_right(const Variable<float>& logits, const Indices& labels) {
    const Indices answers = argmax(logits, 1);
    std::size_t right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) right += answers(i) == labels(i) ? 1 : 0;
    return right;
}

// What a checkpoint holds beside the model, the optimizer and the random streams: where the run is, and which it is.
struct Run {
    const Options& options;
    std::size_t epoch = 0;

    State state() const {
        State state;
        state.add("epoch", static_cast<std::int64_t>(epoch));
        state.add("settings", settings());
        return state;
    }
    void load_state(const State& state) {
        if (state.get<std::string>("settings") != settings())
            throw StateError("this checkpoint is of a run with " + state.get<std::string>("settings") +
                             "; this one has " + settings());
        epoch = static_cast<std::size_t>(state.get<std::int64_t>("epoch"));
    }
    std::string settings() const {
        return "--epochs " + std::to_string(options.epochs) + " --batch " + std::to_string(options.batch) + " --lr " +
               std::to_string(options.lr) + " --seed " + std::to_string(options.seed) + " --hidden " +
               std::to_string(options.hidden) + (options.data ? " --data" : "");
    }
};

}    // namespace

void train(Classifier& net, const Digits& data, const Options& options) {
    const std::size_t count = data.train_labels.size(), batch = std::min(options.batch, count);
    const std::size_t steps_per_epoch = (count + batch - 1) / batch;
    optim::AdamW<float> optimizer(net.parameters(), {.lr = options.lr});
    optimizer.set_schedule(optim::cosine({.steps = static_cast<std::int64_t>(options.epochs * steps_per_epoch)}));
    Run run{options};
    auto entries = [&]() -> std::vector<io::Entry> {
        return {{"model", net}, {"optimizer", optimizer}, {"random", default_generator()}, {"run", run}};
    };
    if (options.resume && std::filesystem::exists(*options.checkpoint)) {
        io::load(*options.checkpoint, entries());
        std::printf("going on after epoch %zu of %s\n", run.epoch, options.checkpoint->c_str());
    }

    Progress progress(options.epochs, run.epoch, count);
    net.train();
    while (run.epoch < options.epochs) {
        const Indices order = default_generator().shuffling().permutation(count);
        for (std::size_t step = 0; step < steps_per_epoch; ++step) {
            auto [images, labels] =
                gather(data.train_images, data.train_labels, order, step * batch, std::min(count, (step + 1) * batch));
            if (labels.size() == 1) continue;    // batch normalisation needs two
            optimizer.zero_grad();
            auto logits = net(images);
            auto loss = nn::cross_entropy(logits, labels);
            backward(loss);
            optimizer.step();
            progress.step(labels.size(), double(loss.item()) * double(labels.size()), count_right(logits, labels));
        }
        ++run.epoch;
        if (options.checkpoint) io::save(*options.checkpoint, entries());
        progress.end_epoch();
    }
}

double test_accuracy(Classifier& net, const Digits& data) {
    net.eval();
    NoGrad guard;
    std::size_t right = count_right(net(Variable<float>(share(data.test_images))), data.test_labels);
    return double(right) / double(data.test_labels.size());
}

}    // namespace digits
