// Runs in which something fails, for failing.py: `failing <what>`, which fails on the last rank at the third step, and
// `failing train <checkpoint> <result>`, `failing writes <checkpoint>`, `failing fills <checkpoint>`,
// `failing searches <journal> <result>`.
#include <xtape/mpi.hpp>
#include <xtape/train.hpp>
#include <xtape/train/distributed/detail/packing.hpp>
#include <xtape/xtape.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>

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
                  {.epochs = 25, .progress = Progress::none, .team = &parallel}) {}
};

const std::map<std::string, std::function<void()>> failures{
    {"throws", [] { throw std::runtime_error("on purpose"); }},
    {"throws a number", [] { throw 7; }},
    {"hangs", [] { ::pause(); }},
    {"stops", [] { std::raise(SIGSTOP); }},
    {"exits", [] { std::exit(EXIT_SUCCESS); }},
    {"is gone", [] { ::_exit(EXIT_SUCCESS); }},
    {"crashes", [] { std::abort(); }},
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

// Rank 0 kills itself as soon as there is a temporary file beside the checkpoint.
void die_while_writing(World& world, const std::filesystem::path& checkpoint) {
    seed(1);
    Run run(world);
    if (!run.trainer.resume(checkpoint)) throw Error("there is no checkpoint");
    run.trainer.add<Checkpointing>({.path = checkpoint, .every_steps = 1});
    std::thread killer;
    if (world.is_root())
        killer = std::thread([folder = checkpoint.parent_path()] {
            while (true)
                for (const auto& file : std::filesystem::directory_iterator(folder))
                    if (file.path().filename() != "checkpoint.h5") std::raise(SIGKILL);
        });
    run.trainer.fit(run.batches);
}

// The disk is full for rank 0 from the third step on.
void fill_the_disk(World& world, const std::string& checkpoint) {
    seed(1);
    Run run(world);
    run.trainer.add<Checkpointing>({.path = checkpoint, .every_steps = 1});
    run.trainer.add<Call>({.after_step = [&](Training& training) {
        if (training.steps() != 3 || !world.is_root()) return;
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1024, 1024};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }});
    run.trainer.fit(run.batches);
}

// The first process that takes up trial 5 writes its number into the file `victim`, and works on it for ever.
void search_and_write(const std::string& journal, const std::string& result) {
    const auto evaluate = [](Trial& trial) {
        ::usleep(20'000);
        if (trial.index() == 5)
            if (std::FILE* file = std::fopen("victim", "wx")) {
                std::fprintf(file, "%d\n", ::getpid());
                std::fclose(file);
                ::pause();
            }
        return trial.number("x") * trial.number("x");
    };
    const SearchResult found = random_search(Space().uniform("x", -1, 1),
                                             {.trials = 20, .seed = 3, .journal = journal, .quiet = true}, evaluate);
    std::ofstream file(result);
    for (const Trial& trial : found.trials()) file << trial.index() << ' ' << trial.value() << '\n';
}

}    // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    return World::run(
        [&](World& world) {
            set_num_threads(1);
            if (failures.contains(what))
                fail_at_step_three(world, failures.at(what));
            else if (what == "returns" && world.rank() + 1 == world.size())
                return;
            else if (what == "returns")
                world.barrier();
            else if (what == "train" && argc >= 4)
                train_to_the_end(world, argv[2], argv[3]);
            else if (what == "writes" && argc == 3)
                die_while_writing(world, argv[2]);
            else if (what == "fills" && argc == 3)
                fill_the_disk(world, argv[2]);
            else if (what == "searches" && argc == 4)
                search_and_write(argv[2], argv[3] + std::to_string(world.rank()));
            else
                throw std::runtime_error("there is no '" + what + "'");
        },
        {.seconds = what == "train" && argc == 4 ? 60.0 : 3.0});
}
