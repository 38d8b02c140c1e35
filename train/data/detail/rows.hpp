// Gathering rows of arrays, and the identity of examples.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/train/data/source.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace xtape::train::detail {

// y[i, ...] = x[rows[i], ...].
template <class T>
Array<T> take_rows(const Array<T>& x, Rows rows) {
    Shape shape = x.shape();
    shape[0] = rows.size();
    Array<T> y = empty_array<T>(shape);
    if (y.size() == 0) return y;
    const std::size_t length = y.size() / rows.size();
    const T* from = x.storage().data();
    T* to = y.storage().data();
    for (std::size_t i = 0; i < rows.size(); ++i)
        std::copy_n(from + static_cast<std::size_t>(rows[i]) * length, length, to + i * length);
    return y;
}

// Every example has a number of its own for as long as the program runs, whatever subset it is seen through.
std::uint64_t fresh_identities(std::size_t count);

// The examples that a split keeps from training, sorted. Whoever is fitted on one of them has seen what it will be
// judged by.
using HeldOut = std::vector<std::uint64_t>;
void register_held_out(const std::shared_ptr<const HeldOut>& held_out);
// The splits that are in use now.
std::vector<std::shared_ptr<const HeldOut>> live_splits();

}    // namespace xtape::train::detail
