// Initialisers. Each replaces a leaf's value, drawing from default_generator()'s
// initialisation stream. Fans are PyTorch's: of a weight (out, in, ...), fan_in = in and fan_out = out, times the
// lengths of the further axes.
#pragma once

#include <xtape/nn/parameter.hpp>

#include <cstddef>

namespace xtape::nn {
namespace init {

// w = number.
template <class T>
void constant(Variable<T>& w, double number);
// w ~ U[low, high). Throws std::invalid_argument for high < low.
template <class T>
void uniform(Variable<T>& w, double low = 0, double high = 1);
// w ~ N(mean, deviation^2). Throws std::invalid_argument for a negative deviation.
template <class T>
void normal(Variable<T>& w, double mean = 0, double deviation = 1);

struct TruncatedNormal {
    double mean = 0, deviation = 1;
    double low = -2, high = 2;    // bounds of w itself, as PyTorch's
};
// w ~ N(mean, deviation^2) given low <= w <= high, by inversion of the distribution function. Throws
// std::invalid_argument for high <= low or a deviation that is not positive.
template <class T>
void truncated_normal(Variable<T>& w, TruncatedNormal options = {});

// w = 1 on the diagonal, else 0. Throws ShapeError unless w is a matrix.
template <class T>
void eye(Variable<T>& w);

// w = gain Q, Q with orthonormal rows or columns (whichever are fewer), uniformly distributed; further axes are joined
// to the columns. Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks",
// 2013. Throws ShapeError for less than two axes.
template <class T>
void orthogonal(Variable<T>& w, double gain = 1);

// w ~ N(0, deviation^2), and in each column a part `sparsity` of the elements, rounded up, is 0. Martens, "Deep
// learning via Hessian-free optimization", 2010. Throws ShapeError unless w is a matrix, std::invalid_argument for a
// sparsity outside [0, 1].
template <class T>
void sparse(Variable<T>& w, double sparsity, double deviation = 0.01);

// w ~ U(-a, a), a = gain sqrt(6 / (fan_in + fan_out)); w ~ N(0, s^2), s = gain sqrt(2 / (fan_in + fan_out)). Glorot and
// Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010. Throw ShapeError for less
// than two axes.
template <class T>
void xavier_uniform(Variable<T>& w, double gain = 1);
template <class T>
void xavier_normal(Variable<T>& w, double gain = 1);

enum class Fan { in, out };
enum class Nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

// PyTorch's recommended gain: 1, 1, 5/3, sqrt 2, sqrt(2 / (1 + slope^2)), 3/4.
double gain(Nonlinearity nonlinearity, double slope = 0.01);

struct Kaiming {
    Nonlinearity nonlinearity = Nonlinearity::leaky_relu;
    double slope = 0;    // of leaky_relu, PyTorch's `a`
    Fan fan = Fan::in;
};
// w ~ U(-a, a), a = gain sqrt(3 / fan); w ~ N(0, s^2), s = gain / sqrt(fan). He et al., "Delving deep into rectifiers",
// 2015. Throw ShapeError for less than two axes.
template <class T>
void kaiming_uniform(Variable<T>& w, Kaiming options = {});
template <class T>
void kaiming_normal(Variable<T>& w, Kaiming options = {});

// w ~ N(0, scale^2): CS231n's small random numbers, 0.01 randn.
template <class T>
void small_random(Variable<T>& w, double scale = 0.01);
// w ~ N(0, 1 / fan_in): CS231n's randn / sqrt(n).
template <class T>
void inverse_sqrt_fan_in(Variable<T>& w);

struct Lsuv {
    double tolerance = 0.1;    // of the variance
    int max_iterations = 10;
};
// Layer-sequential unit variance: makes every matrix of weights orthogonal, then divides each, in the order in which
// the layers run on `data`, by the deviation of its layer's output until its variance is 1 within the tolerance.
// Mishkin and Matas, "All you need is a good init", 2015. Returns the number of layers that were scaled. Throws
// std::invalid_argument for options out of range; what the model throws.
template <class T>
std::size_t lsuv(Module<T>& model, const Variable<T>& data, Lsuv options = {});

}    // namespace init
}    // namespace xtape::nn
