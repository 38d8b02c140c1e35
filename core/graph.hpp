// Looking at a graph.
#pragma once

#include <xtape/core/variable.hpp>

#include <string>

namespace xtape {

// The graph that `variable` was computed by, in Graphviz's language: `dot -Tsvg`. Boxes are operations with the shape
// of their value, ellipses are leaves with their names and shapes; what a derivative reads has a full line.
template <class T>
std::string to_dot(const Variable<T>& variable);

}    // namespace xtape
