// A small stateful thing for tests of checkpoints, and what they ask of errors.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/error.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>

namespace files {

template <class T>
xtape::Array<T> counting(const xtape::Shape& shape, T step) {
    auto array = xtape::empty_array<T>(shape);
    for (std::size_t i = 0; i < array.size(); ++i) array.storage()[i] = static_cast<T>(i) * step;
    return array;
}

// A weight small enough for HDF5's header, one that is cut into chunks, a count and a text.
struct Thing {
    xtape::Array<float> weight = counting<float>({2, 3}, 1.0F);
    xtape::Array<float> large = counting<float>({40, 100}, 0.5F);
    std::int64_t count = 1;
    std::string name = "thing";

    xtape::State state() const {
        xtape::State state;
        state.add("weight", share(weight));
        state.add("large", share(large));
        state.add("count", count);
        state.add("name", name);
        return state;
    }
    void load_state(const xtape::State& state) {
        weight = share(state.get<xtape::Array<float>>("weight"));
        large = share(state.get<xtape::Array<float>>("large"));
        count = state.get<std::int64_t>("count");
        name = state.get<std::string>("name");
    }
};

inline bool same(const xtape::State& a, const xtape::State& b) {
    if (!compare_layout(a, b).empty()) return false;
    for (const auto& [name, value] : a)
        if (!identical(value, b.at(name))) return false;
    return true;
}

// The text of the io::Error that `action` throws.
template <class Action>
std::string message_of(const Action& action) {
    try {
        action();
    } catch (const xtape::io::Error& error) {
        return error.what();
    }
    throw std::logic_error("no io::Error was thrown");
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace files
