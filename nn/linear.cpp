#include <xtape/core/detail/number.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/init.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/dropout.hpp>
#include <xtape/ops/extrema.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::nn {
namespace {

// PyTorch's default initialisation of a weight or bias with `in` inputs.
template <class T>
Array<T> default_values(const Shape& shape, std::size_t in) {
    double bound = 1 / std::sqrt(static_cast<double>(in));
    return default_generator().initialisation().uniform<T>(shape, -bound, bound);
}

std::string sizes(std::size_t in, std::size_t out) { return std::to_string(in) + " -> " + std::to_string(out); }

bool fits(const Shape& shape, std::size_t in) { return !shape.empty() && shape.back() == in; }

std::string wanted(std::size_t in) { return "(..., " + std::to_string(in) + ")"; }

}    // namespace

template <class T>
Linear<T>::Linear(Module<T>* owner, std::string_view name, Size in, Size out, LinearOptions options)
    : Module<T>(owner, name),
      in_(this->checked_size("Linear", "in", in.number)),
      out_(this->checked_size("Linear", "out", out.number)),
      weight(this, "weight", default_values<T>({out_, in_}, in_)),
      bias(options.bias ? this : nullptr, "bias", options.bias ? default_values<T>({out_}, in_) : Array<T>()) {
    if (!options.bias) bias.leave_undefined();
}

template <class T>
Variable<T> Linear<T>::forward(const Variable<T>& x) {
    if (!fits(x.shape(), in_)) this->refuse_shape(x.shape(), wanted(in_));
    return linear(x, weight, bias);
}

template <class T>
std::string Linear<T>::describe() const {
    return "Linear(" + sizes(in_, out_) + (bias.defined() ? ")" : ", no bias)");
}

template <class T>
DropConnect<T>::DropConnect(Module<T>* owner, std::string_view name, Size in, Size out, double p,
                            DropConnectOptions<T> options)
    : Module<T>(owner, name),
      in_(this->checked_size("DropConnect", "in", in.number)),
      out_(this->checked_size("DropConnect", "out", out.number)),
      p_(p),
      options_(std::move(options)),
      weight(this, "weight", default_values<T>({out_, in_}, in_)),
      bias(options_.bias ? this : nullptr, "bias", options_.bias ? default_values<T>({out_}, in_) : Array<T>()) {
    if (!(p >= 0 && p < 1)) this->refuse_option("DropConnect", "p = " + std::to_string(p) + "; wanted 0 <= p < 1");
    this->checked_size("DropConnect", "gaussian_samples", options_.gaussian_samples, 0);
    if (!options_.bias) bias.leave_undefined();
}

template <class T>
Variable<T> DropConnect<T>::forward(const Variable<T>& x) {
    if (!fits(x.shape(), in_)) this->refuse_shape(x.shape(), wanted(in_));
    bool dropping = this->is_training() && p_ > 0;
    if (!dropping && options_.gaussian_samples > 0 && p_ > 0) return moment_matched(x);
    Stream& stream = default_generator().dropout();
    Variable<T> w = dropping ? dropout(weight, p_, stream) : weight;
    Variable<T> b = dropping && options_.drop_bias && bias.defined() ? dropout(bias, p_, stream) : bias;
    Variable<T> y = linear(x, w, b);
    return options_.activation ? options_.activation(y) : y;
}

template <class T>
Variable<T> DropConnect<T>::moment_matched(const Variable<T>& x) {
    Variable<T> centre = linear(x, weight, bias);
    if (!options_.activation) return centre;
    Variable<T> variance = linear(square(x), square(weight));
    if (options_.drop_bias && bias.defined()) variance = variance + square(bias);
    Variable<T> deviation = sqrt(variance * (p_ / (1 - p_)));
    Stream& stream = default_generator().dropout();
    Variable<T> total;
    for (int i = 0; i < options_.gaussian_samples; ++i) {
        Variable<T> y = options_.activation(centre + deviation * Variable<T>(stream.normal<T>(centre.shape())));
        total = total.defined() ? total + y : y;
    }
    return total / options_.gaussian_samples;
}

template <class T>
std::string DropConnect<T>::describe() const {
    std::string p = xtape::detail::to_text(p_);
    p.resize(std::max(p.find_last_not_of('0') + 1, p.find('.') + 2));
    return "DropConnect(" + sizes(in_, out_) + ", p = " + p + (bias.defined() ? ")" : ", no bias)");
}

template <class T>
Maxout<T>::Maxout(Module<T>* owner, std::string_view name, Size in, Size out, Size pieces, LinearOptions options)
    : Module<T>(owner, name),
      out_(this->checked_size("Maxout", "out", out.number)),
      pieces_(this->checked_size("Maxout", "pieces", pieces.number)),
      linear(this, "linear", in, out_ * pieces_, options) {}

template <class T>
Variable<T> Maxout<T>::forward(const Variable<T>& x) {
    Variable<T> y = linear(x);
    Shape shape = y.shape();
    shape.back() = out_;
    shape.push_back(pieces_);
    return amax(reshape(y, shape), -1);
}

template <class T>
std::string Maxout<T>::describe() const {
    return "Maxout(" + std::to_string(out_) + " x " + std::to_string(pieces_) + " pieces)";
}

template class Linear<float>;
template class Linear<double>;
template class DropConnect<float>;
template class DropConnect<double>;
template class Maxout<float>;
template class Maxout<double>;

}    // namespace xtape::nn
