#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/batched_products.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/shape.hpp>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// The last two axes of a view, transposed if asked.
template <class T>
detail::Matrix<T> matrix(const View<T>& x, bool transposed) {
    std::size_t d = x.shape.size();
    detail::Matrix<T> result{x.data(), x.shape[d - 2], x.shape[d - 1], x.strides[d - 2], x.strides[d - 1]};
    return transposed ? result.transposed() : result;
}

[[noreturn]] void refuse(const char* name, const Shape& a, const Shape& b, const char* wanted) {
    throw ShapeError("[" + std::string(name) + "] got the shapes " + to_string(a) + " and " + to_string(b) +
                     "; wanted " + wanted);
}

// The steps of an operand along the batch axes of the result.
template <class T>
Strides batch_steps(const View<T>& x, const Shape& batch) {
    Strides steps(batch.size(), 0);
    std::size_t own = x.shape.size() - 2, lead = batch.size() - own;
    for (std::size_t d = 0; d < own; ++d) steps[lead + d] = x.shape[d] == 1 ? 0 : x.strides[d];
    return steps;
}

template <class T>
Variable<T> product(const Variable<T>& a, const Variable<T>& b, bool transpose_a, bool transpose_b);

// op(a) op(b), where op transposes the last two axes if asked: so the derivative needs no nodes for transposes.
template <class T>
struct Matmul {
    static constexpr auto name = "matmul";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"matmul", "y = a b", "da = g b^T, db = a^T g",
                                 "(..., m, k), (..., k, n) -> (..., m, n); 1-d as a row or a column"};
    bool transpose_a = false, transpose_b = false;

    Array<T> forward(const View<T>& a, const View<T>& b) const {
        detail::Matrix<T> left = matrix(a, transpose_a), right = matrix(b, transpose_b);
        if (a.shape.size() == 2 && b.shape.size() == 2) {
            Array<T> y = empty_array<T>(Shape{left.rows, right.columns});
            if (y.size() > 0) detail::multiply(left, right, y.storage().data());
            return y;
        }
        Shape batch = broadcast_shapes(name, Shape(a.shape.begin(), a.shape.end() - 2),
                                       Shape(b.shape.begin(), b.shape.end() - 2));
        Shape shape = batch;
        shape.push_back(left.rows);
        shape.push_back(right.columns);
        Array<T> y = empty_array<T>(shape);
        if (y.size() == 0) return y;
        detail::multiply_batch(left, batch_steps(a, batch), right, batch_steps(b, batch), batch, y.storage().data());
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& a, const Variable<T>& b, const Variable<T>&) const {
        return pullbacks(
            [&g, &b, this] {
                return transpose_a ? product(b, g, transpose_b, true) : product(g, b, false, !transpose_b);
            },
            [&g, &a, this] {
                return transpose_b ? product(g, a, true, transpose_a) : product(a, g, !transpose_a, false);
            });
    }
    static Samples samples();
};

template <class T>
Variable<T> product(const Variable<T>& a, const Variable<T>& b, bool transpose_a, bool transpose_b) {
    return apply(Matmul<T>{transpose_a, transpose_b}, a, b);
}

// Whether op(a) op(b) of matrices (or batches of them) is defined.
template <class T>
bool lengths_agree(const Variable<T>& a, const Variable<T>& b, bool transpose_b = false) {
    const Shape &x = a.shape(), &y = b.shape();
    return x.back() == y[y.size() - (transpose_b ? 1 : 2)];
}

template <class T>
struct Dot {
    static constexpr auto name = "dot";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"matmul", "y = sum_i a_i b_i", "da = g b, db = g a", "(n,), (n,) -> ()"};

    Array<T> forward(const View<T>& a, const View<T>& b) const {
        Array<T> y = empty_array<T>(Shape{});
        detail::multiply<T>({a.data(), 1, a.shape[0], 0, a.strides[0]}, {b.data(), b.shape[0], 1, b.strides[0], 0},
                            y.storage().data());
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& a, const Variable<T>& b, const Variable<T>&) const {
        return pullbacks([&] { return g * b; }, [&] { return g * a; });
    }
    static Samples samples();
};

template <class T>
struct Outer {
    static constexpr auto name = "outer";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"matmul", "y_ij = a_i b_j", "da = g b, db = g^T a", "(m,), (n,) -> (m, n)"};

    Array<T> forward(const View<T>& a, const View<T>& b) const {
        Array<T> y = empty_array<T>(Shape{a.shape[0], b.shape[0]});
        if (y.size() > 0)
            detail::multiply<T>({a.data(), a.shape[0], 1, a.strides[0], 0}, {b.data(), 1, b.shape[0], 0, b.strides[0]},
                                y.storage().data());
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& a, const Variable<T>& b, const Variable<T>&) const {
        return pullbacks([&] { return matmul(g, b); }, [&] { return matmul(a, g); });
    }
    static Samples samples();
};

