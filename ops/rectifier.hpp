// Activation functions in pieces: relu and its relatives.
#pragma once

#include <xtape/core/variable.hpp>

namespace xtape {

// y = max(x, 0); dy/dx = 1 where x > 0, else 0.
template <class T>
Variable<T> relu(const Variable<T>& x);
// y = min(max(x, 0), 6); dy/dx = 1 where 0 < x < 6, else 0.
template <class T>
Variable<T> relu6(const Variable<T>& x);
// y = x where x > 0, else a x; dy/dx = 1 where x > 0, else a.
template <class T>
Variable<T> leaky_relu(const Variable<T>& x, double negative_slope = 0.01);
// y = x where x > 0, else w x; dy/dx = 1 where x > 0, else w; dy/dw = 0 where x > 0, else x. The weight has one
// element, or one for each position along axis 1 of x. Throws ShapeError when it has neither.
template <class T>
Variable<T> prelu(const Variable<T>& x, const Variable<T>& weight);

// y = x where x > 0, else alpha (e^x - 1); dy/dx = 1 where x > 0, else alpha e^x. (Clevert et al., arXiv:1511.07289)
template <class T>
Variable<T> elu(const Variable<T>& x, double alpha = 1);
// y = scale elu(x, alpha) with alpha = 1.6732632..., scale = 1.0507009..., which keep mean 0 and variance 1; dy/dx =
// scale where x > 0, else scale alpha e^x. (Klambauer et al., arXiv:1706.02515)
template <class T>
Variable<T> selu(const Variable<T>& x);
// y = x where x > 0, else alpha (e^(x / alpha) - 1); dy/dx = 1 where x > 0, else e^(x / alpha). Throws
// std::invalid_argument for alpha = 0. (Barron, arXiv:1704.07483)
template <class T>
Variable<T> celu(const Variable<T>& x, double alpha = 1);

// y = min(max(x, lower), upper); dy/dx = 1 where lower < x < upper, else 0. Throws std::invalid_argument when lower >
// upper.
template <class T>
Variable<T> hardtanh(const Variable<T>& x, double lower = -1, double upper = 1);
// y = min(max(x + 3, 0), 6) / 6; dy/dx = 1/6 where -3 < x < 3, else 0.
template <class T>
Variable<T> hardsigmoid(const Variable<T>& x);
// y = x hardsigmoid(x); dy/dx = 0 where x < -3, x / 3 + 1/2 where -3 <= x <= 3, 1 where x > 3. (Howard et al.,
// arXiv:1905.02244)
template <class T>
Variable<T> hardswish(const Variable<T>& x);

}    // namespace xtape
