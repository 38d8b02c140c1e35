// Every kind of operation on 1Mi floats (op/...) and 512Ki doubles (op64/...), forward and backward from a dense seed:
// a gradient that is one number repeated, as that of a sum is, would be a special case that real models do not have.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

namespace {

template <class T>
class Cases {
public:
    Cases(std::string prefix, Variables<T> leaves) : prefix_(std::move(prefix)), leaves_(std::move(leaves)) {}

    template <class F>
    void operator()(const std::string& name, F f, double budget_seconds = 0.6) {
        if (!bench::wanted(prefix_ + name)) return;
        auto seed = default_generator().general().normal<T>(f().shape());
        bench::run(
            prefix_ + name,
            [&] {
                for (auto& leaf : leaves_) leaf.zero_grad();
                backward(f(), seed);
            },
            budget_seconds);
    }

private:
    std::string prefix_;
    Variables<T> leaves_;
};

template <class T>
Variable<T> leaf(Array<T> value) {
    return Variable<T>(std::move(value), requires_grad);
}

Indices random_indices(const Shape& shape, std::int64_t count) {
    Indices indices = empty_array<std::int64_t>(shape);
    for (auto& index : indices.storage()) index = default_generator().general().integer(count);
    return indices;
}

void run_floats() {
    auto& random = default_generator().general();
    const Shape square_shape{1024, 1024};
    auto x = leaf(random.normal<float>(square_shape)), w = leaf(random.normal<float>(square_shape));
    auto p = leaf(random.uniform<float>(square_shape, 0.1, 1.1));
    auto row = leaf(random.normal<float>({1024})), row2 = leaf(random.normal<float>({1024}));
    const Variable<float> G(random.normal<float>(square_shape));
    const Indices places = random_indices(square_shape, 1024), rows = random_indices({1024}, 1024);
    Cases<float> op("op/", {x, w, p, row, row2});

    op("add", [&] { return x + w; });
    op("multiply", [&] { return x * w; });
    op("divide", [&] { return x / p; });
    op("add_row", [&] { return x + row; });
    op("multiply_row", [&] { return x * row; });
    op("square", [&] { return square(x); });
    op("sqrt", [&] { return sqrt(p); });
    op("pow_2.5", [&] { return pow(p, 2.5); });
    op("pow_variable", [&] { return pow(p, w); });
    op("exp", [&] { return exp(x); });
    op("log", [&] { return log(p); });
    op("log1p", [&] { return log1p(p); });
    op("sin", [&] { return sin(x); });
    op("atan2", [&] { return atan2(x, w); });
    op("tanh", [&] { return tanh(x); });
    op("erf", [&] { return erf(x); });
    op("sigmoid", [&] { return sigmoid(x); });
    op("relu", [&] { return relu(x); });
    op("leaky_relu", [&] { return leaky_relu(x, 0.01); });
    op("elu", [&] { return elu(x); });
    op("gelu", [&] { return gelu(x); });
    op("gelu_tanh", [&] { return gelu(x, GeluApproximation::tanh); });
    op("silu", [&] { return silu(x); });
    op("softplus", [&] { return softplus(x); });
    op("clamp", [&] { return clamp(x, -0.5, 0.5); });
    op("maximum", [&] { return maximum(x, w); });
    op("where", [&] { return where(G > 0, x, w); });
    auto gelu_by_hand = [](auto v) { return v * 0.5 * (1 + tanh((v + v * v * v * 0.044715) * 0.7978845608)); };
    op("custom_gelu", [&] { return map(gelu_by_hand, x); });
    op("sum_axis0", [&] { return sum(x, 0); });
    op("sum_axis1", [&] { return sum(x, 1); });
    op("var_axis0", [&] { return var(x, 0); });
    op("var_axis1", [&] { return var(x, 1); });
    op("amax_axis0", [&] { return amax(x, 0); });
    op("amax_axis1", [&] { return amax(x, 1); });
    op("norm2_axis1", [&] { return norm(x, 2, 1); });
    op("logsumexp_axis0", [&] { return logsumexp(x, 0); });
    op("logsumexp_axis1", [&] { return logsumexp(x, 1); });
    op("softmax_axis0", [&] { return softmax(x, 0); });
    op("softmax_axis1", [&] { return softmax(x, 1); });
    op("log_softmax_axis1", [&] { return log_softmax(x, 1); });
    op("cumsum_axis0", [&] { return cumsum(x, 0); });
    op("cumsum_axis1", [&] { return cumsum(x, 1); });
    op("cumprod_axis1", [&] { return cumprod(p, 1); });
    op("transpose_add", [&] { return x + transpose(w); });
    op("permute_4d_add", [&] {
        return permute(reshape(x, {16, 64, 16, 64}), {0, 2, 1, 3}) + reshape(w, {16, 16, 64, 64});
    });
    op("concat_axis0", [&] { return concat({x, w}, 0); });
    op("concat_axis1", [&] { return concat({x, w}, 1); });
    op("split_concat", [&] {
        auto parts = split(x, 256, 1);
        return concat({parts[3], parts[1], parts[0], parts[2]}, 1);
    });
    op("slice_step2", [&] {
        auto half = slice(x, {Range{}, Range{0, 1024, 2}});
        half.value();    // the peer's clone(): the elements in order
        return half;
    });
    op("flip", [&] {
        auto flipped = flip(x, 1);
        flipped.value();
        return flipped;
    });
    op("roll", [&] { return roll(x, 100, 1); });
    op("pad_constant", [&] { return pad(x, {{2, 2}, {3, 3}}); });
    op("repeat_interleave", [&] { return repeat(row, 1024); });
    op("tril", [&] { return tril(x); });
    op("gather_axis1", [&] { return gather(x, 1, places); });
    op("index_select_axis0", [&] { return index_select(x, 0, rows); });
    op("index_select_axis1", [&] { return index_select(x, 1, rows); });
    op("scatter_add_axis1", [&] { return scatter_add(x, 1, places, w); });
    op("embedding", [&] { return embedding(x, rows); });
    op("layer_norm", [&] { return layer_norm(x, row, row2); });
    op("batch_norm_1d", [&] { return batch_norm(x, row, row2); });
    op("dropout", [&] { return dropout(x, 0.5); });
    op("mse_loss", [&] { return nn::mse_loss(x, w); });
    op("huber_loss", [&] { return nn::huber_loss(x, G); });
    op("bce_with_logits",
       [&] { return nn::binary_cross_entropy_with_logits(x, Variable<float>(xt::cast<float>(G > 0))); });
    op("cross_entropy", [&] { return nn::cross_entropy(x, rows); });
    op(
        "matmul_1024", [&] { return matmul(x, w); }, 1.5);
    op(
        "linear_1024", [&] { return linear(x, transpose(w), row); }, 1.5);
    op("matvec_1024", [&] { return matmul(x, row); });
    op("outer_1024", [&] { return outer(row, row2); });
    op("bmm_64x128x128", [&] { return matmul(reshape(x, {64, 128, 128}), reshape(w, {64, 128, 128})); });
    op("bmm_16384x8x8", [&] { return matmul(reshape(x, {16384, 8, 8}), reshape(w, {16384, 8, 8})); });
    op("einsum_bhqd_bhkd", [&] {
        return einsum("bhqd,bhkd->bhqk", Variables<float>{reshape(x, {8, 8, 128, 128}), reshape(w, {8, 8, 128, 128})});
    });
}

void run_doubles() {
    auto& random = default_generator().general();
    auto x = leaf(random.normal<double>({512, 1024})), p = leaf(random.uniform<double>({512, 1024}, 0.1, 1.1));
    const Variable<double> a(random.normal<double>({256, 256})), diagonal(xt::eye<double>(256) * 256.0);
    auto spd = leaf(Array<double>((matmul(a, transpose(a)) + diagonal).value()));
    auto b = leaf(random.normal<double>({256, 32}));
    Cases<double> op("op64/", {x, p, spd, b});

    op("exp", [&] { return exp(x); });
    op("tanh", [&] { return tanh(x); });
    op("erf", [&] { return erf(x); });
    op("lgamma", [&] { return lgamma(p); });
    op("pow_2.5", [&] { return pow(p, 2.5); });
    op("sum_axis1", [&] { return sum(x, 1); });
    op("matmul_512", [&] { return matmul(x, transpose(x)); });
    op("cholesky_256", [&] { return cholesky(spd); });
    op("inverse_256", [&] { return inverse(spd); });
    op("solve_256x32", [&] { return solve(spd, b); });
    op("logdet_256", [&] { return logdet(spd); });
}

}    // namespace

void bench::operations() {
    run_floats();
    run_doubles();
    auto& random = default_generator().general();
    Variable<float> x(random.normal<float>({1024, 1024})), w(random.normal<float>({1024, 1024}));
    NoGrad guard;
    run("gemm_1024_fwd", [&] { matmul(x, w); });
    run("copy_1Mi", [&] { Array<float> y = x.value(); });
}
