// IntegerArray: labels and places as functions take them.
#pragma once

#include <xtape/core/array.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace xtape {

namespace detail {

// An element of a braced list: any integer, signed or not, without a warning about narrowing.
struct Integer {
    std::ptrdiff_t number;
    template <std::integral I>
    Integer(I i) : number(static_cast<std::ptrdiff_t>(i)) {}
};

}    // namespace detail

// What a function of labels or places takes: Indices, any xtensor expression of integers, or a list of numbers of any
// integer types ({2, 0}). Floating-point numbers do not convert, for they would be truncated in silence.
class IntegerArray : public Indices {
public:
    IntegerArray(const Indices& array) : Indices(share(array)) {}
    IntegerArray(Indices&& array) noexcept : Indices(std::move(array)) {}
    template <std::integral... I>
    IntegerArray(I... numbers) : Indices(Shape{sizeof...(I)}) {
        std::ranges::copy(std::array<std::int64_t, sizeof...(I)>{static_cast<std::int64_t>(numbers)...},
                          storage().begin());
    }
    template <class E>
    IntegerArray(const xt::xexpression<E>& integers) : Indices(integers) {
        static_assert(std::is_integral_v<typename E::value_type>,
                      "labels and indices are integers: round floating-point numbers and cast them first, as in "
                      "xt::cast<std::int64_t>(xt::round(x))");
    }
};

}    // namespace xtape
