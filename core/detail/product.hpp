// Products of whole matrices for who is not allowed to know ops/: see docs/adr/matrix-optimizers.md.
#pragma once

#include <xtape/core/array.hpp>

namespace xtape::detail {

// c = alpha a b + beta c, or with b transposed; row-major matrices that fit. The bits do not depend on the number of
// threads. Sizes above 2147483647 are a ShapeError.
enum class Transpose { no, yes };
template <class T>
void add_product(double alpha, const Array<T>& a, const Array<T>& b, Transpose b_transposed, double beta, Array<T>& c);

}    // namespace xtape::detail
