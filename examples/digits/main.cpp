// Trains a small network to read digits, and tests it on digits that it has not seen.
#include <xtape/xtape.hpp>

#include <cstdio>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>

#include "training.hpp"

using namespace xtape;

namespace {

void run(train::World& world, const digits::Options& options) {
    if (options.threads != 0) set_num_threads(static_cast<int>(options.threads));
    seed(options.seed);
    const auto data = digits::load(options);
    digits::Classifier net(options.hidden);
    if (world.is_root())
        std::printf("%zu digits to learn from, %zu to test with\n%s", data.train.size(), data.test.size(),
                    net.summary({1, 784}).c_str());
    digits::fit(world, net, data.train, options);
    if (world.is_root()) std::printf("test accuracy: %.4f\n", digits::accuracy(net, data.test));
}

}    // namespace

int main(int argc, char** argv) {
    // The ranks that mpirun has started, or this process alone.
    return train::World::run([&](train::World& world) {
        try {
            const digits::Options options = digits::parse_options(std::span<const char* const>(argv + 1, argv + argc));
            if (!options.help)
                run(world, options);
            else if (world.is_root())
                std::fputs(digits::usage().c_str(), stdout);
        } catch (const std::exception& error) {
            throw std::runtime_error(std::string("digits: ") + error.what());
        }
    });
}
