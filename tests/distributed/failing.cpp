// Runs in which something fails, for failing.py: `failing throws`, `failing hangs`, `failing train <checkpoint>
// <result>`.
#include <xtape/mpi.hpp>
#include <xtape/train.hpp>
#include <xtape/train/distributed/detail/packing.hpp>
#include <xtape/xtape.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using namespace xtape;
using namespace xtape::train;

namespace {

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 2, 16};
    nn::Dropout<float> dropout{this, "dropout", 0.1};
    nn::Linear<float> fc2{this, "fc2", 16, 2};
    Variable<float> forward(const Variable<float>& x) override { return fc2(dropout(relu(fc1(x)))); }
};

struct Run {
    Net net;
    DataLoader<float> batches{moons<float>({.count = 96, .seed = 2}), {.batch_size = 16, .shuffle = true}};
    optim::Adam<float> optimizer{net.parameters()};
    DataParallel<float> parallel;
    Trainer<float> trainer;

    explicit Run(World& world)
        : parallel(world, {.shards = 4}),
          trainer(net, optimizer, classification<float>(),
                  {.epochs = 10, .progress = Progress::none, .team = &parallel}) {}
};

void fail_at_step_three(World& world, const std::function<void()>& fail) {
    Run run(world);
    run.trainer.add<Call>({.after_step = [&](Training& training) {
        if (training.steps() == 3 && world.rank() + 1 == world.size()) fail();
    }});
    run.trainer.fit(run.batches);
}

// Goes on from the checkpoint, if there is one, and saves each step.
void train_to_the_end(World& world, const std::string& checkpoint, const std::string& result) {
    seed(1);
    Run run(world);
    run.trainer.add<Checkpointing>({.path = checkpoint, .every_steps = 1});
    run.trainer.resume(checkpoint);
    run.trainer.fit(run.batches);
    if (!world.is_root()) return;
    const auto bytes = train::detail::pack(run.net.state());
    std::ofstream(result, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}    // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    return World::run(
        [&](World& world) {
            set_num_threads(1);
            if (what == "throws")
                fail_at_step_three(world, [] { throw std::runtime_error("on purpose"); });
            else if (what == "hangs")
                fail_at_step_three(world, [] { ::pause(); });
            else if (what == "train" && argc == 4)
                train_to_the_end(world, argv[2], argv[3]);
            else
                throw std::runtime_error("there is no '" + what + "'");
        },
        {.seconds = what == "hangs" ? 2.0 : 60.0});
}
