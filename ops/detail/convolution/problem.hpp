// The three recorded operations that convolutions are made of: each is the derivative of the others.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/ops/detail/convolution.hpp>

#include <cstddef>

namespace xtape::detail {

// Which convolution an operation belongs to: that of x (batch, groups in, ...) with w to y (batch, groups out, ...).
struct Problem {
    ConvolutionShape sizes;
    std::size_t rank;

    Shape x() const { return shape(sizes.batch, sizes.groups * sizes.in, &ConvolutionAxis::input); }
    Shape w() const { return shape(sizes.groups * sizes.out, sizes.in, &ConvolutionAxis::kernel); }
    Shape y() const { return shape(sizes.batch, sizes.groups * sizes.out, &ConvolutionAxis::output); }

private:
    Shape shape(std::size_t first, std::size_t second, std::size_t ConvolutionAxis::*length) const {
        Shape result{first, second};
        for (std::size_t d = 3 - rank; d < 3; ++d) result.push_back(sizes.axes[d].*length);
        return result;
    }
};

// y of x and w, with a bias for each channel if it is defined.
template <class T>
Variable<T> convolution(const Problem& problem, const Variable<T>& x, const Variable<T>& w,
                        const Variable<T>& bias = {});
// x of y and w.
template <class T>
Variable<T> convolution_transposed(const Problem& problem, const Variable<T>& y, const Variable<T>& w,
                                   const Variable<T>& bias = {});
// w of x and y.
template <class T>
Variable<T> convolution_for_weights(const Problem& problem, const Variable<T>& x, const Variable<T>& y);

}    // namespace xtape::detail
