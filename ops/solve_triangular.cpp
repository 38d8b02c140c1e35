#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/decomposition.hpp>
#include <xtape/ops/detail/factors.hpp>
#include <xtape/ops/detail/square_matrices.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/triangle.hpp>

#include <initializer_list>
#include <memory>
#include <vector>

namespace xtape {
namespace {

using detail::flip_axes;
using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
struct SolveTriangular {
    static constexpr auto name = "solve_triangular";
    static constexpr auto needs = needs::input(0) | needs::output;
    static constexpr About about{"decomposition", "X = L^-1 B, L lower triangular", "dB = L^-T G, dL = -tril(dB X^T)",
                                 "(..., n, n), (..., n, k) -> (..., n, k)"};
    bool transpose = false;    // of L

    Array<T> forward(const Array<T>& l, const Array<T>& b) const {
        Array<T> x = b;
        if (x.size() == 0) return x;
        const std::size_t n = l.shape().back(), columns = b.shape().back();
        const T* matrices = l.storage().data();
        T* out = x.storage().data();
        detail::each_matrix(name, l.shape(), columns, "", "", [&] {
            return [&](std::size_t i) {
                detail::solve_triangle(n, columns, matrices + i * n * n, transpose, out + i * n * columns);
                return 0;
            };
        });
        return x;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& l, const Variable<T>&, const Variable<T>& x) const {
        auto sides = [&, found = std::make_shared<Variable<T>>()] {
            if (!found->defined()) *found = apply(SolveTriangular{!transpose}, l, g);
            return *found;
        };
        return pullbacks(
            [&, sides] { return -tril(transpose ? matmul(x, flip_axes(sides())) : matmul(sides(), flip_axes(x))); },
            sides);
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> solve_triangular(const Variable<T>& l, const Variable<T>& b, SolveTriangularOptions options) {
    detail::check_square("solve_triangular", l);
    auto [matrices, sides] = detail::broadcast_batches("solve_triangular", l, b);
    return apply(SolveTriangular<T>{options.transpose}, matrices, sides);
}

template Variable<float> solve_triangular(const Variable<float>&, const Variable<float>&, SolveTriangularOptions);
template Variable<double> solve_triangular(const Variable<double>&, const Variable<double>&, SolveTriangularOptions);

namespace {

A shaped(const Shape& shape, std::initializer_list<double> elements) {
    return make_array<double>(Storage<double>(elements), shape);
}

template <class T>
Samples SolveTriangular<T>::samples() {
    auto f = [](const auto& x) { return solve_triangular(x[0], x[1]); };
    auto transposed = [](const auto& x) { return solve_triangular(x[0], x[1], {.transpose = true}); };
    const A lower{{2.0, 7.0}, {1.0, 4.0}};    // the 7 is ignored
    return Samples()
        .add("two sides", {lower, A{{2.0, 4.0}, {9.0, 2.0}}}, f,
             [](const Arrays&) {
                 return A{{1.0, 2.0}, {2.0, 0.0}};
             })
        .add("transposed", {lower, A{{2.0, 4.0}, {8.0, 2.0}}}, transposed,
             [](const Arrays&) {
                 return A{{0.0, 1.75}, {2.0, 0.5}};
             })
        .add("batch of matrices, one side",
             {shaped({2, 2, 2}, {2.0, 7.0, 1.0, 4.0, 1.0, 0.0, -1.0, 0.5}), shaped({2, 1}, {2.0, 9.0})}, f,
             [](const Arrays&) {
                 return shaped({2, 2, 1}, {1.0, 2.0, 2.0, 22.0});
             })
        .add(
            "no sides", {lower, A(Shape{2, 0})}, f,
            [](const Arrays&) {
                return A(Shape{2, 0});
            },
            1)
        .refuse("2 x 3", {A(Shape{2, 3}, 1.0), A(Shape{2, 1}, 1.0)}, f)
        .refuse("3 equations for 2 unknowns", {lower, A(Shape{3, 1}, 1.0)}, f)
        .refuse("a list", {lower, A{1.0, 2.0}}, f);
}

}    // namespace
}    // namespace xtape
