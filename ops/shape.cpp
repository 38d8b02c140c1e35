#include <xtape/core/operation.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/shape.hpp>

#include <numeric>
#include <string>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

// The strides that show the elements of a view under another shape of the same size. False where no strides can: then
// they must be copied into order first.
bool strides_under(const Shape& shape, const Strides& strides, const Shape& to, Strides& result) {
    Shape lengths;    // without axes of length 1
    Strides steps;
    for (std::size_t d = 0; d < shape.size(); ++d)
        if (shape[d] != 1) {
            lengths.push_back(shape[d]);
            steps.push_back(strides[d]);
        }
    result.resize(to.size());
    std::size_t d = 0, e = 0;
    while (d < lengths.size() && e < to.size()) {
        std::size_t d0 = d, e0 = e, from_size = lengths[d++], to_size = to[e++];
        while (from_size != to_size)
            if (from_size < to_size)
                from_size *= lengths[d++];
            else
                to_size *= to[e++];
        for (std::size_t k = d0; k + 1 < d; ++k)
            if (steps[k] != steps[k + 1] * static_cast<std::ptrdiff_t>(lengths[k + 1])) return false;
        std::ptrdiff_t step = steps[d - 1];
        for (std::size_t k = e; k-- > e0;) {
            result[k] = step;
            step *= static_cast<std::ptrdiff_t>(to[k]);
        }
    }
    for (; e < to.size(); ++e) result[e] = 1;
    return true;
}

template <class T>
struct Reshape {
    static constexpr auto name = "reshape";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"shape", "y = x's elements in row-major order under another shape",
                                 "its adjoint is the reshape back", "y.size() = x.size()"};
    Shape shape;
    View<T> forward(const View<T>& x) const {
        View<T> y{{}, shape, {}, x.offset};
        if (element_count(shape) != 0 && strides_under(x.shape, x.strides, shape, y.strides)) {
            y.storage = x.storage.share();
        } else {
            y.storage = std::move(materialize(x).storage());
            y.strides = contiguous_strides(shape);
            y.offset = 0;
        }
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return reshape(g, x.shape()); });
    }
    static Samples samples();
};

template <class T>
struct Permute {
    static constexpr auto name = "permute";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"shape", "y = x with its axes in another order",
                                 "its adjoint is the inverse permutation", "y.shape[k] = x.shape[axes[k]]"};
    Strides axes;
    View<T> forward(const View<T>& x) const {
        View<T> y{x.storage.share(), x.shape, x.strides, x.offset};
        for (std::size_t k = 0; k < axes.size(); ++k) {
            y.shape[k] = x.shape[static_cast<std::size_t>(axes[k])];
            y.strides[k] = x.strides[static_cast<std::size_t>(axes[k])];
        }
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&] {
            Strides inverse = axes;
            for (std::size_t k = 0; k < axes.size(); ++k)
                inverse[static_cast<std::size_t>(axes[k])] = static_cast<std::ptrdiff_t>(k);
            return apply(Permute{inverse}, g);
        });
    }
    static Samples samples();
};

std::string words(const Strides& lengths) {
    std::string text = "(";
    for (std::size_t d = 0; d < lengths.size(); ++d) text += (d > 0 ? ", " : "") + std::to_string(lengths[d]);
    return text + (lengths.size() == 1 ? ",)" : ")");
}

Shape complete(const Shape& from, const Strides& lengths) {
    Shape shape(lengths.size());
    std::size_t size = element_count(from), known = 1, open = lengths.size();
    bool valid = true;
    for (std::size_t d = 0; d < lengths.size(); ++d) {
        if (lengths[d] == -1 && open == lengths.size()) {
            open = d;
        } else {
            valid = valid && lengths[d] >= 0 &&
                    !__builtin_mul_overflow(known, shape[d] = static_cast<std::size_t>(lengths[d]), &known);
        }
    }
    if (valid && open < lengths.size()) {
        valid = known != 0 && size % known == 0;
        if (valid) shape[open] = size / known;
    } else {
        valid = valid && known == size;
    }
    if (!valid)
        throw ShapeError("[reshape] got the shape " + to_string(from) + " to be seen as " + words(lengths) +
                         "; wanted the same number of elements, " + std::to_string(size));
    return shape;
}

}    // namespace

