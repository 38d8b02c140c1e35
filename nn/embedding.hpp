// Layers that rearrange or look up.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace xtape::nn {

struct EmbeddingOptions {
    std::optional<std::int64_t> padding_index = {};    // its row begins as zeros and is not trained
};

// y = the rows of the parameter `weight` (count, length) that the indices name; weight begins as N(0, 1). Called with
// Indices. Shapes any -> any + (length,). Throws std::out_of_range for an index outside 0 to count - 1,
// std::invalid_argument for sizes below 1 or a padding_index outside.
template <class T>
class Embedding : public Module<T> {
public:
    Embedding(Size count, Size length, EmbeddingOptions options = {})
        : Embedding(nullptr, "", count, length, options) {}
    Embedding(Module<T>* owner, std::string_view name, Size count, Size length, EmbeddingOptions options = {});

    using Module<T>::forward;
    Variable<T> forward(const Indices& indices);
    Variable<T> operator()(const Indices& indices) {
        return this->watched([&] { return forward(indices); });
    }
    std::string kind() const override { return "Embedding"; }
    std::string describe() const override;

private:
    std::size_t count_, length_;
    EmbeddingOptions options_;

public:
    Parameter<T> weight;
};

// y = x with its axes from `first` to `last` joined to one; by default all but the first.
template <class T>
class Flatten : public Module<T> {
public:
    explicit Flatten(std::ptrdiff_t first = 1, std::ptrdiff_t last = -1) : Flatten(nullptr, "", first, last) {}
    Flatten(Module<T>* owner, std::string_view name, std::ptrdiff_t first = 1, std::ptrdiff_t last = -1)
        : Module<T>(owner, name), first_(first), last_(last) {}
    Variable<T> forward(const Variable<T>& x) override;
    std::string kind() const override { return "Flatten"; }

private:
    std::ptrdiff_t first_, last_;
};

// y = x.
template <class T>
class Identity : public Module<T> {
public:
    Identity() = default;
    using Module<T>::Module;
    Variable<T> forward(const Variable<T>& x) override { return x; }
    std::string kind() const override { return "Identity"; }
};

extern template class Embedding<float>;
extern template class Embedding<double>;
extern template class Flatten<float>;
extern template class Flatten<double>;

}    // namespace xtape::nn
