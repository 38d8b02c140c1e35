// Dropping elements at random, for regularisation.
#pragma once

#include <xtape/core/random.hpp>
#include <xtape/core/variable.hpp>

namespace xtape {

// y = x M / (1 - p), where each element of the mask M is 0 with probability p, else 1; dy/dx = M / (1 - p), by the same
// mask, which is stored as one bit per element. Not inverted: y = x M, and evaluation has to multiply by 1 - p. p = 1
// gives zeros. Throws std::invalid_argument for p outside [0, 1]. Srivastava et al., "Dropout: a simple way to prevent
// neural networks from overfitting", 2014.
template <class T>
Variable<T> dropout(const Variable<T>& x, double p, Stream& stream, bool inverted = true);

// The same with default_generator()'s stream for dropout when training; else x.
template <class T>
Variable<T> dropout(const Variable<T>& x, double p = 0.5, bool training = true) {
    return training ? dropout(x, p, default_generator().dropout()) : x;
}

// As dropout, but whole features are dropped: M is the same along all axes from the third on. Throws ShapeError for
// less than two axes. Tompson et al., "Efficient object localization using convolutional networks", 2015.
template <class T>
Variable<T> feature_dropout(const Variable<T>& x, double p, Stream& stream);

// y = a (x M + c (1 - M)) + b, with c = -1.7580993408473766, the least value of SELU, a = ((1 - p)(1 + p c^2))^(-1/2)
// and b = -a c p, which leaves a mean of 0 and a variance of 1 as they are; dy/dx = a M. p = 1 gives zeros. Throws as
// dropout. Klambauer et al., "Self-normalizing neural networks", 2017.
template <class T>
Variable<T> alpha_dropout(const Variable<T>& x, double p, Stream& stream);

}    // namespace xtape
