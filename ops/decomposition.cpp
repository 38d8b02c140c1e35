#include <xtape/core/adjoint.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/decomposition.hpp>
#include <xtape/ops/detail/factors.hpp>
#include <xtape/ops/detail/square_matrices.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/triangle.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using detail::broadcast_batches;
using detail::check_square;
using detail::each_matrix;
using detail::flip_axes;
using detail::leading;
using A = Array<double>;
using Arrays = std::vector<A>;

template <class Make>
void each_regular(const char* name, const Shape& shape, std::size_t columns, const Make& make) {
    each_matrix(name, shape, columns, "singular, with a zero as pivot ", "invertible matrices", make);
}

template <class T>
struct Inverse {
    static constexpr auto name = "inverse";
    static constexpr auto needs = needs::output;
    static constexpr About about{"decomposition", "Y = X^-1", "dX = -Y^T G Y^T", "(..., n, n)"};

    Array<T> forward(const Array<T>& x) const {
        Array<T> y = empty_array<T>(x.shape());
        if (y.size() == 0) return y;
        const std::size_t n = x.shape().back();
        const T* in = x.storage().data();
        T* out = y.storage().data();
        each_regular(name, x.shape(), n, [&] {
            return [&, lu = detail::Lu<T>(n, 1)](std::size_t i) mutable {
                const int fault = lu.factor(0, in + i * n * n);
                return fault != 0 ? fault : lu.invert(0, out + i * n * n);
            };
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>& y) const {
        return pullbacks([&] { return -matmul(flip_axes(y), matmul(g, flip_axes(y))); });
    }
    static Samples samples();
};

template <class T>
Variable<T> solve_system(const Variable<T>& a, const Variable<T>& b, bool transpose);

template <class T>
struct Solve {
    static constexpr auto name = "solve";
    static constexpr auto needs = needs::input(0) | needs::output;
    static constexpr About about{"decomposition", "X = A^-1 B", "dB = A^-T G, dA = -dB X^T",
                                 "(..., n, n), (..., n, k) -> (..., n, k); 1-d B as a column"};
    bool transpose = false;    // of A

    // The leading axes are those of both. The factors are saved for the derivative.
    auto forward(const Array<T>& a, const Array<T>& b) const {
        Array<T> x = empty_array<T>(b.shape());
        const std::size_t n = a.shape().back();
        detail::Lu<T> lu(n, x.size() == 0 ? 0 : a.size() / (n * n));
        if (x.size() > 0)
            solve_each(
                a.shape(), b, x, [&, in = a.storage().data()](std::size_t i) { return lu.factor(i, in + i * n * n); },
                lu, transpose);
        return saving(std::move(x), std::move(lu));
    }
    // x = A^-1 b, or with the transpose, for each matrix for which prepare(number) is 0.
    template <class Prepare>
    static void solve_each(const Shape& shape, const Array<T>& b, Array<T>& x, const Prepare& prepare,
                           const detail::Lu<T>& lu, bool transposed) {
        const std::size_t columns = b.shape().back(), size = shape.back() * columns;
        const T* sides = b.storage().data();
        T* out = x.storage().data();
        each_regular(name, shape, columns, [&] {
            return [&](std::size_t i) {
                if (const int fault = prepare(i)) return fault;
                lu.solve(i, sides + i * size, columns, transposed, out + i * size);
                return 0;
            };
        });
    }
    auto vjp(const Variable<T>& g, const Variable<T>& a, const Variable<T>&, const Variable<T>& x,
             const detail::Lu<T>& lu) const {
        auto sides = [&, found = std::make_shared<Variable<T>>()] {    // both gradients begin with it
            if (found->defined()) return *found;
            if (is_recording() || g.size() == 0) return *found = solve_system(a, g, !transpose);
            Array<T> y = empty_array<T>(g.shape());
            solve_each(
                a.shape(), g.value(), y, [](std::size_t) { return 0; }, lu, !transpose);
            return *found = Variable<T>(std::move(y));
        };
        return pullbacks(
            [&, sides] { return transpose ? -matmul(x, flip_axes(sides())) : -matmul(sides(), flip_axes(x)); }, sides);
    }
    static Samples samples();
};

template <class T>
Variable<T> solve_system(const Variable<T>& a, const Variable<T>& b, bool transpose) {
    return apply(Solve<T>{transpose}, a, b);
}

template <class T>
struct Cholesky {
    static constexpr auto name = "cholesky";
    static constexpr auto needs = needs::output;
    static constexpr About about{"decomposition", "L L^T = A, L lower triangular",
                                 "dA = (S + S^T) / 2, S = L^-T P L^-1, P = tril(L^T G) with half its diagonal",
                                 "(..., n, n)"};

    Array<T> forward(const Array<T>& a) const {
        Array<T> y = empty_array<T>(a.shape());
        if (y.size() == 0) return y;
        const std::size_t n = a.shape().back();
        T* out = y.storage().data();
        std::copy_n(a.storage().data(), a.size(), out);
        each_matrix(name, a.shape(), 0, "not positive definite, nor is its leading block of order ",
                    "positive definite matrices",
                    [&] { return [&](std::size_t i) { return detail::factor_cholesky(n, out + i * n * n); }; });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>& y) const {
        return pullbacks([&] {
            std::size_t n = y.shape().back();
            Array<T> half(Shape{n, n}, T(0));    // of the diagonal, all of what is below
            for (std::size_t i = 0; i < n; ++i)
                for (std::size_t j = 0; j <= i; ++j) half.storage()[i * n + j] = i == j ? T(0.5) : T(1);
            auto p = matmul(flip_axes(y), g) * Variable<T>(std::move(half));
            auto divided = [&](const Variable<T>& x) { return solve_triangular(y, x, {.transpose = true}); };
            auto s = divided(flip_axes(divided(p)));
            return (s + flip_axes(s)) * 0.5;
        });
    }
    static Samples samples();
};

template <class T>
struct LogDet {
    static constexpr auto name = "logdet";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"decomposition", "y = log det X", "dX = g X^-T", "(..., n, n) -> (...)"};

    auto forward(const Array<T>& x) const {
        Array<T> y(leading(x.shape()), T(0));
        const std::size_t n = x.shape().back();
        detail::Lu<T> lu(n, x.size() == 0 ? 0 : y.size());
        const T* in = x.storage().data();
        T* out = y.storage().data();
        if (x.size() > 0)
            each_matrix(name, x.shape(), 0, "", "", [&] {
                return [&](std::size_t i) {
                    lu.factor(i, in + i * n * n);
                    out[i] = lu.logdet(i);
                    return 0;
                };
            });
        return saving(std::move(y), std::move(lu));
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&, const detail::Lu<T>& lu) const {
        return pullbacks([&] { return unsqueeze(g, {-2, -1}) * flip_axes(inverse_of(x, lu)); });
    }
    static Variable<T> inverse_of(const Variable<T>& x, const detail::Lu<T>& lu) {
        if (is_recording() || x.size() == 0) return inverse(x);
        Array<T> y = empty_array<T>(x.shape());
        const std::size_t n = x.shape().back();
        T* out = y.storage().data();
        each_regular(name, x.shape(), n, [&] { return [&](std::size_t i) { return lu.invert(i, out + i * n * n); }; });
        return Variable<T>(std::move(y));
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> inverse(const Variable<T>& x) {
    check_square("inverse", x);
    return apply(Inverse<T>{}, x);
}

template <class T>
Variable<T> solve(const Variable<T>& a, const Variable<T>& b) {
    check_square("solve", a);
    if (b.dimension() == 1) return squeeze(solve(a, unsqueeze(b, -1)), -1);
    auto [matrices, sides] = broadcast_batches("solve", a, b);
    return solve_system(matrices, sides, false);
}

template <class T>
Variable<T> cholesky(const Variable<T>& a) {
    check_square("cholesky", a);
    return apply(Cholesky<T>{}, a);
}

template <class T>
Variable<T> logdet(const Variable<T>& x) {
    check_square("logdet", x);
    return apply(LogDet<T>{}, x);
}

template <class T>
Variable<T> trace(const Variable<T>& x, std::ptrdiff_t offset, std::ptrdiff_t axis1, std::ptrdiff_t axis2) {
    return sum(diagonal(x, offset, axis1, axis2), -1);
}

template Variable<float> inverse(const Variable<float>&);
template Variable<double> inverse(const Variable<double>&);
template Variable<float> solve(const Variable<float>&, const Variable<float>&);
template Variable<double> solve(const Variable<double>&, const Variable<double>&);
template Variable<float> cholesky(const Variable<float>&);
template Variable<double> cholesky(const Variable<double>&);
template Variable<float> logdet(const Variable<float>&);
template Variable<double> logdet(const Variable<double>&);
template Variable<float> trace(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t);
template Variable<double> trace(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t, std::ptrdiff_t);

namespace {

A shaped(const Shape& shape, std::initializer_list<double> elements) {
    return make_array<double>(Storage<double>(elements), shape);
}
A square() {    // its determinant is 12.5
    return A{{2.0, 1.0, 0.0}, {-1.0, 3.0, 1.0}, {0.5, -2.5, 1.0}};
}
// Two matrices of determinant 2 and -1.
A pair() { return shaped({2, 2, 2}, {2.0, 1.0, 4.0, 3.0, 1.0, 2.0, 1.0, 1.0}); }

template <class T>
Samples Inverse<T>::samples() {
    auto f = [](const auto& x) { return inverse(x[0]); };
    return Samples()
        .add("matrix", {A{{2.0, 1.0}, {4.0, 3.0}}}, f,
             [](const Arrays&) {
                 return A{{1.5, -0.5}, {-2.0, 1.0}};
             })
        .add("pivots change places", {A{{0.0, 1.0}, {2.0, 4.0}}}, f,
             [](const Arrays&) {
                 return A{{-2.0, 0.5}, {1.0, 0.0}};
             })
        .add("batch", {pair()}, f,
             [](const Arrays&) {
                 return shaped({2, 2, 2}, {1.5, -0.5, -2.0, 1.0, -1.0, 2.0, 1.0, -1.0});
             })
        .add(
            "empty", {A(Shape{0, 0})}, f,
            [](const Arrays&) {
                return A(Shape{0, 0});
            },
            1)
        .refuse("singular", {A{{1.0, 2.0}, {2.0, 4.0}}}, f)
        .refuse("2 x 3", {A(Shape{2, 3}, 1.0)}, f)
        .refuse("a list", {A{1.0}}, f);
}

template <class T>
Samples Solve<T>::samples() {
    auto f = [](const auto& x) { return solve(x[0], x[1]); };
    const A one{{2.0, 1.0}, {4.0, 3.0}};
    return Samples()
        .add("one side", {one, A{1.0, -2.0}}, f,
             [](const Arrays&) {
                 return A{2.5, -4.0};
             })
        .add("two sides", {one, A{{1.0, 2.0}, {-2.0, 4.0}}}, f,
             [](const Arrays&) {
                 return A{{2.5, 1.0}, {-4.0, 0.0}};
             })
        .add("batch of matrices, one set of sides", {pair(), A{{1.0, 2.0}, {-2.0, 4.0}}}, f,
             [](const Arrays&) {
                 return shaped({2, 2, 2}, {2.5, 1.0, -4.0, 0.0, -5.0, 6.0, 3.0, -2.0});
             })
        .add(
            "no sides", {one, A(Shape{2, 0})}, f,
            [](const Arrays&) {
                return A(Shape{2, 0});
            },
            1)
        .refuse("singular", {A{{1.0, 2.0}, {2.0, 4.0}}, A{1.0, 1.0}}, f)
        .refuse("3 equations for 2 unknowns", {one, A{1.0, 2.0, 3.0}}, f)
        .refuse("0-d", {one, A(1.0)}, f);
}

template <class T>
Samples Cholesky<T>::samples() {
    // A symmetric matrix of any: its elements cannot be varied one by one.
    auto f = [](const auto& x) { return cholesky((x[0] + flip_axes(x[0])) * 0.5); };
    auto plain = [](const auto& x) { return cholesky(x[0]); };
    auto lower = [](const Arrays&) { return A{{2.0, 0.0, 0.0}, {1.0, 3.0, 0.0}, {-0.5, 0.5, 1.0}}; };
    return Samples()
        .add("matrix", {A{{4.0, 2.0, -1.0}, {2.0, 10.0, 1.0}, {-1.0, 1.0, 1.5}}}, f, lower)
        .add("from the lower triangle", {A{{4.0, 9.0, 9.0}, {2.0, 10.0, 9.0}, {-1.0, 1.0, 1.5}}}, plain, lower, 0)
        .add("batch", {shaped({2, 2, 2}, {4.0, 2.0, 2.0, 10.0, 1.0, 0.5, 0.5, 1.25})}, f,
             [](const Arrays&) {
                 return shaped({2, 2, 2}, {2.0, 0.0, 1.0, 3.0, 1.0, 0.0, 0.5, 1.0});
             })
        .add(
            "empty", {A(Shape{0, 0})}, f,
            [](const Arrays&) {
                return A(Shape{0, 0});
            },
            1)
        .refuse("indefinite", {A{{1.0, 2.0}, {2.0, 1.0}}}, plain)
        .refuse("2 x 3", {A(Shape{2, 3}, 1.0)}, plain);
}

template <class T>
Samples LogDet<T>::samples() {
    auto f = [](const auto& x) { return logdet(x[0]); };
    return Samples()
        .add("matrix", {A{{2.0, 1.0}, {4.0, 3.0}}}, f, [](const Arrays&) { return A(std::log(2.0)); })
        .add("three by three", {square()}, f, [](const Arrays&) { return A(std::log(12.5)); })
        .add(
            "of no elements", {A(Shape{0, 0})}, f, [](const Arrays&) { return A(0.0); }, 1)
        .add(
            "trace of a product", {square()}, [](const auto& x) { return trace(matmul(x[0], x[0])); },
            [](const Arrays&) { return A(4.0 + 9.0 + 1.0 + 2.0 * (-1.0 + 0.0 - 2.5)); })
        .add("batch", {shaped({2, 2, 2}, {2.0, 1.0, 4.0, 3.0, 0.0, -2.0, 1.0, 1.0})}, f,
             [](const Arrays&) {
                 return A{std::log(2.0), std::log(2.0)};
             })
        .refuse("2 x 3", {A(Shape{2, 3}, 1.0)}, f);
}

}    // namespace
}    // namespace xtape
