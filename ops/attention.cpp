#include <xtape/core/adjoint.hpp>
#include <xtape/core/detail/number.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/attention.hpp>
#include <xtape/ops/detail/attention/head.hpp>
#include <xtape/ops/detail/recompute.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/softmax.hpp>

#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
struct Attention {
    static constexpr auto name = "scaled_dot_product_attention";
    static constexpr auto needs = needs::all;
    static constexpr About about{
        "attention", "y = softmax(scale q k^T + bias) v",
        "dv = w^T g, dq = scale s k, dk = scale s^T q, dbias = s, s = w (d - sum(w d)), d = g v^T",
        "(..., L, E), (..., S, E), (..., S, F), (..., L, S) -> (..., L, F)"};
    T scale;
    bool causal;
    View<bool> mask;    // of the shape (..., L, S), if has_mask
    bool has_mask;
    double dropout;
    Stream stream;
    std::uint64_t place;

    detail::AttentionHead<T> head(const Shape& q, const Shape& k, const Shape& v) const {
        const std::size_t axes = q.size();
        return {q[axes - 2], k[axes - 2], q[axes - 1], v[axes - 1], scale};
    }
    // What holds for each head.
    class Rules {
    public:
        Rules(const Attention& op, const View<T>* bias, std::size_t queries, std::size_t keys)
            : op_(op), size_(queries * row(keys)), bias_(bias) {
            if (op.has_mask) mask_offsets_ = detail::matrix_offsets(op.mask);
            if (bias != nullptr) bias_offsets_ = detail::matrix_offsets(*bias);
        }
        detail::AttentionRules<T> of(std::size_t head) const {
            detail::AttentionRules<T> rules{.causal = op_.causal};
            if (op_.has_mask) rules.mask = table(op_.mask, mask_offsets_[head]);
            if (bias_ != nullptr) rules.bias = table(*bias_, bias_offsets_[head]);
            if (op_.dropout > 0) {
                rules.stream = &op_.stream;
                rules.place = op_.place + head * size_;
                rules.threshold = op_.threshold();
                rules.keep_scale = 1 / (1 - op_.dropout);
            }
            return rules;
        }
        static std::size_t row(std::size_t keys) { return detail::AttentionHead<T>::random_row(keys); }

    private:
        template <class E>
        static detail::AttentionTable<E> table(const View<E>& x, std::ptrdiff_t offset) {
            const std::size_t axes = x.shape.size();
            return {x.data() + offset, x.strides[axes - 2], x.strides[axes - 1]};
        }

        const Attention& op_;
        std::size_t size_;
        const View<T>* bias_;
        std::vector<std::ptrdiff_t> mask_offsets_, bias_offsets_;
    };
    std::uint32_t threshold() const {
        return static_cast<std::uint32_t>(std::min(std::nearbyint(std::ldexp(dropout, 32)), 0x1p32 - 1));
    }

    template <class Work>
    static void each_head(std::size_t heads, const Shape& q, const Shape& k, const Work& work) {
        const std::size_t axes = q.size(), products = q[axes - 2] * k[axes - 2] * (q[axes - 1] + 1);
        detail::parallel_for(heads, detail::parallel_grain(products, detail::parallel_products),
                             [&](std::size_t begin, std::size_t end) {
                                 for (std::size_t h = begin; h < end; ++h) work(h);
                             });
    }

    auto forward(const View<T>& q, const View<T>& k, const View<T>& v) const { return run(q, k, v, nullptr); }
    auto forward(const View<T>& q, const View<T>& k, const View<T>& v, const View<T>& bias) const {
        return run(q, k, v, &bias);
    }
    auto run(const View<T>& q, const View<T>& k, const View<T>& v, const View<T>* bias) const {
        Shape shape = q.shape;
        shape.back() = v.shape.back();
        const detail::NewHeads<T> y(shape, q);
        const std::size_t queries = shape[shape.size() - 2], keys = k.shape[shape.size() - 2];
        Shape batch(shape.begin(), shape.end() - 2);
        const std::size_t heads = element_count(batch);
        Storage<T> log_sums(heads * queries);
        if (heads * queries > 0) {
            const detail::Heads<T> queries_of(q), keys_of(k), values_of(v);
            const Rules rules(*this, bias, queries, keys);
            const auto one = head(q.shape, k.shape, v.shape);
            T* sums = log_sums.data();
            each_head(heads, q.shape, k.shape, [&](std::size_t h) {
                one.forward(h, queries_of, keys_of, values_of, rules.of(h), y, sums + h * queries);
            });
        }
        return saving(detail::NewHeads<T>(y).take(), std::move(log_sums));
    }

