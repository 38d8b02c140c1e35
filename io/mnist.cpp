#include <xtape/core/shape.hpp>
#include <xtape/io/idx.hpp>
#include <xtape/io/mnist.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

namespace xtape::io {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t side = 28, class_count = 10;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
    throw Error("[read_mnist] '" + path.string() + "' " + what);
}

// A file of the set by one of its names; a folder of such a name (as some unpackers make) only when there is no file.
std::optional<fs::path> find(const fs::path& folder, const std::string& stem, const std::string& type) {
    std::optional<fs::path> other;
    for (const auto* separator : {"-", "."})
        for (const auto* suffix : {"", ".gz"}) {
            auto path = folder / (stem + separator + type + suffix);
            std::error_code ignored;
            if (fs::is_regular_file(path, ignored)) return path;
            if (!other && fs::exists(path, ignored)) other = path;
        }
    return other;
}

Array<std::uint8_t> read_images(const fs::path& path) {
    auto images = read_idx(path);
    if (images.dimension() == 1)
        fail(path, "holds labels " + to_string(images.shape()) + "; wanted images (n, 28, 28)");
    if (images.dimension() != 3 || images.shape(1) != side || images.shape(2) != side)
        fail(path, "holds elements of shape " + to_string(images.shape()) + "; wanted images (n, 28, 28)");
    if (images.size() == 0) fail(path, "holds no images");
    return images;
}

Indices read_labels(const fs::path& path) {
    auto labels = read_idx(path);
    if (labels.dimension() == 3) fail(path, "holds images " + to_string(labels.shape()) + "; wanted labels (n,)");
    if (labels.dimension() != 1)
        fail(path, "holds elements of shape " + to_string(labels.shape()) + "; wanted labels (n,)");
    const auto* first = std::as_const(labels).data();
    const auto* last = first + labels.size();
    const auto* bad = std::find_if(first, last, [](std::uint8_t label) { return label >= class_count; });
    if (bad != last)
        fail(path, "has the label " + std::to_string(*bad) + " at position " + std::to_string(bad - first) +
                       "; wanted labels of 0 to 9");
    return labels;
}

// The set whose files begin with `name`, when any of its two files is there.
std::optional<ImageSet> read_set(const fs::path& folder, const std::string& name) {
    auto images = find(folder, name + "-images", "idx3-ubyte");
    auto labels = find(folder, name + "-labels", "idx1-ubyte");
    if (!images && !labels) return std::nullopt;
    if (!labels) fail(folder, "has " + images->filename().string() + " but no " + name + "-labels-idx1-ubyte[.gz]");
    if (!images) fail(folder, "has " + labels->filename().string() + " but no " + name + "-images-idx3-ubyte[.gz]");
    ImageSet set{read_images(*images), read_labels(*labels)};
    if (set.images.shape(0) != set.labels.size())
        fail(*labels, "has " + std::to_string(set.labels.size()) + " labels for the " +
                          std::to_string(set.images.shape(0)) + " images of " + images->filename().string());
    return set;
}

ImageSet part(const ImageSet& set, std::size_t begin, std::size_t end) {
    ImageSet result{Array<std::uint8_t>(Shape{end - begin, side, side}), Indices(Shape{end - begin})};
    std::copy(set.images.data() + begin * side * side, set.images.data() + end * side * side, result.images.data());
    std::copy(set.labels.data() + begin, set.labels.data() + end, result.labels.data());
    return result;
}

}    // namespace

Mnist read_mnist(const fs::path& folder) {
    std::error_code error;
    auto status = fs::status(folder, error);
    if (status.type() == fs::file_type::not_found) fail(folder, "does not exist; wanted a folder with MNIST's files");
    if (status.type() == fs::file_type::none) fail(folder, "cannot be accessed: " + error.message());
    if (!fs::is_directory(status)) fail(folder, "is not a folder; wanted a folder with MNIST's files");

    auto train = read_set(folder, "train");
    auto test = read_set(folder, "t10k");
    if (!train && !test)
        fail(folder, "has none of MNIST's files, such as train-images-idx3-ubyte or t10k-images-idx3-ubyte.gz");
    if (train && test) return {std::move(*train), std::move(*test)};

    const ImageSet& only = train ? *train : *test;
    std::size_t count = only.labels.size(), test_count = count / 5;
    if (test_count == 0)
        fail(folder,
             "has " + std::to_string(count) + " images; wanted at least 5 to set a fifth of them aside as test");
    return {part(only, 0, count - test_count), part(only, count - test_count, count)};
}

}    // namespace xtape::io
