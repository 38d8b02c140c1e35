#include "training.hpp"

#include <xtape/xtape.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>

namespace digits {

using namespace xtape;

namespace {

// What a run is, beside what the trainer knows: a checkpoint is resumed with the options that it was written with.
struct Settings {
    const Options& options;

    State state() const {
        State state;
        state.add("options", text());
        return state;
    }
    void load_state(const State& state) {
        if (state.get<std::string>("options") != text())
            throw StateError("this checkpoint is of a run with " + state.get<std::string>("options") +
                             "; this one has " + text());
    }
    std::string text() const {
        return "--epochs " + std::to_string(options.epochs) + " --batch " + std::to_string(options.batch) + " --lr " +
               std::to_string(options.lr) + " --seed " + std::to_string(options.seed) + " --hidden " +
               std::to_string(options.hidden) + (options.data ? " --data" : "") +
               (options.shards == 0 ? "" : " --shards " + std::to_string(options.shards));
    }
};

}    // namespace

train::Split<float> load(const Options& options) {
    if (options.data) return train::read_mnist<float>(*options.data);
    constexpr std::uint64_t far_away = 0x9e3779b97f4a7c15;    // so that no two sensible seeds share digits
    return {train::digits<float>({.count = 20'000, .seed = options.seed}),
            {},
            train::digits<float>({.count = 4'000, .seed = options.seed + far_away})};
}

void fit(train::World& world, Classifier& net, const train::Dataset<float>& digits, const Options& options) {
    const std::size_t batch = std::min(options.batch, digits.size());
    train::DataLoader<float> batches(digits, {.batch_size = batch, .shuffle = true, .drop_last = true});
    optim::AdamW<float> optimizer(net.parameters(), {.lr = options.lr});
    const auto steps = static_cast<std::int64_t>(options.epochs * batches.size());
    train::DataParallel<float> parallel(world,
                                        {.shards = options.shards == 0 ? std::nullopt : std::optional(options.shards)});
    train::Trainer<float> trainer(
        net, optimizer, train::classification<float>(),
        {.epochs = options.epochs, .schedule = optim::cosine({.steps = steps}), .team = &parallel});
    Settings settings{options};
    trainer.track("settings", settings);
    if (options.checkpoint) trainer.add<train::Checkpointing>({.path = *options.checkpoint, .every_epoch = true});
    if (options.resume && trainer.resume(*options.checkpoint) && world.is_root())
        std::printf("going on after step %lld of %s\n", static_cast<long long>(trainer.steps()),
                    options.checkpoint->c_str());
    trainer.fit(batches);
}

double accuracy(Classifier& net, const train::Dataset<float>& digits) {
    nn::EvalGuard guard(net);
    NoGrad no_grad;
    const train::Batch<float> all = digits.all();
    const Indices answers = argmax(net(all.inputs), 1);
    std::size_t right = 0;
    for (std::size_t i = 0; i < answers.size(); ++i) right += answers(i) == all.labels(i);
    return static_cast<double>(right) / static_cast<double>(answers.size());
}

}    // namespace digits
