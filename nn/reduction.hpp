// What a loss does with the losses of its elements.
#pragma once

namespace xtape::nn {

// Their mean (which wants at least one: an empty batch is a ShapeError), their sum, or nothing.
enum class Reduction { mean, sum, none };

}    // namespace xtape::nn