// c + a op(b).
template <class T>
struct Addmm {
    static constexpr auto name = "addmm";
    static constexpr auto needs = needs::input(1) | needs::input(2);
    static constexpr About about{"matmul", "y = c + a b", "dc = g, da = g b^T, db = a^T g",
                                 "c to (m, n), (m, k), (k, n) -> (m, n)"};
    bool transpose_b = false;

    Array<T> forward(const View<T>& c, const View<T>& a, const View<T>& b) const {
        detail::Matrix<T> left = matrix(a, false), right = matrix(b, transpose_b);
        Shape shape{left.rows, right.columns};
        Array<T> y = empty_array<T>(shape);
        if (y.size() == 0) return y;
        T* out = y.storage().data();
        Strides steps(2, 0);
        for (std::size_t d = 0; d < c.shape.size(); ++d)
            steps[2 - c.shape.size() + d] = c.shape[d] == 1 ? 0 : c.strides[d];
        detail::copy_strided(c.data(), shape, steps, out);
        detail::multiply(left, right, out, true);
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>& a, const Variable<T>& b,
             const Variable<T>&) const {
        return pullbacks(
            pass, [&g, &b, this] { return product(g, b, false, !transpose_b); },
            [&g, &a, this] { return transpose_b ? product(g, a, true, false) : product(a, g, true, false); });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> matmul(const Variable<T>& a, const Variable<T>& b) {
    const Shape &x = a.shape(), &y = b.shape();
    if (x.size() == 2 && y.size() == 2 && x[1] == y[0]) return product(a, b, false, false);
    if (x.empty() || y.empty()) refuse("matmul", x, y, "at least one axis each; a number multiplies by *");
    if (x.back() != y[y.size() == 1 ? 0 : y.size() - 2])
        refuse("matmul", x, y,
               "the last axis of the first as long as the last but one of the second (the only one of a vector)");
    if (x.size() == 1 && y.size() == 1) return apply(Dot<T>{}, a, b);
    if (x.size() == 1) {
        Shape shape(y.begin(), y.end() - 1);
        shape.back() = y.back();
        return reshape(matmul(reshape(a, Shape{1, x[0]}), b), shape);
    }
    if (y.size() == 1) return reshape(matmul(a, reshape(b, Shape{y[0], 1})), Shape(x.begin(), x.end() - 1));
    if (y.size() == 2) {    // one large product instead of many, and none to add up in the derivative of b
        Shape shape(x.begin(), x.end());
        shape.back() = y[1];
        Shape rows{element_count(Shape(x.begin(), x.end() - 1)), x.back()};
        return reshape(product(reshape(a, rows), b, false, false), shape);
    }
    return product(a, b, false, false);
}

template <class T>
Variable<T> dot(const Variable<T>& a, const Variable<T>& b) {
    if (a.dimension() != 1 || b.dimension() != 1 || a.size() != b.size())
        refuse("dot", a.shape(), b.shape(), "two vectors of the same length; matmul takes matrices");
    return apply(Dot<T>{}, a, b);
}

template <class T>
Variable<T> outer(const Variable<T>& a, const Variable<T>& b) {
    if (a.dimension() != 1 || b.dimension() != 1) refuse("outer", a.shape(), b.shape(), "two vectors");
    return apply(Outer<T>{}, a, b);
}

template <class T>
Variable<T> addmm(const Variable<T>& c, const Variable<T>& a, const Variable<T>& b) {
    if (a.dimension() != 2 || b.dimension() != 2 || !lengths_agree(a, b))
        refuse("addmm", a.shape(), b.shape(), "two matrices, (m, k) and (k, n)");
    if (Shape shape{a.shape()[0], b.shape()[1]}; !broadcasts_to(c.shape(), shape))
        throw ShapeError("[addmm] got a summand of the shape " + to_string(c.shape()) +
                         "; wanted one that broadcasts to " + to_string(shape));
    return apply(Addmm<T>{}, c, a, b);
}

template <class T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& w, const Variable<T>& b) {
    if (x.dimension() == 0 || w.dimension() != 2 || !lengths_agree(x, w, true))
        refuse("linear", x.shape(), w.shape(), "(..., in) and (out, in)");
    if (b.defined() && (b.dimension() != 1 || b.size() != w.shape()[0]))
        refuse("linear", w.shape(), b.shape(), "(out, in) and (out,)");
    auto affine = [&](const Variable<T>& rows) {
        return b.defined() ? apply(Addmm<T>{true}, b, rows, w) : product(rows, w, false, true);
    };
    if (x.dimension() == 2) return affine(x);
    Shape shape = x.shape(), lead(shape.begin(), shape.end() - 1);
    shape.back() = w.shape()[0];
    return reshape(affine(reshape(x, Shape{element_count(lead), x.shape().back()})), shape);
}

template <class T>
Variable<T> linear(const Variable<T>& x, const Variable<T>& w) {
    return linear(x, w, Variable<T>());
}

template Variable<float> matmul(const Variable<float>&, const Variable<float>&);
template Variable<double> matmul(const Variable<double>&, const Variable<double>&);
template Variable<float> dot(const Variable<float>&, const Variable<float>&);
template Variable<double> dot(const Variable<double>&, const Variable<double>&);
template Variable<float> outer(const Variable<float>&, const Variable<float>&);
template Variable<double> outer(const Variable<double>&, const Variable<double>&);
template Variable<float> addmm(const Variable<float>&, const Variable<float>&, const Variable<float>&);
template Variable<double> addmm(const Variable<double>&, const Variable<double>&, const Variable<double>&);
template Variable<float> linear(const Variable<float>&, const Variable<float>&, const Variable<float>&);
template Variable<double> linear(const Variable<double>&, const Variable<double>&, const Variable<double>&);
template Variable<float> linear(const Variable<float>&, const Variable<float>&);
template Variable<double> linear(const Variable<double>&, const Variable<double>&);

namespace {

// (m, k) (k, n), and a row of it per element of c.
A naive(const A& a, const A& b) {
    A y(Shape{a.shape()[0], b.shape()[1]}, 0.0);
    for (std::size_t i = 0; i < y.shape()[0]; ++i)
        for (std::size_t j = 0; j < y.shape()[1]; ++j)
            for (std::size_t k = 0; k < b.shape()[0]; ++k) y(i, j) += a(i, k) * b(k, j);
    return y;
}
A shaped(const Shape& shape, std::initializer_list<double> elements) {
    return make_array<double>(Storage<double>(elements), shape);
}
A two_by_three() { return A{{1.5, -2.0, 0.5}, {0.25, 3.0, -1.0}}; }
A three_by_two() { return A{{2.0, 1.0}, {-0.5, 4.0}, {3.0, -1.5}}; }

template <class T>
Samples Matmul<T>::samples() {
    auto f = [](const auto& x) { return matmul(x[0], x[1]); };
    auto empty = [](const Arrays&) { return A(Shape{2, 3}, 0.0); };
    return Samples()
        .add("matrices", {two_by_three(), three_by_two()}, f, [](const Arrays& x) { return naive(x[0], x[1]); })
        .add(
            "with itself", {A{{1.5, -2.0}, {0.25, 3.0}}}, [](const auto& x) { return matmul(x[0], x[0]); },
            [](const Arrays& x) { return naive(x[0], x[0]); })
        .add(
            "transposed operands", {two_by_three(), three_by_two()},
            [](const auto& x) { return matmul(transpose(x[0]), transpose(x[1])); },
            [](const Arrays& x) -> A { return xt::transpose(naive(x[1], x[0])); })
        .add("row and matrix", {A{1.5, -2.0, 0.5}, three_by_two()}, f,
             [](const Arrays&) {
                 return A{5.5, -7.25};
             })
        .add("matrix and column", {two_by_three(), A{2.0, -0.5, 3.0}}, f,
             [](const Arrays&) {
                 return A{5.5, -4.0};
             })
        .add("vectors", {A{1.5, -2.0, 0.5}, A{2.0, -0.5, 3.0}}, f, [](const Arrays&) { return A(5.5); })
        .add("batches broadcast", {A{{{1.0, 2.0}}, {{-1.0, 0.5}}}, shaped({2, 1, 2, 1}, {1.0, 2.0, -3.0, 0.5})}, f,
             [](const Arrays&) {
                 return shaped({2, 2, 1, 1}, {5.0, 0.0, -2.0, 3.25});
             })
        .add("batch and matrix", {A{{{1.0, 2.0}}, {{-1.0, 0.5}}}, A{{1.0, 3.0}, {2.0, -1.0}}}, f,
             [](const Arrays&) {
                 return A{{{5.0, 1.0}}, {{0.0, -3.5}}};
             })
        .add("vector and batch", {A{1.0, 2.0}, shaped({2, 2, 1}, {1.0, 2.0, -3.0, 0.5})}, f,
             [](const Arrays&) {
                 return shaped({2, 1}, {5.0, -2.0});
             })
        .add("nothing to add up", {A(Shape{2, 0}), A(Shape{0, 3})}, f, empty)
        .add("no rows", {A(Shape{0, 2}), A(Shape{2, 3}, 1.0)}, f,
             [](const Arrays&) {
                 return A(Shape{0, 3});
             })
        .add("no batches", {A(Shape{0, 1, 2}), A(Shape{2, 3}, 1.0)}, f,
             [](const Arrays&) {
                 return A(Shape{0, 1, 3});
             })
        .refuse("lengths 3 and 2", {two_by_three(), two_by_three()}, f)
        .refuse("0-d", {A(2.0), A{1.0, 2.0}}, f)
        .refuse("vector too long", {two_by_three(), A{1.0, 2.0}}, f)
        .refuse("batches 2 and 3", {A(Shape{2, 1, 2}, 1.0), A(Shape{3, 2, 1}, 1.0)}, f);
}

template <class T>
Samples Dot<T>::samples() {
    auto f = [](const auto& x) { return dot(x[0], x[1]); };
    return Samples()
        .add("vectors", {A{1.5, -2.0, 0.5}, A{2.0, -0.5, 3.0}}, f, [](const Arrays&) { return A(5.5); })
        .add(
            "with itself", {A{1.5, -2.0}}, [](const auto& x) { return dot(x[0], x[0]); },
            [](const Arrays&) { return A(6.25); })
        .add(
            "empty", {A(Shape{0}), A(Shape{0})}, f, [](const Arrays&) { return A(0.0); }, 1)
        .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f)
        .refuse("matrix", {two_by_three(), three_by_two()}, f);
}

template <class T>
Samples Outer<T>::samples() {
    auto f = [](const auto& x) { return outer(x[0], x[1]); };
    return Samples()
        .add("vectors", {A{1.5, -2.0}, A{2.0, -0.5, 3.0}}, f,
             [](const Arrays&) {
                 return A{{3.0, -0.75, 4.5}, {-4.0, 1.0, -6.0}};
             })
        .add(
            "empty", {A(Shape{0}), A{1.0, 2.0}}, f,
            [](const Arrays&) {
                return A(Shape{0, 2});
            },
            1)
        .refuse("matrix", {two_by_three(), A{1.0, 2.0}}, f);
}

template <class T>
Samples Addmm<T>::samples() {
    auto f = [](const auto& x) { return addmm(x[0], x[1], x[2]); };
    auto with_bias = [](const auto& x) { return linear(x[1], x[2], x[0]); };
    auto reference = [](const Arrays& x) -> A { return x[0] + naive(x[1], x[2]); };
    return Samples()
        .add("row", {A{0.5, -1.0}, two_by_three(), three_by_two()}, f, reference)
        .add("matrix", {A{{0.5, -1.0}, {2.0, 4.0}}, two_by_three(), three_by_two()}, f, reference)
        .add("number", {A(0.5), two_by_three(), three_by_two()}, f, reference)
        .add(
            "transposed", {A{0.5, -1.0, 2.0}, two_by_three(), two_by_three()},
            [](const auto& x) { return addmm(x[0], transpose(x[1]), x[2]); },
            [](const Arrays& x) -> A { return x[0] + naive(A(xt::transpose(x[1])), x[2]); })
        .add("layer", {A{0.5, -1.0}, two_by_three(), A{{2.0, -0.5, 3.0}, {1.0, 4.0, -1.5}}}, with_bias,
             [](const Arrays& x) -> A { return x[0] + naive(x[1], A(xt::transpose(x[2]))); })
        .add("layer on a vector", {A{0.5, -1.0}, A{1.5, -2.0, 0.5}, A{{2.0, -0.5, 3.0}, {1.0, 4.0, -1.5}}}, with_bias,
             [](const Arrays&) {
                 return A{6.0, -8.25};
             })
        .add(
            "layer without bias", {A{{{1.5, -2.0, 0.5}}, {{0.25, 3.0, -1.0}}}, A{{2.0, -0.5, 3.0}}},
            [](const auto& x) { return linear(x[0], x[1]); },
            [](const Arrays&) {
                return shaped({2, 1, 1}, {5.5, -4.0});
            })
        .add(
            "no summands", {A{0.5, -1.0}, A(Shape{2, 0}), A(Shape{0, 2})}, f,
            [](const Arrays&) {
                return A{{0.5, -1.0}, {0.5, -1.0}};
            },
            1)
        .refuse("bias of 3 for 2", {A{0.5, -1.0, 2.0}, two_by_three(), three_by_two()}, f)
        .refuse("bias would widen", {A(Shape{2, 2, 2}, 1.0), two_by_three(), three_by_two()}, f)
        .refuse("lengths 3 and 2", {A{0.5}, two_by_three(), two_by_three()}, f)
        .refuse("layer of 2 on 3", {A{0.5, -1.0}, two_by_three(), three_by_two()}, with_bias);
}

}    // namespace
}    // namespace xtape
