// Where in a sequence something stands, for layers that do not see it: attention.
#pragma once

#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace xtape::nn {

// p_(t, 2i) = sin(t / 10000^(2i / width)), p_(t, 2i + 1) = cos of the same: (length, width). Vaswani et al., "Attention
// is all you need", 2017.
template <class T>
Array<T> sinusoidal_positions(std::size_t length, std::size_t width);

// y = x + sinusoidal_positions. Shapes (batch, time, width) -> the same; throws ShapeError for others.
template <class T>
class SinusoidalPositions : public Module<T> {
public:
    explicit SinusoidalPositions(Size width) : SinusoidalPositions(nullptr, "", width) {}
    SinusoidalPositions(Module<T>* owner, std::string_view name, Size width);
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t width_;
    Array<T> positions_;    // of the longest sequence so far
};

// y = x + the parameter `weight` (longest, width) of the first positions, which begins as N(0, 0.02^2). Shapes (batch,
// time, width) -> the same. Throws ShapeError for others and for sequences that are longer. Devlin et al., "BERT",
// 2019.
template <class T>
class LearnedPositions : public Module<T> {
public:
    LearnedPositions(Size longest, Size width) : LearnedPositions(nullptr, "", longest, width) {}
    LearnedPositions(Module<T>* owner, std::string_view name, Size longest, Size width);
    Variable<T> forward(const Variable<T>& x) override;
    std::string describe() const override;

private:
    std::size_t longest_, width_;

public:
    Parameter<T> weight;
};

struct RotaryOptions {
    double base = 10000;
    std::size_t first = 0;    // the position of the first element
};

// Queries or keys turned by angles that grow with their position, so that their products depend on distances alone:
// with c, s = cos, sin of t base^(-2i / width), (y_i, y_(i + width/2)) = (c x_i - s x_(i + width/2), s x_i + c x_(i +
// width/2)). Shapes (..., time, width) -> the same, the width even. Throws ShapeError for others. Su et al., "RoFormer:
// enhanced transformer with rotary position embedding", 2021, with the halves as GPT-NeoX pairs them.
template <class T>
Variable<T> rotary_positions(const Variable<T>& x, RotaryOptions options = {});

extern template class SinusoidalPositions<float>;
extern template class SinusoidalPositions<double>;
extern template class LearnedPositions<float>;
extern template class LearnedPositions<double>;

}    // namespace xtape::nn
