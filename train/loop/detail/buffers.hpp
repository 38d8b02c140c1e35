// A model's buffers, apart from its parameters.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/nn/module.hpp>

namespace xtape::train::detail {

// A model's buffers take the values that they have here, and keep those that they do not.
template <class T>
void set_buffers(nn::Module<T>& model, const State& buffers) {
    if (buffers.empty()) return;
    State state;
    for (const auto& [name, value] : model.state()) {
        const State::Value* other = buffers.find(name);
        state.add(name, other == nullptr ? value : *other);
    }
    model.load_state(state);
}

}    // namespace xtape::train::detail
