#include <xtape/core/detail/number.hpp>
#include <xtape/nn/detail/loss.hpp>
#include <xtape/nn/ranking_loss.hpp>
#include <xtape/ops/norm.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/selection.hpp>

namespace xtape::nn {
namespace {

template <class T>
void require_signs(const char* name, const Variable<T>& target) {
    const Array<T>& values = target.value();
    for (std::size_t i = 0; i < values.size(); ++i)
        if (T t = values.storage()[i]; t != 1 && t != -1)
            refuse_loss(name, "the target " + xtape::detail::to_text(t) + " at index " + place_of(i, values.shape()) +
                                  "; wanted -1 or 1");
}

template <class T>
void require_vectors(const char* name, const Variable<T>& a, const Variable<T>& b) {
    require_same(name, a.shape(), b.shape());
    if (a.dimension() == 0) throw ShapeError("[" + std::string(name) + "] got the shape (); wanted vectors, (..., D)");
}

}    // namespace

template <class T>
Variable<T> margin_ranking_loss(const Variable<T>& a, const Variable<T>& b, const Variable<T>& target,
                                MarginOptions options) {
    constexpr auto name = "margin_ranking_loss";
    require_same(name, a.shape(), b.shape());
    require_same(name, a.shape(), target.shape());
    require_signs(name, target);
    return reduced(name, relu(target * (b - a) + options.margin), options.reduction);
}

template <class T>
Variable<T> cosine_embedding_loss(const Variable<T>& a, const Variable<T>& b, const Variable<T>& target,
                                  MarginOptions options) {
    constexpr auto name = "cosine_embedding_loss";
    constexpr double eps = 1e-12;
    require_vectors(name, a, b);
    require_same(name, Shape(a.shape().begin(), a.shape().end() - 1), target.shape());
    require_signs(name, target);
    Variable<T> cosine = sum(a * b, -1) * rsqrt((sum(square(a), -1) + eps) * (sum(square(b), -1) + eps));
    Variable<T> losses = where(target > 0, 1 - cosine, relu(cosine - options.margin));
    return reduced(name, losses, options.reduction);
}

template <class T>
Variable<T> triplet_margin_loss(const Variable<T>& anchor, const Variable<T>& positive, const Variable<T>& negative,
                                TripletOptions options) {
    constexpr auto name = "triplet_margin_loss";
    require_vectors(name, anchor, positive);
    require_vectors(name, anchor, negative);
    if (!(options.p > 0)) refuse_loss(name, "p = " + xtape::detail::to_text(options.p) + "; wanted above 0");
    auto distance = [&](const Variable<T>& u, const Variable<T>& v) {
        return norm(u - v + options.eps, options.p, -1);
    };
    Variable<T> far = distance(anchor, negative);
    if (options.swap) far = minimum(far, distance(positive, negative));
    return reduced(name, relu(distance(anchor, positive) - far + options.margin), options.reduction);
}

#define XTAPE_INSTANTIATE(T)                                                                               \
    template Variable<T> margin_ranking_loss(const Variable<T>&, const Variable<T>&, const Variable<T>&,   \
                                             MarginOptions);                                               \
    template Variable<T> cosine_embedding_loss(const Variable<T>&, const Variable<T>&, const Variable<T>&, \
                                               MarginOptions);                                             \
    template Variable<T> triplet_margin_loss(const Variable<T>&, const Variable<T>&, const Variable<T>&,   \
                                             TripletOptions);
XTAPE_INSTANTIATE(float)
XTAPE_INSTANTIATE(double)
#undef XTAPE_INSTANTIATE

}    // namespace xtape::nn
