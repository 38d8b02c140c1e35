#include <xtape/core/detail/number.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/nn/init.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

namespace xtape::nn::init {
namespace {

Stream& stream() { return default_generator().initialisation(); }

struct Fans {
    double in, out;
};

Fans fans(const char* name, const Shape& shape) {
    if (shape.size() < 2)
        throw ShapeError("[" + std::string(name) + "] got the shape " + to_string(shape) +
                         "; wanted two axes or more, (out, in, ...)");
    auto field = static_cast<double>(element_count(Shape(shape.begin() + 2, shape.end())));
    return {static_cast<double>(shape[1]) * field, static_cast<double>(shape[0]) * field};
}

double fan(const char* name, const Shape& shape, Fan which) {
    Fans both = fans(name, shape);
    return std::max(1.0, which == Fan::in ? both.in : both.out);
}

template <class T>
void require_matrix(const char* name, const Variable<T>& w) {
    if (w.dimension() != 2)
        throw ShapeError("[" + std::string(name) + "] got the shape " + to_string(w.shape()) + "; wanted a matrix");
}

double normal_distribution(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

// x with normal_distribution(x) = p, by bisection: 60 halvings of [low, high].
double normal_quantile(double p, double low, double high) {
    for (int i = 0; i < 60; ++i) {
        double middle = 0.5 * (low + high);
        (normal_distribution(middle) < p ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}    // namespace

template <class T>
void constant(Variable<T>& w, double number) {
    w.set_value(Array<T>(w.shape(), static_cast<T>(number)));
}

template <class T>
void uniform(Variable<T>& w, double low, double high) {
    w.set_value(stream().template uniform<T>(w.shape(), low, high));
}

template <class T>
void normal(Variable<T>& w, double mean, double deviation) {
    w.set_value(stream().template normal<T>(w.shape(), mean, deviation));
}

template <class T>
void truncated_normal(Variable<T>& w, TruncatedNormal options) {
    auto [mean, deviation, low, high] = options;
    if (!(deviation > 0) || !(low < high))
        throw std::invalid_argument("[truncated_normal] got deviation = " + xtape::detail::to_text(deviation) +
                                    ", low = " + xtape::detail::to_text(low) +
                                    ", high = " + xtape::detail::to_text(high) + "; wanted deviation > 0, low < high");
    double a = std::clamp((low - mean) / deviation, -38.0, 38.0),
           b = std::clamp((high - mean) / deviation, -38.0, 38.0);
    // Far above the mean the distribution function is 1 in double: work below it.
    bool mirrored = a > 0;
    if (mirrored) std::tie(a, b) = std::pair(-b, -a);
    double from = normal_distribution(a), to = normal_distribution(b);
    Array<T> values = empty_array<T>(w.shape());
    Array<double> uniforms = stream().template uniform<double>(w.shape());
    for (std::size_t i = 0; i < values.size(); ++i) {
        double x = normal_quantile(from + (to - from) * uniforms.storage()[i], a, b);
        values.storage()[i] = static_cast<T>(std::clamp(mean + deviation * (mirrored ? -x : x), low, high));
    }
    w.set_value(std::move(values));
}

template <class T>
void eye(Variable<T>& w) {
    require_matrix("eye", w);
    Array<T> value(w.shape(), T(0));
    for (std::size_t i = 0; i < std::min(w.shape()[0], w.shape()[1]); ++i) value(i, i) = 1;
    w.set_value(std::move(value));
}

template <class T>
void orthogonal(Variable<T>& w, double gain) {
    fans("orthogonal", w.shape());
    if (w.size() == 0) return;
    std::size_t rows = w.shape()[0], columns = w.size() / rows;
    bool wide = rows <= columns;
    std::size_t count = wide ? rows : columns, length = wide ? columns : rows;
    std::vector<double> q(count * length);
    stream().normal(q);
    // Gram and Schmidt, twice, in double: positive lengths make Q uniformly distributed.
    for (std::size_t i = 0; i < count; ++i) {
        double* v = q.data() + i * length;
        for (int pass = 0; pass < 2; ++pass)
            for (std::size_t j = 0; j < i; ++j) {
                const double* u = q.data() + j * length;
                double dot = 0;
                for (std::size_t k = 0; k < length; ++k) dot += u[k] * v[k];
                for (std::size_t k = 0; k < length; ++k) v[k] -= dot * u[k];
            }
        double norm = 0;
        for (std::size_t k = 0; k < length; ++k) norm += v[k] * v[k];
        norm = std::sqrt(norm);
        for (std::size_t k = 0; k < length; ++k) v[k] /= norm;
    }
    Array<T> value = empty_array<T>(w.shape());
    T* out = value.storage().data();
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c)
            out[r * columns + c] = static_cast<T>(gain * (wide ? q[r * length + c] : q[c * length + r]));
    w.set_value(std::move(value));
}

template <class T>
void sparse(Variable<T>& w, double sparsity, double deviation) {
    require_matrix("sparse", w);
    if (!(sparsity >= 0 && sparsity <= 1))
        throw std::invalid_argument("[sparse] got sparsity = " + xtape::detail::to_text(sparsity) + "; wanted 0 to 1");
    std::size_t rows = w.shape()[0], columns = w.shape()[1];
    auto zeros = static_cast<std::size_t>(std::ceil(sparsity * static_cast<double>(rows)));
    Array<T> value = stream().template normal<T>(w.shape(), 0, deviation);
    for (std::size_t c = 0; c < columns; ++c) {
        Indices order = stream().permutation(rows);
        for (std::size_t i = 0; i < zeros; ++i) value(static_cast<std::size_t>(order(i)), c) = 0;
    }
    w.set_value(std::move(value));
}

template <class T>
void xavier_uniform(Variable<T>& w, double gain) {
    auto [in, out] = fans("xavier_uniform", w.shape());
    double bound = gain * std::sqrt(6 / std::max(1.0, in + out));
    uniform(w, -bound, bound);
}

template <class T>
void xavier_normal(Variable<T>& w, double gain) {
    auto [in, out] = fans("xavier_normal", w.shape());
    normal(w, 0, gain * std::sqrt(2 / std::max(1.0, in + out)));
}

double gain(Nonlinearity nonlinearity, double slope) {
    switch (nonlinearity) {
        case Nonlinearity::linear:
        case Nonlinearity::sigmoid: return 1;
        case Nonlinearity::tanh: return 5.0 / 3;
        case Nonlinearity::relu: return std::numbers::sqrt2;
        case Nonlinearity::leaky_relu: return std::sqrt(2 / (1 + slope * slope));
        case Nonlinearity::selu: return 0.75;
    }
    throw std::invalid_argument("[gain] got a nonlinearity that it does not know");
}

template <class T>
void kaiming_uniform(Variable<T>& w, Kaiming options) {
    double bound =
        gain(options.nonlinearity, options.slope) * std::sqrt(3 / fan("kaiming_uniform", w.shape(), options.fan));
    uniform(w, -bound, bound);
}

template <class T>
void kaiming_normal(Variable<T>& w, Kaiming options) {
    normal(w, 0, gain(options.nonlinearity, options.slope) / std::sqrt(fan("kaiming_normal", w.shape(), options.fan)));
}

template <class T>
void small_random(Variable<T>& w, double scale) {
    normal(w, 0, scale);
}

template <class T>
void inverse_sqrt_fan_in(Variable<T>& w) {
    normal(w, 0, 1 / std::sqrt(fan("inverse_sqrt_fan_in", w.shape(), Fan::in)));
}

template void constant(Variable<float>&, double);
template void constant(Variable<double>&, double);
template void uniform(Variable<float>&, double, double);
template void uniform(Variable<double>&, double, double);
template void normal(Variable<float>&, double, double);
template void normal(Variable<double>&, double, double);
template void truncated_normal(Variable<float>&, TruncatedNormal);
template void truncated_normal(Variable<double>&, TruncatedNormal);
template void eye(Variable<float>&);
template void eye(Variable<double>&);
template void orthogonal(Variable<float>&, double);
template void orthogonal(Variable<double>&, double);
template void sparse(Variable<float>&, double, double);
template void sparse(Variable<double>&, double, double);
template void xavier_uniform(Variable<float>&, double);
template void xavier_uniform(Variable<double>&, double);
template void xavier_normal(Variable<float>&, double);
template void xavier_normal(Variable<double>&, double);
template void kaiming_uniform(Variable<float>&, Kaiming);
template void kaiming_uniform(Variable<double>&, Kaiming);
template void kaiming_normal(Variable<float>&, Kaiming);
template void kaiming_normal(Variable<double>&, Kaiming);
template void small_random(Variable<float>&, double);
template void small_random(Variable<double>&, double);
template void inverse_sqrt_fan_in(Variable<float>&);
template void inverse_sqrt_fan_in(Variable<double>&);

}    // namespace xtape::nn::init