template <class T>
Variable<T> reshape(const Variable<T>& x, const Lengths& shape) {
    Shape target = complete(x.shape(), shape.list());
    if (same_shape(target, x.shape())) return x;
    return apply(Reshape<T>{std::move(target)}, x);
}

template <class T>
Variable<T> flatten(const Variable<T>& x, std::ptrdiff_t first, std::ptrdiff_t last) {
    std::size_t axes = std::max<std::size_t>(1, x.dimension());
    std::size_t begin = normalize_axis("flatten", first, axes), end = normalize_axis("flatten", last, axes);
    if (begin > end)
        throw ShapeError("[flatten] got the axes " + std::to_string(first) + " to " + std::to_string(last) +
                         " of the shape " + to_string(x.shape()) + "; wanted the first before the last");
    Shape shape;
    for (std::size_t d = 0; d < axes; ++d) {
        std::size_t length = x.dimension() == 0 ? 1 : x.shape()[d];
        if (d > begin && d <= end)
            shape.back() *= length;
        else
            shape.push_back(length);
    }
    return reshape(x, shape);
}

template <class T>
Variable<T> squeeze(const Variable<T>& x, const Axes& axes) {
    auto marked = detail::mark_axes("squeeze", axes, x.dimension());
    Shape shape;
    for (std::size_t d = 0; d < x.dimension(); ++d) {
        if (x.shape()[d] != 1 && marked[d] && !axes.all())
            throw ShapeError("[squeeze] got axis " + std::to_string(d) + " of the shape " + to_string(x.shape()) +
                             "; wanted an axis of length 1");
        if (x.shape()[d] != 1 || !marked[d]) shape.push_back(x.shape()[d]);
    }
    return reshape(x, shape);
}

template <class T>
Variable<T> unsqueeze(const Variable<T>& x, const Axes& axes) {
    Shape shape(x.dimension() + axes.list().size(), 1);
    auto marked = detail::mark_axes("unsqueeze", axes, shape.size());
    for (std::size_t d = 0, from = 0; d < shape.size(); ++d)
        if (!marked[d]) shape[d] = x.shape()[from++];
    return reshape(x, shape);
}

template <class T>
Variable<T> permute(const Variable<T>& x, const Axes& axes) {
    Strides order = detail::list_axes("permute", axes, x.dimension());
    if (order.size() != x.dimension())
        throw ShapeError("[permute] got " + std::to_string(order.size()) + " axes for the shape " +
                         to_string(x.shape()) + "; wanted every axis once");
    return apply(Permute<T>{std::move(order)}, x);
}

template <class T>
Variable<T> transpose(const Variable<T>& x) {
    if (x.dimension() < 2) return x;
    Strides order(x.dimension());
    std::iota(order.rbegin(), order.rend(), 0);
    return apply(Permute<T>{std::move(order)}, x);
}

template <class T>
Variable<T> swap_axes(const Variable<T>& x, std::ptrdiff_t a, std::ptrdiff_t b) {
    std::size_t first = normalize_axis("swap_axes", a, x.dimension());
    std::size_t second = normalize_axis("swap_axes", b, x.dimension());
    if (first == second) return x;
    Strides order(x.dimension());
    std::iota(order.begin(), order.end(), 0);
    std::swap(order[first], order[second]);
    return apply(Permute<T>{std::move(order)}, x);
}

