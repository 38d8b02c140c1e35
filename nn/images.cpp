#include <xtape/nn/images.hpp>

#include <utility>

namespace xtape::nn {
namespace {

void check(const char* kind, const PerAxis& kernel, const UnfoldOptions& options) {
    kernel.of(kind, "kernel", 2, 1);
    options.dilation.of(kind, "dilation", 2, 1);
    options.padding.of(kind, "padding", 2, 0);
    options.stride.of(kind, "stride", 2, 1);
}

}    // namespace

template <class T>
Variable<T> Upsample<T>::forward(const Variable<T>& x) {
    return interpolate(x, options_);
}

template <class T>
PixelShuffle<T>::PixelShuffle(Module<T>* owner, std::string_view name, Size r)
    : Module<T>(owner, name), r_(this->checked_size("PixelShuffle", "r", r.number)) {}
template <class T>
Variable<T> PixelShuffle<T>::forward(const Variable<T>& x) {
    return pixel_shuffle(x, r_);
}
template <class T>
std::string PixelShuffle<T>::describe() const {
    return "PixelShuffle(" + std::to_string(r_) + ")";
}

template <class T>
PixelUnshuffle<T>::PixelUnshuffle(Module<T>* owner, std::string_view name, Size r)
    : Module<T>(owner, name), r_(this->checked_size("PixelUnshuffle", "r", r.number)) {}
template <class T>
Variable<T> PixelUnshuffle<T>::forward(const Variable<T>& x) {
    return pixel_unshuffle(x, r_);
}
template <class T>
std::string PixelUnshuffle<T>::describe() const {
    return "PixelUnshuffle(" + std::to_string(r_) + ")";
}

template <class T>
Unfold<T>::Unfold(Module<T>* owner, std::string_view name, PerAxis kernel, UnfoldOptions options)
    : Module<T>(owner, name), kernel_(std::move(kernel)), options_(std::move(options)) {
    check("Unfold", kernel_, options_);
}
template <class T>
Variable<T> Unfold<T>::forward(const Variable<T>& x) {
    return unfold(x, kernel_, options_);
}

template <class T>
Fold<T>::Fold(Module<T>* owner, std::string_view name, PerAxis output_size, PerAxis kernel, UnfoldOptions options)
    : Module<T>(owner, name),
      output_size_(std::move(output_size)),
      kernel_(std::move(kernel)),
      options_(std::move(options)) {
    check("Fold", kernel_, options_);
    output_size_.of("Fold", "output_size", 2, 1);
}
template <class T>
Variable<T> Fold<T>::forward(const Variable<T>& x) {
    return fold(x, output_size_, kernel_, options_);
}

template class Upsample<float>;
template class Upsample<double>;
template class PixelShuffle<float>;
template class PixelShuffle<double>;
template class PixelUnshuffle<float>;
template class PixelUnshuffle<double>;
template class Unfold<float>;
template class Unfold<double>;
template class Fold<float>;
template class Fold<double>;

}    // namespace xtape::nn
