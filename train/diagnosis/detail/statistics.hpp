// Numbers that describe arrays.
#pragma once

#include <xtape/train/diagnosis/measurements.hpp>

#include <cstddef>
#include <span>
#include <string_view>

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

// The deviation of each unit over the examples (the first axis), as a root mean square over the units; NaN for less
// than two axes.
template <class T>
double spread_over_examples(const Array<T>& y);
// Share of the rows of a matrix that equal the first one, up to rounding; NaN for less than two axes or rows.
template <class T>
double rows_alike(const Array<T>& weight);
// Share of sigmoid's or tanh's outputs where the function is so flat that it passes less than 5 % of its steepest
// slope; NaN for other operations.
template <class T>
double saturation(std::string_view operation, std::span<const T> y);

// Of at most 4096 of the values, evenly spread, in 40 bins; those that are not finite are left out.
template <class T>
Histogram histogram(std::span<const T> values);

}    // namespace xtape::train::detail