    auto vjp(const Variable<T>& g, const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
             const Variable<T>& y, const Storage<T>& log_sums) const {
        const auto gradient = gradients_of({q, k, v}, g, y, log_sums);
        return pullbacks([=] { return gradient(0); }, [=] { return gradient(1); }, [=] { return gradient(2); });
    }
    auto vjp(const Variable<T>& g, const Variable<T>& q, const Variable<T>& k, const Variable<T>& v,
             const Variable<T>& bias, const Variable<T>& y, const Storage<T>& log_sums) const {
        const auto gradient = gradients_of({q, k, v, bias}, g, y, log_sums);
        return pullbacks([=] { return gradient(0); }, [=] { return gradient(1); }, [=] { return gradient(2); },
                         [=] { return gradient(3); });
    }
    // The gradient of each input, all of which are computed when the first is asked for.
    auto gradients_of(Variables<T> in, const Variable<T>& g, const Variable<T>& y, const Storage<T>& log_sums) const {
        auto found = std::make_shared<Variables<T>>();
        return [found, in = std::move(in), &g, &y, &log_sums, this](std::size_t i) {
            if (found->empty())
                *found =
                    is_recording()
                        ? detail::recorded_vjp<T>(
                              [op = *this](const Variables<T>& x) { return Variables<T>{op.composite(x)}; }, in, {g})
                        : gradients(g, in, y, log_sums);
            return (*found)[i];
        };
    }

    Variables<T> gradients(const Variable<T>& g, const Variables<T>& in, const Variable<T>& y,
                           const Storage<T>& log_sums) const {
        const Variable<T>&q = in[0], &k = in[1], &v = in[2];
        const View<T> bias = in.size() > 3 ? detail::view_of(in[3]) : View<T>{};
        const View<T> queries_view = detail::view_of(q), keys_view = detail::view_of(k),
                      values_view = detail::view_of(v);
        detail::NewHeads<T> dq(q.shape(), queries_view), dk(k.shape(), keys_view), dv(v.shape(), values_view);
        const std::size_t axes = q.dimension(), queries = q.shape()[axes - 2], keys = k.shape()[axes - 2];
        const std::size_t heads = element_count(Shape(q.shape().begin(), q.shape().end() - 2));
        Array<T> bias_gradient;
        T* scores = nullptr;
        if (in.size() > 3 && in[3].requires_grad()) {
            bias_gradient = Array<T>(bias.shape, T(0));
            scores = bias_gradient.storage().data();
        }
        if (heads > 0) {
            const detail::Heads<T> queries_of(queries_view), keys_of(keys_view), values_of(values_view),
                outputs_of(detail::view_of(y)), slopes_of(detail::view_of(g));
            const Rules rules(*this, in.size() > 3 ? &bias : nullptr, queries, keys);
            const auto one = head(q.shape(), k.shape(), v.shape());
            each_head(heads, q.shape(), k.shape(), [&](std::size_t h) {
                one.backward(h, queries_of, keys_of, values_of, outputs_of, slopes_of, rules.of(h),
                             log_sums.begin() + h * queries, dq, dk, dv,
                             scores == nullptr ? nullptr : scores + h * queries * keys);
            });
        }
        return {detail::make_variable<T>(std::move(dq).take()), detail::make_variable<T>(std::move(dk).take()),
                detail::make_variable<T>(std::move(dv).take()), Variable<T>(std::move(bias_gradient))};
    }

