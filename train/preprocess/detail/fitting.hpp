// What fits share: walking through data that may not fit into memory, and taking over arrays of a state.
#pragma once

#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/state.hpp>
#include <xtape/train/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

namespace xtape::train::detail {

// Calls use(inputs) for the examples in order, some thousand at a time.
template <class T, class Use>
void for_blocks(const Dataset<T>& data, const Use& use) {
    constexpr std::size_t block = 4096;
    std::vector<std::int64_t> rows;
    for (std::size_t begin = 0; begin < data.size(); begin += block) {
        rows.resize(std::min(block, data.size() - begin));
        std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(begin));
        use(data.fetch(rows).inputs.value());
    }
}

// The shape of one example among several.
inline Shape example_of(const Shape& inputs) { return Shape(inputs.begin() + 1, inputs.end()); }

template <class T>
std::size_t features(const Array<T>& inputs) {
    return inputs.shape()[0] == 0 ? 0 : inputs.size() / inputs.shape()[0];
}

// Whether the examples are fit to be learnt from.
template <class T>
void check_fit(const char* who, const Dataset<T>& data) {
    data.refuse_held_out(who);
    if (data.size() == 0) throw Error(std::string("[") + who + "] got no examples to be fitted on");
}

// An entry of a state; its absence or another type is a StateError that names who wanted it.
template <class V>
const V& wanted(const char* who, const State& state, const char* name) {
    try {
        return state.get<V>(name);
    } catch (const StateError& error) {
        throw StateError(std::string("[") + who + "] got a state that does not fit: " + error.what());
    }
}

}    // namespace xtape::train::detail
