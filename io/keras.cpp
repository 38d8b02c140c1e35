#include <xtape/core/shape.hpp>
#include <xtape/io/keras.hpp>

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

namespace xtape::io {
namespace {

std::string without_number(std::string name) {
    if (name.ends_with(":0")) name.resize(name.size() - 2);
    return name;
}

template <class T>
Array<T> transposed(const Array<T>& kernel) {
    std::size_t rank = kernel.dimension();
    std::vector<std::size_t> order{rank - 1, rank - 2};
    for (std::size_t axis = 0; axis + 2 < rank; ++axis) order.push_back(axis);
    Shape shape(rank);
    for (std::size_t axis = 0; axis < rank; ++axis) shape[axis] = kernel.shape()[order[axis]];
    if (kernel.storage().empty()) return make_array(Storage<T>(), shape);    // a shape without values, too

    Array<T> result = empty_array<T>(shape);
    Strides from = contiguous_strides(kernel.shape());
    const T* source = kernel.storage().data();
    T* target = result.storage().data();
    std::vector<std::size_t> index(rank, 0);
    for (std::size_t i = 0; i < kernel.size(); ++i) {
        std::size_t at = 0;
        for (std::size_t axis = 0; axis < rank; ++axis) at += index[axis] * static_cast<std::size_t>(from[order[axis]]);
        target[i] = source[at];
        for (std::size_t axis = rank; axis-- > 0;) {
            if (++index[axis] < shape[axis]) break;
            index[axis] = 0;
        }
    }
    return result;
}

}    // namespace

bool is_keras_kernel(const std::string& name) {
    std::string plain = without_number(name);
    return plain == "kernel" || plain.ends_with(".kernel");
}

std::string keras_name(std::string name) {
    using Pair = std::pair<std::string_view, std::string_view>;
    constexpr std::array<Pair, 5> names{Pair{"kernel", "weight"}, Pair{"gamma", "weight"}, Pair{"beta", "bias"},
                                        Pair{"moving_mean", "running_mean"}, Pair{"moving_variance", "running_var"}};
    name = without_number(std::move(name));
    auto dot = name.rfind('.');
    std::size_t last = dot == std::string::npos ? 0 : dot + 1;
    for (auto [keras, ours] : names)
        if (std::string_view(name).substr(last) == keras) return name.substr(0, last) + std::string(ours);
    return name;
}

State::Value keras_transposed(const State::Value& kernel) {
    return std::visit(
        [&](const auto& v) -> State::Value {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, std::string>)
                return v;
            else
                return v.dimension() < 2 ? share(v) : transposed(v);
        },
        kernel);
}

}    // namespace xtape::io
