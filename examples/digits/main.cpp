// Trains a small network to read digits, and tests it on digits that it has not seen.
#include <xtape/xtape.hpp>

#include <cstdio>
#include <exception>
#include <span>

#include "training.hpp"

namespace {

int run(const digits::Options& options) {
    xtape::train::World world;    // the ranks that mpirun has started, or this process alone
    if (options.threads != 0) xtape::set_num_threads(static_cast<int>(options.threads));
    xtape::seed(options.seed);
    const auto data = digits::load(options);
    digits::Classifier net(options.hidden);
    if (world.is_root())
        std::printf("%zu digits to learn from, %zu to test with\n%s", data.train.size(), data.test.size(),
                    net.summary({1, 784}).c_str());
    digits::fit(world, net, data.train, options);
    if (!world.is_root()) return 0;
    std::printf("test accuracy: %.4f\n", digits::accuracy(net, data.test));
    return 0;
}

}    // namespace

int main(int argc, char** argv) {
    try {
        digits::Options options = digits::parse_options(std::span<const char* const>(argv + 1, argv + argc));
        if (options.help) {
            std::fputs(digits::usage().c_str(), stdout);
            return 0;
        }
        return run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "digits: %s\n", error.what());
        return 1;
    }
}
