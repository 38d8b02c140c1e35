// Brings up a network as an experienced person would, step by step, and writes one page about all of it.
//
//     babysitting [--data DIR] [--report FILE] [--figures DIR]
//
// --data: MNIST's files; otherwise the library draws digits. --figures: each figure as a file of its own.
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>

#include "study.hpp"

using namespace xtape;

namespace {

struct Options {
    std::optional<std::filesystem::path> data;
    std::filesystem::path report = "babysitting.html";
    std::optional<std::filesystem::path> figures;
};

constexpr const char* usage = "usage: babysitting [--data DIR] [--report FILE] [--figures DIR]\n";

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) return {};
        if (std::strcmp(argv[i], "--data") == 0)
            options.data = argv[i + 1];
        else if (std::strcmp(argv[i], "--report") == 0)
            options.report = argv[i + 1];
        else if (std::strcmp(argv[i], "--figures") == 0)
            options.figures = argv[i + 1];
        else
            return {};
    }
    return options;
}

// 4000 digits to learn from and 1000 to validate with.
train::Split<float> load(const std::optional<std::filesystem::path>& folder) {
    const train::SplitOptions options{.validation_count = 1000, .stratified = true, .seed = 1};
    if (!folder) return train::split(train::digits<float>({.count = 5000, .seed = 1}), options);
    const auto mnist = train::read_mnist<float>(*folder).train;
    return train::split(train::split(mnist, {.validation_count = 5000, .stratified = true, .seed = 1}).validation,
                        options);
}

int run(const Options& options) {
    const auto parts = load(options.data);
    auto run_report = options.report;
    run_report.replace_filename(options.report.stem().string() + "_run.html");
    babysitting::Study study(parts.train, parts.validation, run_report);
    babysitting::before_training(study);
    babysitting::learning_rates(study);
    babysitting::optimizers(study);
    babysitting::decays(study);
    babysitting::regularisers(study);
    babysitting::random_against_grid(study);
    babysitting::coarse_to_fine(study);
    babysitting::the_run(study);
    study.finish();
    study.page.write(options.report);
    if (options.figures) study.page.write_figures(*options.figures);
    std::printf("The report is %s: open it in a browser.\n", std::filesystem::absolute(options.report).c_str());
    return 0;
}

}    // namespace

int main(int argc, char** argv) {
    const auto options = parse(argc, argv);
    if (!options) {
        std::fputs(usage, stderr);
        return 2;
    }
    try {
        return run(*options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "babysitting: %s\n", error.what());
        return 1;
    }
}
