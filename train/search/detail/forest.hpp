// A forest of regression trees over the unit cube, and how much of its variance each coordinate explains.
#pragma once

#include <cstddef>
#include <vector>

namespace xtape::train::detail {

// The share of the variance of a forest, fitted to values at points of [0, 1]^dimension, that each coordinate explains
// by itself: the main effects of functional ANOVA, averaged over the trees.
std::vector<double> main_effects(const std::vector<std::vector<double>>& points, const std::vector<double>& values,
                                 std::size_t dimension);

}    // namespace xtape::train::detail
