// What all losses share: reductions, and the checks of targets. For the sources of this folder.
#pragma once

#include <xtape/core/error.hpp>
#include <xtape/nn/reduction.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace xtape::nn {

[[noreturn]] inline void refuse_loss(const char* name, const std::string& got_and_wanted) {
    throw std::invalid_argument("[" + std::string(name) + "] got " + got_and_wanted);
}

// "(2, 0)" for the place of an element in row-major order.
inline std::string place_of(std::size_t element, const Shape& shape) {
    Shape place(shape.size(), 0);
    for (std::size_t d = shape.size(); d-- > 0; element /= shape[d]) place[d] = element % shape[d];
    return to_string(place);
}

inline void require_examples(const char* name, const Shape& shape) {
    if (element_count(shape) == 0)
        throw ShapeError("[" + std::string(name) + "] got an empty batch, of the shape " + to_string(shape) +
                         "; wanted at least one element to take the mean of");
}

// No broadcasting: (N,) against (N, 1) is a mistake that would go unnoticed.
inline void require_same(const char* name, const Shape& x, const Shape& target) {
    if (!same_shape(x, target))
        throw ShapeError("[" + std::string(name) + "] got the shapes " + to_string(x) + " and " + to_string(target) +
                         "; wanted the same");
}

// The first element that is not allowed, or the size.
template <class T, class Allowed>
std::size_t first_refused(const Array<T>& values, Allowed allowed) {
    const T* x = values.storage().data();
    const std::size_t size = values.size();
    constexpr std::size_t step = 256;    // looked through at once, in SIMD registers
    for (std::size_t i = 0; i < size; i += step) {
        const std::size_t end = std::min(size, i + step);
        int refused = 0;
        for (std::size_t k = i; k < end; ++k) refused |= allowed(x[k]) ? 0 : 1;
        if (refused == 0) continue;
        while (allowed(x[i])) ++i;
        return i;
    }
    return size;
}

template <class T>
void require_numbers(const char* name, const Variable<T>& target) {
    const Array<T>& values = target.value();
    if (std::size_t i = first_refused(values, [](T t) { return t == t; }); i < values.size())
        refuse_loss(name, "NaN as the target at index " + place_of(i, values.shape()) + "; wanted a number");
}

// Labels of `classes` classes; `ignored`, if any, is allowed as well.
inline void require_labels(const char* name, const Indices& labels, std::size_t classes,
                           std::optional<std::int64_t> ignored) {
    const auto n = static_cast<std::int64_t>(classes);
    const std::size_t i = first_refused(labels, [=](std::int64_t label) {
        return (label >= 0 && label < n) || (ignored.has_value() && label == *ignored);
    });
    if (i < labels.size())
        throw std::out_of_range("[" + std::string(name) + "] got the label " + std::to_string(labels.storage()[i]) +
                                " at index " + place_of(i, labels.shape()) + "; wanted 0 to " + std::to_string(n - 1));
}

template <class T>
Variable<T> reduced(const char* name, const Variable<T>& losses, Reduction reduction) {
    if (reduction == Reduction::none) return losses;
    if (reduction == Reduction::sum) return sum(losses);
    require_examples(name, losses.shape());
    return mean(losses);
}

}    // namespace xtape::nn
