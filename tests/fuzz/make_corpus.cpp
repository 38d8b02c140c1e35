// Writes the small checkpoints that fuzzing starts from: make_corpus FOLDER.
#include <xtape/io/checkpoint.hpp>

#include <filesystem>
#include <map>
#include <string>

int main(int count, char** arguments) {
    using namespace xtape;
    if (count != 2) return 2;
    std::filesystem::path folder = arguments[1];
    std::filesystem::create_directories(folder);
    State small, large;
    small.add("count", std::int64_t{3});
    small.add("rate", 0.5);
    small.add("name", std::string("text"));
    small.add("layer.weight", Array<float>({1.0F, 2.0F, 3.0F}));
    large.add("weight", Array<float>(Shape{70, 20}, 0.5F));
    large.add("order", Indices(Shape{600}, 7));
    State empty;
    io::save(folder / "empty.h5", {{"model", empty}});
    io::save(folder / "small.h5", {{"model", small}});
    io::save(folder / "chunks.h5", {{"model", large}}, {.chunk_bytes = 1024});
    io::save(folder / "packed.h5", {{"model", large}}, {.compression = 9, .chunk_bytes = 2048});
    State many;
    for (int i = 0; i < 40; ++i) many.add("layer.value" + std::to_string(i), std::int64_t{i});
    std::map<std::string, std::string> metadata;
    for (int i = 0; i < 20; ++i) metadata["note" + std::to_string(i)] = "text";
    io::save(folder / "many.h5", {{"model", many}}, {.metadata = metadata});
    io::save(folder / "half.h5", {{"model", large}}, {.float16 = [](std::string_view) { return true; }});
}