    // The whole matrix of weights in differentiable operations.
    Variable<T> composite(const Variables<T>& in) const {
        const Variable<T>& v = in[2];
        Variable<T> scores = matmul(in[0], swap_axes(in[1], -1, -2)) * scale;
        if (in.size() > 3) scores = scores + in[3];
        if (scores.size() == 0) return matmul(scores, v);
        if (!has_mask && !causal && dropout == 0 && in.size() == 3) return matmul(softmax(scores), v);
        const View<T> bias = in.size() > 3 ? detail::view_of(in[3]) : View<T>{};
        const Mask seen = shown(scores.shape(), in.size() > 3 ? &bias : nullptr);
        Variable<T> weights =
            where(seen, softmax(where(seen, scores, double(std::numeric_limits<T>::lowest()) / 4)), 0.0);
        if (dropout > 0) weights = weights * Variable<T>(kept(scores.shape()));
        return matmul(weights, v);
    }
    Mask shown(const Shape& shape, const View<T>* bias) const {
        Mask seen = empty_array<bool>(shape);
        const std::size_t axes = shape.size(), keys = shape[axes - 1], queries = shape[axes - 2];
        const Rules rules(*this, bias, queries, keys);
        bool* to = seen.storage().data();
        for (std::size_t h = 0; h < seen.size() / (queries * keys); ++h) {
            const detail::AttentionRules<T> rule = rules.of(h);
            for (std::size_t i = 0; i < queries; ++i)
                for (std::size_t j = 0; j < keys; ++j) *to++ = j < rule.visible(i, keys) && !rule.hides(i, j);
        }
        return seen;
    }
    Array<T> kept(const Shape& shape) const {
        Array<T> factors = empty_array<T>(shape);
        const std::size_t keys = shape.back();
        std::vector<std::uint32_t> bits(Rules::row(keys));
        T* to = factors.storage().data();
        for (std::size_t row = 0; row < factors.size() / keys; ++row) {
            stream.bits_at(place + row * bits.size(), bits);
            for (std::size_t j = 0; j < keys; ++j)
                *to++ = bits[j] >= threshold() ? static_cast<T>(1 / (1 - dropout)) : T(0);
        }
        return factors;
    }
    static Samples samples();
};

[[noreturn]] void refuse(const std::string& got_and_wanted) {
    throw ShapeError("[scaled_dot_product_attention] got " + got_and_wanted);
}

// The mask seen under the shape of the scores.
View<bool> broadcast_mask(const Mask& mask, const Shape& scores) {
    if (!broadcasts_to(mask.shape(), scores))
        refuse("a mask of the shape " + to_string(mask.shape()) + " for scores of the shape " + to_string(scores) +
               "; wanted one that broadcasts to it");
    View<bool> result{mask.storage().share(), scores, Strides(scores.size(), 0), 0};
    const Strides steps = contiguous_strides(mask.shape());
    for (std::size_t d = 0; d < steps.size(); ++d)
        if (mask.shape()[d] != 1) result.strides[scores.size() - steps.size() + d] = steps[d];
    return result;
}

}    // namespace

template <class T>
Variable<T> detail::attention(const Variable<T>& q, const Variable<T>& k, const Variable<T>& v, const Variable<T>& bias,
                              const AttentionOptions& options) {
    auto all = [&] { return to_string(q.shape()) + ", " + to_string(k.shape()) + " and " + to_string(v.shape()); };
    if (q.dimension() < 2 || k.dimension() < 2 || v.dimension() < 2)
        refuse("queries, keys and values of the shapes " + all() + "; wanted (..., L, E), (..., S, E), (..., S, F)");
    if (q.shape().back() != k.shape().back())
        refuse("queries, keys and values of the shapes " + all() + "; wanted queries and keys of the same length");
    if (k.shape()[k.dimension() - 2] != v.shape()[v.dimension() - 2])
        refuse("queries, keys and values of the shapes " + all() + "; wanted as many keys as values");
    if (!(options.dropout >= 0 && options.dropout < 1))
        throw std::invalid_argument("[scaled_dot_product_attention] got dropout = " + detail::to_text(options.dropout) +
                                    "; wanted 0 <= p < 1");
    auto batch_of = [](const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); };
    const Shape batch =
        broadcast_shapes(Attention<T>::name, batch_of(q.shape()),
                         broadcast_shapes(Attention<T>::name, batch_of(k.shape()), batch_of(v.shape())));
    auto expanded = [&](const Variable<T>& x) {
        Shape shape = batch;
        shape.push_back(x.shape()[x.dimension() - 2]);
        shape.push_back(x.shape().back());
        return same_shape(shape, x.shape()) ? x : broadcast_to(x, shape);
    };
    const Variable<T> queries = expanded(q), keys = expanded(k), values = expanded(v);
    Shape scores = batch;
    scores.push_back(queries.shape()[batch.size()]);
    scores.push_back(keys.shape()[batch.size()]);
    const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(q.shape().back())));
    Attention<T> op{static_cast<T>(scale), options.causal, {}, options.mask.has_value(), options.dropout, Stream(), 0};
    if (options.mask) op.mask = broadcast_mask(*options.mask, scores);
    if (options.dropout > 0) {
        Stream& stream = default_generator().dropout();
        const std::size_t numbers =
            element_count(batch) * scores[batch.size()] * detail::AttentionHead<T>::random_row(scores.back());
        op.place = stream.reserve_bits(numbers);
        op.stream = stream;
    }
    if (!bias.defined()) return apply(std::move(op), queries, keys, values);
    if (!broadcasts_to(bias.shape(), scores))
        refuse("a bias of the shape " + to_string(bias.shape()) + " for scores of the shape " + to_string(scores) +
               "; wanted one that broadcasts to it");
    return apply(std::move(op), queries, keys, values,
                 same_shape(bias.shape(), scores) ? bias : broadcast_to(bias, scores));
}

