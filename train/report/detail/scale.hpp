// Axes: from numbers to places, and the numbers that stand beside them.
#pragma once

#include <string>
#include <vector>

namespace xtape::train::detail {

struct Tick {
    double value;
    std::string label;    // empty: a small one
};

// Multiples of 1, 2 or 5 times a power of ten within [low, high], about `count` of them. On a logarithmic axis powers
// of ten, between which 2 and 5, or small ones, stand where there is room.
std::vector<Tick> ticks(double low, double high, bool log, int count);

// The range of an axis over values: those that a tick would be put at, at both ends (not for a logarithmic axis, where
// a margin of 4 % of the decades is added). A range without extent is given one; one without values is [0, 1].
struct Range {
    double low, high;
};
Range rounded(Range range, bool log);

// A number's place on an axis whose ends are at `from` and `to`.
struct Scale {
    Range range;
    bool log;
    double from, to;

    double operator()(double value) const;
    bool shows(double value) const;    // finite, and on the axis at all
};

}    // namespace xtape::train::detail
