// The model: two hidden layers with batch normalisation and dropout.
#pragma once

#include <xtape/xtape.hpp>

#include <cstddef>

namespace digits {

struct Classifier : xtape::nn::Module<float> {
    xtape::nn::Linear<float> fc1, fc2, fc3;
    xtape::nn::BatchNorm<float> norm1, norm2;
    xtape::nn::Dropout<float> dropout1, dropout2;

    explicit Classifier(std::size_t hidden)
        : fc1(this, "fc1", 784, hidden),
          fc2(this, "fc2", hidden, hidden),
          fc3(this, "fc3", hidden, 10),
          norm1(this, "norm1", hidden),
          norm2(this, "norm2", hidden),
          dropout1(this, "dropout1", 0.3),
          dropout2(this, "dropout2", 0.3) {}

    xtape::Variable<float> forward(const xtape::Variable<float>& x) override {
        auto hidden = dropout1(xtape::relu(norm1(fc1(x))));
        return fc3(dropout2(xtape::relu(norm2(fc2(hidden)))));
    }
};

}    // namespace digits
