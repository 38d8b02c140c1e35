#include <xtape/io/cifar10.hpp>
#include <xtape/io/detail/input_file.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>

namespace xtape::io {
namespace {

constexpr std::size_t pixels = std::size_t{3} * 32 * 32;

ColourImages joined(const std::vector<ColourImages>& parts) {
    std::size_t count = 0;
    for (const auto& part : parts) count += part.labels.size();
    ColourImages result{Array<std::uint8_t>(Shape{count, 3, 32, 32}), empty_array<std::int64_t>({count})};
    auto* image = result.images.data();
    auto* label = result.labels.data();
    for (const auto& part : parts) {
        image = std::copy(part.images.storage().cbegin(), part.images.storage().cend(), image);
        label = std::copy(part.labels.storage().cbegin(), part.labels.storage().cend(), label);
    }
    return result;
}

}    // namespace

ColourImages read_cifar10_file(const std::filesystem::path& path) {
    InputFile file("read_cifar10", path);
    std::vector<std::uint8_t> images;
    std::vector<std::int64_t> labels;
    std::array<std::uint8_t, 1 + pixels> record;
    for (std::size_t got; (got = file.read(record)) > 0;) {
        if (got != record.size())
            file.fail("is cut short in record " + std::to_string(labels.size() + 1) + "; wanted records of 3073 bytes");
        if (record[0] > 9)
            file.fail("has the label " + std::to_string(record[0]) + " in record " + std::to_string(labels.size() + 1) +
                      "; wanted 0 to 9");
        labels.push_back(record[0]);
        images.insert(images.end(), record.begin() + 1, record.end());
    }
    if (labels.empty()) file.fail("is empty; wanted records of 3073 bytes");
    ColourImages result{Array<std::uint8_t>(Shape{labels.size(), 3, 32, 32}),
                        empty_array<std::int64_t>({labels.size()})};
    std::copy(images.begin(), images.end(), result.images.data());
    std::copy(labels.begin(), labels.end(), result.labels.data());
    return result;
}

Cifar10 read_cifar10(const std::filesystem::path& folder) {
    Cifar10 result;
    std::vector<ColourImages> parts;
    for (int i = 1; i <= 5; ++i)
        parts.push_back(read_cifar10_file(folder / ("data_batch_" + std::to_string(i) + ".bin")));
    result.train = joined(parts);
    result.test = read_cifar10_file(folder / "test_batch.bin");
    std::ifstream names(folder / "batches.meta.txt");
    for (std::string line; std::getline(names, line);)
        if (!line.empty()) result.class_names.push_back(line);
    if (!result.class_names.empty() && result.class_names.size() != 10)
        throw Error("[read_cifar10] '" + (folder / "batches.meta.txt").string() + "' has " +
                    std::to_string(result.class_names.size()) + " names; wanted 10");
    return result;
}

}    // namespace xtape::io
