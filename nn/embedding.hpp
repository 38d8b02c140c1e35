// Embedding<T>: a row of numbers for each index.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xtape::nn {

struct EmbeddingOptions {
    std::optional<std::int64_t> padding_index = {};    // its row is initialised to zeros and is not trained
};

// y = the rows of the parameter `weight` (count, length) that the indices name; weight is initialised from N(0, 1).
// Called with Indices. Shapes any -> any + (length,). Throws std::out_of_range for an index outside 0 to count - 1,
// std::invalid_argument for sizes below 1 or a padding_index outside.
template <class T>
class Embedding : public Module<T, Variable<T>(const IntegerArray&)> {
public:
    Embedding(Size count, Size length, EmbeddingOptions options = {})
        : Embedding(nullptr, "", count, length, options) {}
    Embedding(Module<T>* owner, std::string_view name, Size count, Size length, EmbeddingOptions options = {});

    Variable<T> forward(const IntegerArray& indices) override;
    std::string describe() const override;

private:
    std::size_t count_, length_;
    EmbeddingOptions options_;

public:
    Parameter<T> weight;
};

extern template class Embedding<float>;
extern template class Embedding<double>;

}    // namespace xtape::nn
