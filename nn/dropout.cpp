#include <xtape/core/detail/number.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/dropout.hpp>

#include <cstdio>

namespace xtape::nn {
namespace {

std::string with_p(const char* kind, double p) {
    char text[64];
    std::snprintf(text, sizeof text, "%s(p = %g)", kind, p);
    return text;
}

Stream& stream() { return default_generator().dropout(); }

std::string out_of_range(double p) { return "p = " + xtape::detail::to_text(p) + "; wanted 0 to 1"; }

}    // namespace

template <class T>
Dropout<T>::Dropout(Module<T>* owner, std::string_view name, double p, DropoutOptions options)
    : Module<T>(owner, name), p_(p), inverted_(options.inverted) {
    if (!(p >= 0 && p <= 1)) this->refuse_option("Dropout", out_of_range(p));
}

template <class T>
Variable<T> Dropout<T>::forward(const Variable<T>& x) {
    if (this->is_training()) return p_ == 0 ? x : dropout(x, p_, stream(), inverted_);
    return inverted_ ? x : x * (1 - p_);
}

template <class T>
std::string Dropout<T>::describe() const {
    return with_p("Dropout", p_);
}

template <class T>
FeatureDropout<T>::FeatureDropout(Module<T>* owner, std::string_view name, double p) : Module<T>(owner, name), p_(p) {
    if (!(p >= 0 && p <= 1)) this->refuse_option("FeatureDropout", out_of_range(p));
}

template <class T>
Variable<T> FeatureDropout<T>::forward(const Variable<T>& x) {
    if (x.dimension() < 2) this->refuse_shape(x.shape(), "(N, C, ...)");
    return this->is_training() ? feature_dropout(x, p_, stream()) : x;
}

template <class T>
std::string FeatureDropout<T>::describe() const {
    return with_p("FeatureDropout", p_);
}

template <class T>
AlphaDropout<T>::AlphaDropout(Module<T>* owner, std::string_view name, double p) : Module<T>(owner, name), p_(p) {
    if (!(p >= 0 && p <= 1)) this->refuse_option("AlphaDropout", out_of_range(p));
}

template <class T>
Variable<T> AlphaDropout<T>::forward(const Variable<T>& x) {
    return this->is_training() ? alpha_dropout(x, p_, stream()) : x;
}

template <class T>
std::string AlphaDropout<T>::describe() const {
    return with_p("AlphaDropout", p_);
}

template class Dropout<float>;
template class Dropout<double>;
template class FeatureDropout<float>;
template class FeatureDropout<double>;
template class AlphaDropout<float>;
template class AlphaDropout<double>;

}    // namespace xtape::nn