template Variable<float> reshape(const Variable<float>&, const Lengths&);
template Variable<double> reshape(const Variable<double>&, const Lengths&);
template Variable<float> flatten(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t);
template Variable<double> flatten(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t);
template Variable<float> squeeze(const Variable<float>&, const Axes&);
template Variable<double> squeeze(const Variable<double>&, const Axes&);
template Variable<float> unsqueeze(const Variable<float>&, const Axes&);
template Variable<double> unsqueeze(const Variable<double>&, const Axes&);
template Variable<float> permute(const Variable<float>&, const Axes&);
template Variable<double> permute(const Variable<double>&, const Axes&);
template Variable<float> transpose(const Variable<float>&);
template Variable<double> transpose(const Variable<double>&);
template Variable<float> swap_axes(const Variable<float>&, std::ptrdiff_t, std::ptrdiff_t);
template Variable<double> swap_axes(const Variable<double>&, std::ptrdiff_t, std::ptrdiff_t);

namespace {

template <class T>
Samples Reshape<T>::samples() {
    const A x{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
    return Samples()
        .add(
            "2 x 3 to 3 x 2", {x},
            [](const auto& v) {
                return reshape(v[0], {3, -1});
            },
            [](const Arrays&) {
                return A{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
            })
        .add(
            "of a transpose", {x},
            [](const auto& v) {
                return reshape(transpose(v[0]), {2, 3});
            },
            [](const Arrays&) {
                return A{{1.0, 4.0, 2.0}, {5.0, 3.0, 6.0}};
            })
        .add(
            "flatten, unsqueeze and squeeze", {x},
            [](const auto& v) {
                return squeeze(unsqueeze(flatten(v[0]), {0, 2}));
            },
            [](const Arrays&) { return A{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}; })
        .add(
            "0-d", {A(3.0)},
            [](const auto& v) {
                return reshape(v[0], {1, 1});
            },
            [](const Arrays&) {
                return make_array<double>({3.0}, {1, 1});
            })
        .add(
            "no elements", {A(Shape{0, 3})},
            [](const auto& v) {
                return reshape(v[0], {2, 0});
            },
            [](const Arrays&) {
                return A(Shape{2, 0});
            },
            1)
        .refuse("6 to 4", {x},
                [](const auto& v) {
                    return reshape(v[0], {2, 2});
                })
        .refuse("6 to 4 x ?", {x},
                [](const auto& v) {
                    return reshape(v[0], {4, -1});
                })
        .refuse("two open lengths", {x},
                [](const auto& v) {
                    return reshape(v[0], {-1, -1});
                })
        .refuse("squeeze of length 3", {x}, [](const auto& v) { return squeeze(v[0], 1); })
        .refuse("flatten backwards", {x}, [](const auto& v) { return flatten(v[0], 1, 0); })
        .refuse("unsqueeze at 4 of 3", {x}, [](const auto& v) { return unsqueeze(v[0], 3); });
}

template <class T>
Samples Permute<T>::samples() {
    const A x{{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}};
    return Samples()
        .add(
            "three axes in a cycle", {x},
            [](const auto& v) {
                return permute(v[0], {1, -1, 0});
            },
            [](const Arrays&) {
                return make_array<double>({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, {2, 3, 1});
            })
        .add(
            "transpose reverses", {x}, [](const auto& v) { return transpose(v[0]); },
            [](const Arrays&) {
                return make_array<double>({1.0, 4.0, 2.0, 5.0, 3.0, 6.0}, {3, 2, 1});
            })
        .add(
            "matrices of a batch", {x}, [](const auto& v) { return swap_axes(v[0], -1, -2); },
            [](const Arrays&) {
                return A{{{1.0, 4.0}, {2.0, 5.0}, {3.0, 6.0}}};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& v) { return permute(transpose(v[0]), {}); },
            [](const Arrays&) { return A(3.0); })
        .add(
            "no elements", {A(Shape{0, 3})}, [](const auto& v) { return transpose(v[0]); },
            [](const Arrays&) {
                return A(Shape{3, 0});
            },
            1)
        .refuse("an axis twice", {x},
                [](const auto& v) {
                    return permute(v[0], {0, 1, 1});
                })
        .refuse("an axis too few", {x},
                [](const auto& v) {
                    return permute(v[0], {0, 1});
                })
        .refuse("no such axis", {x}, [](const auto& v) { return swap_axes(v[0], 0, 3); });
}

}    // namespace
}    // namespace xtape
