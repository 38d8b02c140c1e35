// Data sets that the library makes: seeded, pure functions of their options, the same on every machine up to rounding.
#pragma once

#include <xtape/train/data/dataset.hpp>

#include <cstddef>
#include <cstdint>

namespace xtape::train {

struct SpiralOptions {
    std::size_t classes = 3;
    std::size_t per_class = 100;
    double noise = 0.05;    // deviation of the angle, in turns
    double turns = 0.65;    // that each arm makes
    std::uint64_t seed = 0;
};
// Interleaved spirals in the unit disc (2 inputs): CS231n's example of what a linear classifier cannot do.
template <class T>
Dataset<T> spirals(const SpiralOptions& options = {});

struct MoonOptions {
    std::size_t count = 200;
    double noise = 0.1;    // deviation of both coordinates
    std::uint64_t seed = 0;
};
// Two interleaved half circles (2 inputs, 2 classes).
template <class T>
Dataset<T> moons(const MoonOptions& options = {});

struct CircleOptions {
    std::size_t count = 200;
    double factor = 0.5;    // the inner circle's radius; the outer one's is 1
    double noise = 0.1;
    std::uint64_t seed = 0;
};
// A circle inside another (2 inputs, 2 classes: 0 outside).
template <class T>
Dataset<T> circles(const CircleOptions& options = {});

struct BlobOptions {
    std::size_t classes = 3;
    std::size_t per_class = 100;
    std::size_t features = 2;
    double spread = 1;    // deviation within a class; centres are uniform in [-10, 10)
    std::uint64_t seed = 0;
};
// Normal clouds around random centres.
template <class T>
Dataset<T> blobs(const BlobOptions& options = {});

struct LinearOptions {
    std::size_t count = 200;
    std::size_t features = 5;
    std::size_t informative = 0;    // features with a weight other than 0; 0: all
    double noise = 0.1;             // deviation of the target
    std::uint64_t seed = 0;
};
// y = x w + 1 + noise, x and w standard normal: targets (n, 1).
template <class T>
Dataset<T> linear_regression(const LinearOptions& options = {});

struct FriedmanOptions {
    std::size_t count = 200;
    std::size_t features = 10;    // at least 5; the others do not matter
    double noise = 1;
    std::uint64_t seed = 0;
};
// y = 10 sin(pi x0 x1) + 20 (x2 - 1/2)^2 + 10 x3 + 5 x4 + noise, x uniform in [0, 1): targets (n, 1). Friedman,
// "Multivariate adaptive regression splines", 1991.
template <class T>
Dataset<T> friedman(const FriedmanOptions& options = {});

}    // namespace xtape::train
