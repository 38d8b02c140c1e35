// Einstein summation.
#pragma once

#include <xtape/core/variable.hpp>

#include <initializer_list>
#include <string_view>

namespace xtape {

// y = the products of the operands' elements, summed over the labels that the output lacks, as NumPy's einsum:
// "ij,jk->ik" is a matrix product, "ii->i" a diagonal, "bij,bjk" (without "->": labels that occur once, in alphabetical
// order) a sum of products, "...ij->...ji" a transpose of each matrix. Reduced to matmul, two operands at a time from
// the left; the derivative is theirs. Axes of length 1 broadcast. Throws ShapeError for labels that do not fit the
// operands or lengths that do not fit one another, std::invalid_argument for anything else in the equation.
template <class T>
Variable<T> einsum(std::string_view equation, const Variables<T>& operands);
template <class T>
Variable<T> einsum(std::string_view equation, std::initializer_list<Variable<T>> operands) {
    return einsum(equation, Variables<T>(operands));
}

}    // namespace xtape
