#include "data.hpp"

#include <xtape/io/mnist.hpp>

#include <algorithm>
#include <utility>

#include "strokes.hpp"

namespace digits {
namespace {

// One row an image, 0 to 255 scaled to 0 to 1.
xtape::Array<float> rows(const xtape::Array<std::uint8_t>& images) {
    xtape::Array<float> result(xtape::Shape{images.shape(0), images.shape(1) * images.shape(2)});
    std::transform(images.data(), images.data() + images.size(), result.data(),
                   [](std::uint8_t level) { return static_cast<float>(level) / 255.0F; });
    return result;
}

xtape::Array<float> rows(const xtape::Array<float>& images) {
    return xtape::share(images, xtape::Shape{images.shape(0), images.shape(1) * images.shape(2)});
}

}    // namespace

Digits read_digits(const std::filesystem::path& folder) {
    auto [train, test] = xtape::io::read_mnist(folder);
    return {rows(train.images), std::move(train.labels), rows(test.images), std::move(test.labels)};
}

Digits draw_data(std::uint64_t seed, const DrawOptions& options) {
    // Far apart, so that no two sensible seeds share digits.
    constexpr std::uint64_t test_stream = 0x9e3779b97f4a7c15;
    auto train = draw_digits(options.train_count, seed);
    auto test = draw_digits(options.test_count, seed + test_stream);
    return {rows(train.images), std::move(train.labels), rows(test.images), std::move(test.labels)};
}

}    // namespace digits
