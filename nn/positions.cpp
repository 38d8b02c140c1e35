#include <xtape/core/random.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/nn/positions.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/slice.hpp>

#include <cmath>

namespace xtape::nn {
namespace {

bool fits(const Shape& shape, std::size_t width) { return shape.size() == 3 && shape[2] == width; }

std::string wanted(std::size_t width) { return "(batch, time, " + std::to_string(width) + ")"; }

double angle(std::size_t position, std::size_t pair, std::size_t width, double base) {
    return static_cast<double>(position) * std::pow(base, -2 * static_cast<double>(pair) / static_cast<double>(width));
}

}    // namespace

template <class T>
Array<T> sinusoidal_positions(std::size_t length, std::size_t width) {
    Array<T> positions = empty_array<T>({length, width});
    T* to = positions.storage().data();
    for (std::size_t t = 0; t < length; ++t)
        for (std::size_t i = 0; i < width; ++i) {
            const double a = angle(t, i / 2, width, 10000);
            *to++ = static_cast<T>(i % 2 == 0 ? std::sin(a) : std::cos(a));
        }
    return positions;
}

template <class T>
SinusoidalPositions<T>::SinusoidalPositions(Module<T>* owner, std::string_view name, Size width)
    : Module<T>(owner, name),
      width_(this->checked_size("SinusoidalPositions", "width", width.number)),
      positions_(Shape{0, width_}) {}

template <class T>
Variable<T> SinusoidalPositions<T>::forward(const Variable<T>& x) {
    if (!fits(x.shape(), width_)) this->refuse_shape(x.shape(), wanted(width_));
    const std::size_t time = x.shape()[1];
    if (positions_.shape()[0] < time) positions_ = sinusoidal_positions<T>(time, width_);
    return x + narrow(Variable<T>(share(positions_)), 0, Range{0, time});
}

template <class T>
std::string SinusoidalPositions<T>::describe() const {
    return "SinusoidalPositions(" + std::to_string(width_) + ")";
}

template <class T>
LearnedPositions<T>::LearnedPositions(Module<T>* owner, std::string_view name, Size longest, Size width)
    : Module<T>(owner, name),
      longest_(this->checked_size("LearnedPositions", "longest", longest.number)),
      width_(this->checked_size("LearnedPositions", "width", width.number)),
      weight(this, "weight", default_generator().initialisation().normal<T>({longest_, width_}, 0, 0.02)) {}

template <class T>
Variable<T> LearnedPositions<T>::forward(const Variable<T>& x) {
    if (!fits(x.shape(), width_) || x.shape()[1] > longest_)
        this->refuse_shape(x.shape(), wanted(width_) + " and a time of at most " + std::to_string(longest_));
    return x + narrow<T>(weight, 0, Range{0, x.shape()[1]});
}

template <class T>
std::string LearnedPositions<T>::describe() const {
    return "LearnedPositions(" + std::to_string(longest_) + " x " + std::to_string(width_) + ")";
}

template <class T>
Variable<T> rotary_positions(const Variable<T>& x, RotaryOptions options) {
    if (x.dimension() < 2 || x.shape().back() % 2 != 0)
        throw ShapeError("[rotary_positions] got the shape " + to_string(x.shape()) +
                         "; wanted (..., time, width) with an even width");
    const std::size_t time = x.shape()[x.dimension() - 2], width = x.shape().back(), half = width / 2;
    Array<T> cosines = empty_array<T>({time, half}), sines = empty_array<T>({time, half});
    T *c = cosines.storage().data(), *s = sines.storage().data();
    for (std::size_t t = 0; t < time; ++t)
        for (std::size_t i = 0; i < half; ++i) {
            const double a = angle(options.first + t, i, width, options.base);
            *c++ = static_cast<T>(std::cos(a));
            *s++ = static_cast<T>(std::sin(a));
        }
    const Variable<T> cosine(std::move(cosines)), sine(std::move(sines));
    const Variable<T> a = narrow(x, -1, Range{0, half}), b = narrow(x, -1, Range{half, width});
    return concat({a * cosine - b * sine, a * sine + b * cosine}, -1);
}

template Array<float> sinusoidal_positions(std::size_t, std::size_t);
template Array<double> sinusoidal_positions(std::size_t, std::size_t);
template Variable<float> rotary_positions(const Variable<float>&, RotaryOptions);
template Variable<double> rotary_positions(const Variable<double>&, RotaryOptions);
template class SinusoidalPositions<float>;
template class SinusoidalPositions<double>;
template class LearnedPositions<float>;
template class LearnedPositions<double>;

}    // namespace xtape::nn
