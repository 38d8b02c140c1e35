// Layers that give images another size or order, with PyTorch's names: they have no parameters.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/ops/interpolation.hpp>
#include <xtape/ops/unfold.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

// See interpolate: nn::Upsample<float>({.scale_factor = 2, .mode = InterpolationMode::linear}).
template <class T>
class Upsample : public Module<T> {
public:
    explicit Upsample(InterpolateOptions options) : Upsample(nullptr, "", std::move(options)) {}
    Upsample(Module<T>* owner, std::string_view name, InterpolateOptions options)
        : Module<T>(owner, name), options_(std::move(options)) {}
    Variable<T> forward(const Variable<T>& x) override;

private:
    InterpolateOptions options_;
};

// See pixel_shuffle. Throws std::invalid_argument for r below 1.
template <class T>
class PixelShuffle : public Module<T> {
public:
    explicit PixelShuffle(Size r) : PixelShuffle(nullptr, "", r) {}
    PixelShuffle(Module<T>* owner, std::string_view name, Size r);
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t r_;
};
template <class T>
class PixelUnshuffle : public Module<T> {
public:
    explicit PixelUnshuffle(Size r) : PixelUnshuffle(nullptr, "", r) {}
    PixelUnshuffle(Module<T>* owner, std::string_view name, Size r);
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t r_;
};

// See unfold and fold. Throw std::invalid_argument for options out of range.
template <class T>
class Unfold : public Module<T> {
public:
    explicit Unfold(PerAxis kernel, UnfoldOptions options = {})
        : Unfold(nullptr, "", std::move(kernel), std::move(options)) {}
    Unfold(Module<T>* owner, std::string_view name, PerAxis kernel, UnfoldOptions options = {});
    Variable<T> forward(const Variable<T>& x) override;

private:
    PerAxis kernel_;
    UnfoldOptions options_;
};
template <class T>
class Fold : public Module<T> {
public:
    Fold(PerAxis output_size, PerAxis kernel, UnfoldOptions options = {})
        : Fold(nullptr, "", std::move(output_size), std::move(kernel), std::move(options)) {}
    Fold(Module<T>* owner, std::string_view name, PerAxis output_size, PerAxis kernel, UnfoldOptions options = {});
    Variable<T> forward(const Variable<T>& x) override;

private:
    PerAxis output_size_, kernel_;
    UnfoldOptions options_;
};

extern template class Upsample<float>;
extern template class Upsample<double>;
extern template class PixelShuffle<float>;
extern template class PixelShuffle<double>;
extern template class PixelUnshuffle<float>;
extern template class PixelUnshuffle<double>;
extern template class Unfold<float>;
extern template class Unfold<double>;
extern template class Fold<float>;
extern template class Fold<double>;

}    // namespace xtape::nn
