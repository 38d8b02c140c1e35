// Batches of small matrices (small/..., small64/...): products in several orders, points, and factors, forward and
// backward from a dense seed.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

namespace {

template <class T>
Variable<T> normal(const Shape& shape) {
    return Variable<T>(default_generator().general().template normal<T>(shape), requires_grad);
}

template <class T, class F>
void measure(const std::string& name, Variables<T> inputs, F f) {
    if (!bench::wanted(name)) return;
    const Array<T> seed = default_generator().general().template normal<T>(f(inputs).shape());
    bench::run(
        name,
        [&] {
            for (auto& x : inputs) x.zero_grad();
            backward(f(inputs), seed);
        },
        0.4);
}

template <class T>
void small_matrices(const std::string& prefix) {
    auto product = [](const auto& x) { return matmul(x[0], x[1]); };
    auto transposed = [](const auto& x) { return matmul(x[0], swap_axes(x[1], -1, -2)); };
    for (auto [n, count] : {std::pair<std::size_t, std::size_t>{3, 33333}, {4, 16384}, {8, 16384}, {16, 2048}}) {
        const std::string size = std::to_string(n) + "x" + std::to_string(n);
        const auto a = normal<T>({count, n, n}), b = normal<T>({count, n, n}), v = normal<T>({count, n, 1});
        measure<T>(prefix + "product_" + size, {a, b}, product);
        measure<T>(prefix + "product_transposed_" + size, {a, b}, transposed);
        measure<T>(prefix + "product_vector_" + size, {a, v}, product);
        measure<T>(prefix + "product_one_" + size, {a, normal<T>({1, n, n})}, product);
        measure<T>(prefix + "einsum_" + size, {a, b}, [](const auto& x) { return einsum("bij,bkj->bik", x); });

        Array<T> definite = matmul(a, swap_axes(a, -1, -2)).value();
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t k = 0; k < n; ++k) definite(i, k, k) += static_cast<T>(n);
        const Variable<T> regular(std::move(definite), requires_grad);
        measure<T>(prefix + "inverse_" + size, {regular}, [](const auto& x) { return inverse(x[0]); });
        measure<T>(prefix + "solve_" + size, {regular, v}, [](const auto& x) { return solve(x[0], x[1]); });
        measure<T>(prefix + "cholesky_" + size, {regular}, [](const auto& x) { return cholesky(x[0]); });
        measure<T>(prefix + "logdet_" + size, {regular}, [](const auto& x) { return logdet(x[0]); });
    }
    measure<T>(prefix + "points_100000x3", {normal<T>({100000, 3}), normal<T>({3, 3})}, product);
    measure<T>(prefix + "points_3x100000", {normal<T>({3, 3}), normal<T>({3, 100000})}, product);
}

}    // namespace

void bench::products() {
    small_matrices<float>("small/");
    small_matrices<double>("small64/");
}
