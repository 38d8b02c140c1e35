// Many processes, written as a user would: each batch is divided among the ranks that mpirun has started, and the
// weights are the same bytes however many there are.
//
//     mpirun -n 1 09_many_processes weights; mpirun -n 4 09_many_processes weights
#include <xtape/mpi.hpp>
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>

using namespace xtape;

namespace {

void expect(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error("not so: " + what);
}

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 2, 32};
    nn::BatchNorm<float> norm{this, "norm", 32};
    nn::Dropout<float> dropout{this, "dropout", 0.1};
    nn::Linear<float> fc2{this, "fc2", 32, 2};
    Variable<float> forward(const Variable<float>& x) override { return fc2(dropout(relu(norm(fc1(x))))); }
};

void train_and_compare(train::World& world, const std::filesystem::path& weights) {
    // What the ranks know of each other.
    expect(world.rank() < world.size() && world.is_root() == (world.rank() == 0), "a rank is one of the world's");
    Array<double> ranks{static_cast<double>(world.rank()), 1.0};
    world.sum(ranks);
    expect(ranks(1) == static_cast<double>(world.size()), "a sum is over all ranks");
    State mine;
    mine.add("rank", static_cast<std::int64_t>(world.rank()));
    expect(world.broadcast(mine, world.size() - 1).get<std::int64_t>("rank") ==
               static_cast<std::int64_t>(world.size()) - 1,
           "a broadcast is the root's");

    // Training: one line more than in one process.
    seed(1);
    auto parts = train::split(train::moons<float>({.count = 300, .seed = 2}), {.validation = 0.2, .seed = 3});
    train::DataLoader<float> batches(parts.train, {.batch_size = 32, .shuffle = true});
    train::DataLoader<float> validation(parts.validation, {.batch_size = 60});
    Net net;
    optim::AdamW<float> optimizer(net.parameters(), {.lr = 1e-2});
    train::DataParallel<float> parallel(world, {.shards = 4});
    train::Trainer<float> trainer(net, optimizer, train::classification<float>(),
                                  {.epochs = 40,
                                   .schedule = optim::cosine({.steps = 320}),
                                   .clip_norm = 1.0,
                                   .ema = optim::EMAOptions{.decay = 0.9},
                                   .progress = train::Progress::none,
                                   .team = &parallel});
    trainer.add<train::EarlyStopping>({.monitor = "validation.accuracy", .patience = 20, .restore_best = true});
    const train::History& history = trainer.fit(batches, validation);
    expect(history.best("validation.accuracy") > 0.9, "it has learned");

    // The same on every rank, and on every number of ranks.
    const std::vector<State> models = world.all_gather(net.state());
    for (const State& model : models)
        for (const auto& [name, value] : model)
            expect(identical(value, models.front().at(name)), name + " is the same on all ranks");
    if (!world.is_root()) return;
    if (!std::filesystem::exists(weights)) {
        io::save(weights, {{"model", net}});
        return;
    }
    const State before = io::read_state(weights).child("model");
    for (const auto& [name, value] : net.state())
        expect(identical(value, before.at(name)), name + " has the bytes that another number of ranks gave it");
}

}    // namespace

int main(int argc, char** argv) {
    if (argc != 2) return 2;
    return train::World::run([&](train::World& world) { train_and_compare(world, argv[1]); }, {.seconds = 60});
}
