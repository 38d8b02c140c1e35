// The digits to learn from, and others to test with.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace digits {

struct Digits {
    xtape::Array<float> train_images;    // (n, 784), 0 is the background and 1 full ink
    xtape::Indices train_labels;         // (n,), 0 to 9
    xtape::Array<float> test_images;
    xtape::Indices test_labels;
};

// MNIST's files in `folder`; see xtape::io::read_mnist, whose io::Error it lets through.
Digits read_digits(const std::filesystem::path& folder);

struct DrawOptions {
    std::size_t train_count = 20'000, test_count = 4'000;
};

// Digits drawn by the program: the same ones for the same seed, the test set from random numbers of its own.
Digits draw_data(std::uint64_t seed, const DrawOptions& options = {});

}    // namespace digits
