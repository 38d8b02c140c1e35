#include <xtape/core/adjoint.hpp>
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/pointwise.hpp>

namespace xtape {
namespace {

struct Add {
    static constexpr auto name = "add";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"adjoint", "y = a + b", "dy/da = 1, dy/db = 1"};
    auto forward(const auto& a, const auto& b) const { return a + b; }
    auto vjp(const auto&, const auto&, const auto&, const auto&) const { return pullbacks(pass, pass); }
    static Samples samples();
};

template <class T>
struct BroadcastTo {
    static constexpr auto name = "broadcast_to";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"adjoint", "y = x repeated along new leading axes and axes of length 1",
                                 "its adjoint is sum_to", "x.shape broadcasts to shape"};
    Shape shape;
    View<T> forward(const View<T>& x) const {
        View<T> y{x.storage.share(), shape, Strides(shape.size(), 0), x.offset};
        std::size_t lead = shape.size() - x.shape.size();
        for (std::size_t d = 0; d < x.shape.size(); ++d) y.strides[lead + d] = x.shape[d] == 1 ? 0 : x.strides[d];
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return sum_to(g, x.shape()); });
    }
    static Samples samples();
};

template <class T>
struct SumTo {
    static constexpr auto name = "sum_to";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"adjoint", "y = x summed over the axes along which shape is broadcast to x.shape",
                                 "its adjoint is broadcast_to", "shape broadcasts to x.shape"};
    Shape shape;
    Array<T> forward(const View<T>& x) const { return detail::sum_to(x, shape); }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return broadcast_to(g, x.shape()); });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> add(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Add{}, a, b);
}

template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape) {
    if (x.shape() == shape) return x;
    if (!broadcasts_to(x.shape(), shape))
        throw ShapeError("[broadcast_to] got the shape " + to_string(x.shape()) + ", which does not broadcast to " +
                         to_string(shape));
    element_count(shape);
    return apply(BroadcastTo<T>{shape}, x);
}

template <class T>
Variable<T> sum_to(const Variable<T>& x, const Shape& shape) {
    if (x.shape() == shape) return x;
    if (!broadcasts_to(shape, x.shape()))
        throw ShapeError("[sum_to] wanted the shape " + to_string(shape) + ", which does not broadcast to that of x, " +
                         to_string(x.shape()));
    return apply(SumTo<T>{shape}, x);
}

template Variable<float> add(const Variable<float>&, const Variable<float>&);
template Variable<double> add(const Variable<double>&, const Variable<double>&);
template Variable<float> broadcast_to(const Variable<float>&, const Shape&);
template Variable<double> broadcast_to(const Variable<double>&, const Shape&);
template Variable<float> sum_to(const Variable<float>&, const Shape&);
template Variable<double> sum_to(const Variable<double>&, const Shape&);

namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

Samples Add::samples() {
    auto f = [](const auto& x) { return add(x[0], x[1]); };
    auto reference = [](const Arrays& x) -> A { return x[0] + x[1]; };
    return Samples()
        .add("same shape", {A{{1.5, -2.0}, {0.25, 3.0}}, A{{0.5, 1.0}, {-7.0, 2.0}}}, f, reference)
        .add("row", {A{{1.5, -2.0}, {0.25, 3.0}}, A{0.5, 1.0}}, f, reference)
        .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
}

template <class T>
Samples BroadcastTo<T>::samples() {
    return Samples()
        .add(
            "rows and a new axis", {A{{1.0, 2.0}}},
            [](const auto& x) {
                return broadcast_to(x[0], Shape{2, 3, 2});
            },
            [](const Arrays&) {
                return A{{{1.0, 2.0}, {1.0, 2.0}, {1.0, 2.0}}, {{1.0, 2.0}, {1.0, 2.0}, {1.0, 2.0}}};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return broadcast_to(x[0], Shape{2}); },
            [](const Arrays&) {
                return A{3.0, 3.0};
            })
        .refuse("2 to 3", {A{1.0, 2.0}}, [](const auto& x) { return broadcast_to(x[0], Shape{3}); });
}

template <class T>
Samples SumTo<T>::samples() {
    return Samples()
        .add(
            "leading axis and a middle one", {A{{{1.0, 2.0}, {3.0, 4.0}}, {{5.0, 6.0}, {7.0, 9.0}}}},
            [](const auto& x) {
                return sum_to(x[0], Shape{1, 2});
            },
            [](const Arrays&) {
                return A{{16.0, 21.0}};
            })
        .add(
            "to 0-d", {A{1.0, 2.0, 4.0}}, [](const auto& x) { return sum_to(x[0], Shape{}); },
            [](const Arrays&) { return A(7.0); })
        .refuse("3 to 2", {A{1.0, 2.0, 3.0}}, [](const auto& x) { return sum_to(x[0], Shape{2}); });
}

}    // namespace
}    // namespace xtape
