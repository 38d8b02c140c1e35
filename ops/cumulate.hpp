// Running sums and products, and linear recurrences.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y_i = x_0 + ... + x_i along an axis; dx_i = g_i + ... + g_n. Sums are carried in double. Throws ShapeError for an
// axis that is not there, and for a number, which has none; so do all below.
template <class T>
Variable<T> cumsum(const Variable<T>& x, std::ptrdiff_t axis);

// y_i = x_0 ... x_i along an axis; dx_i = sum of g_k y_k / x_i over k >= i, computed without a division, so right at
// zeros.
template <class T>
Variable<T> cumprod(const Variable<T>& x, std::ptrdiff_t axis);

// s_i = a_i s_(i-1) + b_i along an axis, s_(-1) = 0; ds_i/db_i = 1, ds_i/da_i = s_(i-1), ds_i/ds_(i-1) = a_i. With
// `reverse` it runs from the last element to the first. Throws ShapeError when the shapes differ.
template <class T>
Variable<T> linear_recurrence(const Variable<T>& a, const Variable<T>& b, std::ptrdiff_t axis, bool reverse = false);

namespace detail {

// For each element the product of the others along the axis.
template <class T>
Variable<T> product_of_others(const Variable<T>& x, std::ptrdiff_t axis);

}    // namespace detail
}    // namespace xtape
