// The ways in which the ten digits are written.
#pragma once

#include <cstddef>
#include <vector>

namespace xtape::train::detail {

// On a sheet of 100 x 100, x to the right and y down. The pen passes smoothly through a point unless it is a corner.
struct Point {
    int x, y;
    bool corner = false;
};

using Stroke = std::vector<Point>;    // from where the pen touches the paper to where it leaves it
using Glyph = std::vector<Stroke>;    // one way to write a digit
using Glyphs = std::vector<Glyph>;    // all ways that we know

// The ways to write `digit`, 0 to 9.
const Glyphs& glyphs(std::size_t digit);

}    // namespace xtape::train::detail