template Variable<float> detail::attention(const Variable<float>&, const Variable<float>&, const Variable<float>&,
                                           const Variable<float>&, const AttentionOptions&);
template Variable<double> detail::attention(const Variable<double>&, const Variable<double>&, const Variable<double>&,
                                            const Variable<double>&, const AttentionOptions&);

namespace {

// Query by query, over the keys that seen(head, query, key) names; factor multiplies the weights.
template <class Seen, class Factor>
A naive(const A& q, const A& k, const A& v, double scale, const Seen& seen, const Factor& factor,
        const std::function<double(std::size_t, std::size_t, std::size_t)>& bias = {}) {
    const std::size_t L = q.shape()[1], S = k.shape()[1], E = q.shape()[2], F = v.shape()[2];
    A y(Shape{q.shape()[0], L, F}, 0.0);
    for (std::size_t b = 0; b < q.shape()[0]; ++b)
        for (std::size_t i = 0; i < L; ++i) {
            double sum = 0;
            std::vector<double> total(F, 0.0);
            for (std::size_t j = 0; j < S; ++j) {
                if (!seen(b, i, j)) continue;
                double score = 0;
                for (std::size_t e = 0; e < E; ++e) score += q(b, i, e) * k(b, j, e);
                const double weight = std::exp(scale * score + (bias ? bias(b, i, j) : 0));
                sum += weight;
                for (std::size_t f = 0; f < F; ++f) total[f] += weight * factor(b, i, j) * v(b, j, f);
            }
            for (std::size_t f = 0; f < F && sum > 0; ++f) y(b, i, f) = total[f] / sum;
        }
    return y;
}

constexpr auto always = [](std::size_t, std::size_t, std::size_t) { return 1; };

template <class Seen>
A naive(const A& q, const A& k, const A& v, double scale, const Seen& seen) {
    return naive(q, k, v, scale, seen, always);
}

template <class T>
Samples Attention<T>::samples() {
    auto numbers = [](const Shape& shape, double phase) {
        A x(shape);
        for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = std::sin(phase + 1.3 * static_cast<double>(i));
        return x;
    };
    auto with = [](const AttentionOptions& options) {
        return [=](const auto& x) {
            Generator generator(3);
            GeneratorGuard guard(generator);
            return scaled_dot_product_attention(x[0], x[1], x[2], options);
        };
    };
    auto triangle = [](std::size_t, std::size_t i, std::size_t j) { return j <= i; };
    auto wanted = [](double scale, auto seen) {
        return [=](const Arrays& x) { return naive(x[0], x[1], x[2], scale, seen); };
    };
    A q = numbers({2, 2, 2}, 0.5), k = numbers({2, 3, 2}, 1.5), v = numbers({2, 3, 1}, 2.5);
    const Arrays single{numbers({1, 2, 1}, 0.5), numbers({1, 2, 1}, 1.5), numbers({1, 2, 1}, 2.5)};
    const double half = std::sqrt(0.5);
    Samples samples;
    samples.add("two heads", {q, k, v}, with({}), wanted(half, always), 2)
        .add("one head", single, with({}), wanted(1, always))
        .add("causal", single, with({.causal = true}), wanted(1, triangle))
        .add("causal, fewer queries than keys", {q, k, v}, with({.causal = true, .scale = 2}), wanted(2, triangle), 2)
        .add("masked, one query wholly", {q, k, v}, with({.mask = Mask{{true, false, true}, {false, false, false}}}),
             wanted(half, [](std::size_t, std::size_t i, std::size_t j) { return i == 0 && j != 1; }), 2)
        .add("a mask for each head", {q, k, v},
             with({.mask = Mask{{{true, true, false}}, {{false, true, true}}}, .causal = true}),
             wanted(half, [](auto b, auto i, auto j) { return j <= i && (b == 0 ? j < 2 : j > 0); }), 2)
        .add("more keys than a block has",
             {numbers({1, 3, 2}, 0.5), numbers({1, 150, 2}, 1.5), numbers({1, 150, 3}, 2)}, with({}),
             wanted(half, always), 1)
        .add("more queries than a block has",
             {numbers({1, 130, 2}, 0.5), numbers({1, 131, 2}, 1.5), numbers({1, 131, 3}, 2)}, with({.causal = true}),
             wanted(half, triangle), 1)
        .add("no queries", {A(Shape{2, 0, 2}), k, v}, with({}), wanted(half, always), 1)
        .add("no keys", {q, A(Shape{2, 0, 2}), A(Shape{2, 0, 1})}, with({}), wanted(half, always), 1)
        .add("no heads", {A(Shape{0, 2, 2}), A(Shape{0, 3, 2}), A(Shape{0, 3, 1})}, with({}), wanted(half, always), 1)
        .add(
            "one matrix of keys for all heads", {q, numbers({2, 2}, 1.5), numbers({2, 1}, 2.5)}, with({}),
            [half](const Arrays& x) {
                A both(Shape{2, 2, 2}), values(Shape{2, 2, 1});
                for (std::size_t i = 0; i < 8; ++i) both.storage()[i] = x[1].storage()[i % 4];
                for (std::size_t i = 0; i < 4; ++i) values.storage()[i] = x[2].storage()[i % 2];
                return naive(x[0], both, values, half, always);
            },
            2);
    samples.add(
        "dropout", {q, k, v}, with({.causal = true, .dropout = 0.25}),
        [=](const Arrays& x) {
            const std::size_t row = detail::AttentionHead<double>::random_row(3);
            std::vector<std::uint32_t> bits(4 * row);
            Generator(3).dropout().bits(bits);
            return naive(x[0], x[1], x[2], half, triangle, [&](std::size_t b, std::size_t i, std::size_t j) {
                return bits[(2 * b + i) * row + j] >= 0.25 * 0x1p32 ? 4.0 / 3 : 0.0;
            });
        },
        2);
    auto biased = [](const AttentionOptions& options) {
        return [=](const auto& x) { return scaled_dot_product_attention(x[0], x[1], x[2], x[3], options); };
    };
    auto with_bias = [half](auto seen) {
        return [=](const Arrays& x) {
            return naive(x[0], x[1], x[2], half, seen, always, [&](std::size_t b, std::size_t i, std::size_t j) {
                return x[3].dimension() == 1 ? x[3](j) : x[3](b, i, j);
            });
        };
    };
    samples.add("a bias for each score", {q, k, v, numbers({2, 2, 3}, 3.5)}, biased({}), with_bias(always), 2)
        .add("a bias for each key", {q, k, v, numbers({3}, 3.5)}, biased({.causal = true}), with_bias(triangle), 2)
        .refuse("a bias of another shape", {q, k, v, numbers({2}, 1)}, biased({}))
        .refuse("queries and keys of other lengths", {q, numbers({2, 3, 1}, 1), v}, with({}))
        .refuse("fewer values than keys", {q, k, numbers({2, 2, 1}, 1)}, with({}))
        .refuse("two and three heads", {q, numbers({3, 3, 2}, 1), numbers({3, 3, 1}, 1)}, with({}))
        .refuse("vectors", {A{1.0, 2.0}, A{1.0, 2.0}, A{1.0, 2.0}}, with({}))
        .refuse("a mask of another shape", {q, k, v}, with({.mask = Mask{{true, false}}}))
        .refuse("dropout of everything", {q, k, v}, with({.dropout = 1}));
    return samples;
}

}    // namespace
}    // namespace xtape
