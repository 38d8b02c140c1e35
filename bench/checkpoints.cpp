// A checkpoint of 100 MB, with its checksums.
#include <xtape/xtape.hpp>

#include <filesystem>

#include "runner.hpp"

using namespace xtape;

void bench::checkpoints() {
    const auto file = std::filesystem::temp_directory_path() / "xtape_bench.h5";
    State saved;
    saved.add("p", default_generator().general().normal<float>({25'000'000}));
    run(
        "checkpoint_save_100MB",
        [&] {
            io::save(file, {{"model", saved}}, {.durable = false});
        },
        3);
    run(
        "checkpoint_save_durable_100MB",
        [&] {
            io::save(file, {{"model", saved}});
        },
        3);
    run(
        "checkpoint_load_100MB",
        [&] {
            io::load(file, {{"model", saved}});
        },
        3);
    std::filesystem::remove(file);
}
