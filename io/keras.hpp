// Weights of Keras in the names and orders of xtape (which are PyTorch's).
#pragma once

#include <xtape/core/state.hpp>

#include <string>

namespace xtape::io {

// The name with its last part translated: kernel -> weight, gamma -> weight, beta -> bias, moving_mean -> running_mean,
// moving_variance -> running_var; a ":0" at the end goes. LoadOptions::keras uses it after LoadOptions::rename.
std::string keras_name(std::string name);

// Whether the last part is `kernel`, which Keras stores as (inputs, outputs) or (height, width, inputs, outputs).
bool is_keras_kernel(const std::string& name);

// The kernel as (outputs, inputs, ...); an array with fewer than two axes, or no array, as it is.
State::Value keras_transposed(const State::Value& kernel);

}    // namespace xtape::io
