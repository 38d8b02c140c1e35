#include <xtape/core/random.hpp>
#include <xtape/nn/embedding.hpp>
#include <xtape/ops/index.hpp>
#include <xtape/ops/selection.hpp>

#include <algorithm>

namespace xtape::nn {

template <class T>
Embedding<T>::Embedding(Module<T>* owner, std::string_view name, Size count, Size length, EmbeddingOptions options)
    : Embedding::Module(owner, name),
      count_(this->checked_size("Embedding", "count", count.number)),
      length_(this->checked_size("Embedding", "length", length.number)),
      options_(options),
      weight(this, "weight", default_generator().initialisation().normal<T>({count_, length_})) {
    if (!options.padding_index) return;
    std::int64_t row = *options.padding_index;
    if (row < 0 || row >= static_cast<std::int64_t>(count_))
        this->refuse_option("Embedding",
                            "padding_index = " + std::to_string(row) + "; wanted 0 to " + std::to_string(count_ - 1));
    weight.update([&](Array<T>& value) {
        std::fill_n(value.storage().data() + static_cast<std::size_t>(row) * length_, length_, T(0));
    });
}

template <class T>
Variable<T> Embedding<T>::forward(const IntegerArray& indices) {
    if (!options_.padding_index) return embedding(weight, indices);
    // The padding row's gradient is cut where it is looked up.
    Variable<T> y = embedding(weight, indices);
    Shape shape = indices.shape();
    shape.push_back(1);
    Mask padding = empty_array<bool>(shape);
    for (std::size_t i = 0; i < indices.size(); ++i)
        padding.storage()[i] = indices.storage()[i] == *options_.padding_index;
    return where(padding, y.detach(), y);
}

template <class T>
std::string Embedding<T>::describe() const {
    return "Embedding(" + std::to_string(count_) + " x " + std::to_string(length_) + ")";
}

template class Embedding<float>;
template class Embedding<double>;

}    // namespace xtape::nn
