// The refusal of Variables of float and of double in one operation, in one sentence of the compiler.
#pragma once

#include <xtape/core/variable.hpp>

#include <concepts>

namespace xtape::detail {

template <class T, class U>
concept OtherType = !std::same_as<T, U>;

template <class T, class U>
Variable<T> refuse_mixture() {
    static_assert(
        std::same_as<T, U>,
        "Variables of float and of double do not mix: make both of one type, as in Variable<double>(x.value())");
    return {};
}

}    // namespace xtape::detail
