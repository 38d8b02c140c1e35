// What several ranks gain: mpirun --bind-to core -n 2 ranks_bench [--shards S] [--sizes 784,512,512,10] ...
//
// Rank 0 alone and all ranks together take turns at training the same network, with one thread each; what is printed is
// the least time of a step, and how many times the examples per second of one rank all ranks have.
#include <xtape/mpi.hpp>
#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xtape;

namespace {

struct Options {
    std::vector<std::size_t> sizes{784, 512, 512, 10};
    std::size_t batch = 256, steps = 40, rounds = 7;
    train::DataParallelOptions parallel = {};
};

Options parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        auto number = [&] {
            if (++i >= argc) throw std::invalid_argument(name + " wants a number");
            return static_cast<std::size_t>(std::stoull(argv[i]));
        };
        if (name == "--batch") {
            options.batch = number();
        } else if (name == "--steps") {
            options.steps = number();
        } else if (name == "--rounds") {
            options.rounds = number();
        } else if (name == "--shards") {
            options.parallel.shards = number();
        } else if (name == "--sizes" && i + 1 < argc) {
            options.sizes.clear();
            std::istringstream list(argv[++i]);
            for (std::string size; std::getline(list, size, ',');) options.sizes.push_back(std::stoull(size));
        } else {
            throw std::invalid_argument("got " + name + ", which is no option");
        }
    }
    return options;
}

// A network, its data, and the time that a step of its training takes.
class Training {
public:
    Training(const Options& options, train::Team<float>* team)
        : options_(options),
          team_(team),
          batches_(data(options), {.batch_size = options.batch, .shuffle = true, .seed = 1}) {
        for (std::size_t i = 1; i < options.sizes.size(); ++i) {
            net_.add<nn::Linear<float>>(options.sizes[i - 1], options.sizes[i]);
            if (i + 1 < options.sizes.size()) net_.add<nn::ReLU<float>>();
        }
        optimizer_ = std::make_unique<optim::AdamW<float>>(net_.parameters(), optim::AdamWOptions{.lr = 1e-4});
    }
    double milliseconds_of_a_step() {
        train::Trainer<float> trainer(net_, *optimizer_, train::classification<float>(),
                                      {.epochs = 1, .progress = train::Progress::none, .team = team_});
        const auto begin = std::chrono::steady_clock::now();
        trainer.fit(batches_);
        const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - begin;
        return time.count() / static_cast<double>(options_.steps);
    }

private:
    static train::Dataset<float> data(const Options& options) {
        Stream stream(1);
        const std::size_t count = options.batch * options.steps;
        Array<float> inputs = stream.normal<float>({count, options.sizes.front()});
        Indices labels = empty_array<std::int64_t>({count});
        for (auto& label : labels.storage()) label = stream.integer(static_cast<std::int64_t>(options.sizes.back()));
        return {std::move(inputs), std::move(labels)};
    }

    const Options& options_;
    train::Team<float>* team_;
    train::DataLoader<float> batches_;
    nn::Sequential<float> net_;
    std::unique_ptr<optim::AdamW<float>> optimizer_;
};

void compare(train::World& world, const Options& options) {
    set_num_threads(1);
    seed(1);
    train::DataParallel<float> parallel(world, options.parallel);
    Training alone(options, nullptr), together(options, &parallel);
    double one = std::numeric_limits<double>::infinity(), all = one;
    for (std::size_t round = 0; round < options.rounds; ++round) {
        if (world.is_root()) one = std::min(one, alone.milliseconds_of_a_step());
        world.barrier();
        all = std::min(all, together.milliseconds_of_a_step());
        world.barrier();
    }
    if (world.is_root())
        std::printf("ranks\t%zu\none_ms\t%.3f\nall_ms\t%.3f\nratio\t%.3f\n", world.size(), one, all, one / all);
}

}    // namespace

int main(int argc, char** argv) {
    return train::World::run([&](train::World& world) { compare(world, parse(argc, argv)); });
}
