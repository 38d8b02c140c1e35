// Needs: the values that a derivative reads; the others are freed as soon as nobody holds them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace xtape {

struct Needs {
    std::uint32_t inputs;    // bit i: input i; the last bit: all from there on
    std::uint32_t outputs;
    constexpr bool input(std::size_t i) const { return (inputs >> std::min<std::size_t>(i, 31) & 1U) != 0; }
    constexpr bool output(std::size_t i = 0) const { return (outputs >> std::min<std::size_t>(i, 31) & 1U) != 0; }
    friend constexpr Needs operator|(Needs a, Needs b) { return {a.inputs | b.inputs, a.outputs | b.outputs}; }
};

namespace needs {

struct Output : Needs {
    constexpr Needs operator()(unsigned i) const { return {0, 1U << i}; }    // i < 31
};

inline constexpr Needs nothing{0, 0};
inline constexpr Needs inputs{0xFFFFFFFF, 0};
inline constexpr Output output{{0, 0xFFFFFFFF}};    // all outputs; of several, output(i) is the one
inline constexpr Needs all = inputs | output;
constexpr Needs input(unsigned i) { return {1U << i, 0}; }    // i < 31

}    // namespace needs
}    // namespace xtape
