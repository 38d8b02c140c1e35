// Whether the time to read a file grows as its parts do: four times as many chunks, values or attributes. The last
// column says how many times as long it takes; 4 is linear.
#include <xtape/xtape.hpp>

#include <filesystem>
#include <sstream>

#include "runner.hpp"

using namespace xtape;

namespace {

const std::filesystem::path& file() {
    static const auto path = std::filesystem::temp_directory_path() / "xtape_bench_growth.h5";
    return path;
}

// Times `action` over the files that `make` writes for a size and four times that size.
template <class Make, class Action>
void grow(const std::string& name, std::size_t size, const Make& make, const Action& action) {
    double small = 0;
    for (std::size_t n : {size, 4 * size}) {
        std::string full = "file_growth/" + name + "/" + std::to_string(n);
        if (!bench::wanted(full)) continue;
        make(n);
        small = bench::run(full, action, 1.0, small);
    }
    std::filesystem::remove(file());
}

}    // namespace

void bench::file_growth() {
    constexpr std::size_t chunk_bytes = 1024;
    auto save_chunks = [](std::size_t n) {
        State state;
        state.add("a", Array<float>(Shape{n * chunk_bytes / sizeof(float)}, 0.5F));
        io::save(file(), {{"model", state}}, {.durable = false, .chunk_bytes = chunk_bytes});
    };
    auto save_values = [](std::size_t n) {
        State state;
        for (std::size_t i = 0; i < n; ++i) state.add("v" + std::to_string(i), static_cast<double>(i));
        io::save(file(), {{"model", state}}, {.durable = false});
    };
    auto save_attributes = [](std::size_t n) {
        std::map<std::string, std::string> metadata;
        for (std::size_t i = 0; i < n; ++i) metadata["note" + std::to_string(i)] = "text";
        State state;
        io::save(file(), {{"model", state}}, {.durable = false, .metadata = metadata});
    };
    auto read = [] { io::read_state(file()); };
    grow("chunks", 4096, save_chunks, read);
    grow("values", 1000, save_values, read);
    grow("inspect", 1000, save_values, [] {
        std::ostringstream out;
        io::inspect(file(), out);
    });
    grow("attributes", 1250, save_attributes, [] { io::read_metadata(file()); });
}
