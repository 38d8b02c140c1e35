// Sums over many numbers in one pass.
#pragma once

#include <xtape/train/diagnosis/measurements.hpp>

#include <cstddef>
#include <span>

namespace xtape::train::detail {

// The sum of a[i] b[i]; in double where T's range does not do.
template <class T>
double dot(std::span<const T> a, std::span<const T> b);
// The Euclidean norm, and that of a - b.
template <class T>
double norm(std::span<const T> a);
template <class T>
double distance(std::span<const T> a, std::span<const T> b);

struct Moments {
    double mean, deviation, rms;
};
template <class T>
Moments moments(std::span<const T> values);

// Of at most 4096 of the values, evenly spread, in 40 bins; those that are not finite are left out.
template <class T>
Histogram histogram(std::span<const T> values);

}    // namespace xtape::train::detail
