// Trains under World with shards = 4, and writes everything that the run ends with, in bytes: `run <what> <file>`.
#include <xtape/mpi.hpp>
#include <xtape/train.hpp>
#include <xtape/train/distributed/detail/packing.hpp>
#include <xtape/xtape.hpp>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>

using namespace xtape;
using namespace xtape::train;

namespace {

// Dropout, batch normalisation and augmentation: all that draws random numbers or sees other examples.
struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 64, 24};
    nn::BatchNorm<float> norm{this, "norm", 24};
    nn::Dropout<float> dropout{this, "dropout", 0.2};
    nn::Linear<float> fc2{this, "fc2", 24, 10, {.bias = false}};
    Variable<float> forward(const Variable<float>& x) override { return fc2(dropout(relu(norm(fc1(x))))); }
};

Dataset<float> images(std::size_t count) {
    Stream stream(count);
    Array<float> inputs = stream.normal<float>({count, 64});
    Indices labels = empty_array<std::int64_t>({count});
    for (std::size_t i = 0; i < count; ++i) {
        labels(i) = static_cast<std::int64_t>(i % 10);
        inputs(i, i % 10 * 6) += 3;
    }
    return {std::move(inputs), std::move(labels), {.example_shape = {8, 8}}};
}

using MakeOptimizer = std::function<std::unique_ptr<optim::Optimizer<float>>(const Parameters<float>&)>;

template <template <class> class O, class Options>
MakeOptimizer with(Options options) {
    return [options](const Parameters<float>& parameters) { return std::make_unique<O<float>>(parameters, options); };
}

struct Run {
    World& world;
    Net net;
    DataParallel<float> parallel;
    // 90 examples: the last batch has 10, and shards of 3, 3, 2 and 2.
    DataLoader<float> batches{images(90),
                              {.batch_size = 16, .shuffle = true, .prefetch = true, .seed = 4},
                              augment<float>({.image = {8, 8}, .shift = 1, .noise = 0.1})};
    DataLoader<float> validation{images(50), {.batch_size = 20}};
    std::unique_ptr<optim::Optimizer<float>> optimizer;
    Trainer<float> trainer;

    Run(World& w, const MakeOptimizer& make, TrainerOptions<float> options, DataParallelOptions how = {})
        : world(w),
          parallel(w, with_shards(how)),
          optimizer(make(net.parameters())),
          trainer(net, *optimizer, objective(), with_team(options)) {}

    static DataParallelOptions with_shards(DataParallelOptions how) {
        how.shards = 4;
        return how;
    }

    static Objective<float> objective() { return classification<float>({auc<float>(), precision_recall<float>()}); }
    TrainerOptions<float> with_team(TrainerOptions<float> options) {
        options.team = &parallel;
        options.progress = Progress::none;
        return options;
    }
    State state() {
        State state;
        state.add("model", net.state());
        state.add("optimizer", parallel.optimizer_state(*optimizer));    // the root's
        state.add("random", default_generator().state());
        state.add("trainer", trainer.state());
        return state;
    }
};

