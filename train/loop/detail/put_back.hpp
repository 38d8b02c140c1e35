// PutBack<T>: has a model and the random streams as they were, when a scope ends.
#pragma once

#include <xtape/core/random.hpp>
#include <xtape/nn/module.hpp>

#include <vector>

namespace xtape::train::detail {

// Parameters, buffers, gradients and default_generator(), byte for byte. (Modes: nn::ModeGuard.)
template <class T>
class PutBack {
public:
    explicit PutBack(nn::Module<T>& model) : model_(model) {
        for (const auto& [name, parameter] : parameters_) {
            had_gradient_.push_back(parameter.has_grad());
            gradients_.push_back(parameter.has_grad() ? share(parameter.grad()) : Array<T>());
        }
    }
    PutBack(const PutBack&) = delete;
    PutBack& operator=(const PutBack&) = delete;
    ~PutBack() {
        load_values();
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            parameters_[i].parameter.zero_grad();
            if (had_gradient_[i]) parameters_[i].parameter.set_grad(std::move(gradients_[i]));
        }
    }
    // Values and random streams, while it goes on.
    void load_values() {
        model_.load_state(model_state_);
        default_generator().load_state(random_state_);
    }

private:
    nn::Module<T>& model_;
    Parameters<T> parameters_ = model_.named_parameters();
    State model_state_ = model_.state(), random_state_ = default_generator().state();
    std::vector<Array<T>> gradients_;
    std::vector<bool> had_gradient_;
};

}    // namespace xtape::train::detail
