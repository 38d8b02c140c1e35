// Losses that compare examples with one another. Throw ShapeError for shapes other than the given ones and for an empty
// batch, std::invalid_argument naming the index of a target that is neither -1 nor 1.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/nn/reduction.hpp>

namespace xtape::nn {

struct MarginOptions {
    double margin = 0;
    Reduction reduction = Reduction::mean;
};
// max(0, -t (a - b) + margin), for targets 1 (a should rank higher) and -1; all of the same shape.
template <class T>
Variable<T> margin_ranking_loss(const Variable<T>& a, const Variable<T>& b, const Variable<T>& target,
                                MarginOptions options = {});

// 1 - cos(a, b) where t = 1, max(0, cos(a, b) - margin) where t = -1; cos(a, b) = a.b / sqrt((a.a + e)(b.b + e)),
// e = 1e-12. Shapes (..., D), (..., D), (...) -> (...).
template <class T>
Variable<T> cosine_embedding_loss(const Variable<T>& a, const Variable<T>& b, const Variable<T>& target,
                                  MarginOptions options = {});

struct TripletOptions {
    double margin = 1;
    double p = 2;         // of the distance |u - v + eps|_p
    double eps = 1e-6;    // keeps the distance's derivative finite
    bool swap = false;    // takes the smaller of the distances of the negative to the anchor and to the positive
    Reduction reduction = Reduction::mean;
};
// max(0, |a - p| - |a - n| + margin) for an anchor a, a positive p and a negative n. Shapes (..., D) three times ->
// (...). Balntas et al., "Learning local feature descriptors with triplets and shallow convolutional neural networks",
// 2016. Throws std::invalid_argument for p <= 0.
template <class T>
Variable<T> triplet_margin_loss(const Variable<T>& anchor, const Variable<T>& positive, const Variable<T>& negative,
                                TripletOptions options = {});

}    // namespace xtape::nn