void write(World& world, const std::string& path, const State& state) {
    if (!world.is_root()) return;
    const train::detail::Bytes bytes = train::detail::pack(state);
    std::ofstream file(path, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

void optimizers(World& world, const std::string& path) {
    const std::vector<MakeOptimizer> all{
        with<optim::SGD>(optim::SGDOptions{.lr = 0.05, .momentum = 0.9, .nesterov = true}),
        with<optim::Adam>(optim::AdamOptions{.lr = 1e-2}),
        with<optim::AdamW>(optim::AdamWOptions{.lr = 1e-2}),
        with<optim::Adamax>(optim::AdamaxOptions{}),
        with<optim::NAdam>(optim::NAdamOptions{}),
        with<optim::RAdam>(optim::RAdamOptions{}),
        with<optim::RMSprop>(optim::RMSpropOptions{}),
        with<optim::Rprop>(optim::RpropOptions{}),
        with<optim::Adagrad>(optim::AdagradOptions{}),
        with<optim::Adadelta>(optim::AdadeltaOptions{}),
        with<optim::Lion>(optim::LionOptions{}),
        with<optim::LAMB>(optim::LAMBOptions{}),
        [](const Parameters<float>& parameters) {
            return std::make_unique<optim::Muon<float>>(
                parameters.filter([](const std::string&, const auto& p) { return p.dimension() == 2; }));
        },
    };
    auto trained = [&](const MakeOptimizer& make, DataParallelOptions how) {
        seed(5);
        Run run(world, make, {.epochs = 2}, how);
        run.trainer.fit(run.batches, run.validation);
        return run.state();
    };
    for (const MakeOptimizer& make : all) {
        const State state = trained(make, {});
        write(world, path, state);
        const State shared_out = trained(make, {.shard_optimizer = true});
        for (const auto& [name, value] : state)
            if (world.is_root() && !identical(value, shared_out.at(name)))
                throw Error(name + " has other bytes where the optimizer is shared out");
    }
}

TrainerOptions<float> everything_options(Net& net) {
    return {.epochs = 4,
            .schedule = optim::cosine({.steps = 12}),
            .plateau = optim::PlateauOptions{.patience = 1},
            .penalty = [&net] { return 1e-3F * nn::l2_penalty(net.named_parameters()); },
            .clip_norm = 0.5,
            .accumulate = 2,
            .ema = optim::EMAOptions{.decay = 0.9},
            .evaluate_every_steps = 2};
}

struct Everything : Run {
    explicit Everything(World& w, std::int64_t max_steps = 0, DataParallelOptions how = {})
        : Run(w, with<optim::AdamW>(optim::AdamWOptions{.lr = 1e-2}), options(max_steps), how) {
        trainer.add<EarlyStopping>({.monitor = "validation.auc", .patience = 3, .restore_best = true});
    }
    TrainerOptions<float> options(std::int64_t max_steps) {
        TrainerOptions<float> result = everything_options(net);
        result.max_steps = max_steps;
        return result;
    }
};

// Batch normalisation over whole batches, whose parts a rank may have several of.
void synchronised(World& world, const std::string& path) {
    seed(7);
    Run run(world, with<optim::AdamW>(optim::AdamWOptions{.lr = 1e-2}), {.epochs = 3, .accumulate = 2},
            {.sync_batch_norm = true});
    run.trainer.fit(run.batches, run.validation);
    write(world, path, run.state());
}

void everything(World& world, const std::string& path) {
    seed(6);
    Everything run(world);
    const std::string log = path + ".jsonl";
    run.trainer.add<JsonlLog>({.path = log});
    run.trainer.fit(run.batches, run.validation);
    write(world, path, run.state());
    if (world.is_root() && std::filesystem::file_size(log) == 0) throw Error("the log is empty");
}

// The run is saved by all ranks after step 5, who have shared out the optimizer; where there was a checkpoint before,
// by another number of ranks, it goes on from that, with an even number of ranks sharing out the optimizer again.
void resumed(World& world, const std::string& path) {
    const std::string checkpoint = "saved_by_the_first.h5";
    if (!std::filesystem::exists(checkpoint)) {
        world.barrier();
        seed(6);
        Everything first(world, 5, {.shard_optimizer = true});
        first.trainer.add<Checkpointing>({.path = checkpoint});
        first.trainer.fit(first.batches, first.validation);
    }
    world.barrier();
    seed(99);
    Everything run(world, 0, {.shard_optimizer = world.size() % 2 == 0});
    run.trainer.add<Checkpointing>({.path = path + ".h5"});
    if (!run.trainer.resume(checkpoint)) throw Error("there is no checkpoint");
    if (run.trainer.steps() != 5) throw Error("the checkpoint is of another step");
    run.trainer.fit(run.batches, run.validation);
    write(world, path, run.state());
}

}    // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    return World::run(
        [&](World& world) {
            set_num_threads(1);
            const std::string what = argv[1], path = argv[2];
            if (what == "optimizers") optimizers(world, path);
            if (what == "synchronised") synchronised(world, path);
            if (what == "everything") everything(world, path);
            if (what == "resumed") resumed(world, path);
        },
        {.seconds = 120});
}
