#include <xtape/core/adjoint.hpp>
#include <xtape/core/detail/fold.hpp>
#include <xtape/core/detail/summation.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/cumulate.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <cmath>
#include <limits>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

template <class T>
struct Sum {
    static constexpr auto name = "sum";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"reduce", "y = sum of x over axes", "dy/dx = 1", "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    Array<T> forward(const View<T>& x) const {
        return make_array<T>(std::move(detail::sum_to(x, kept).storage()), result);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return broadcast_to(reshape(g, kept), x.shape()); });
    }
    static Samples samples();
};

template <class T>
struct Mean {
    static constexpr auto name = "mean";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"reduce", "y = sum of x over axes / n", "dy/dx = 1 / n",
                                 "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    double count;
    Array<T> forward(const View<T>& x) const {
        Array<T> y = make_array<T>(std::move(detail::sum_to(x, kept).storage()), result);
        for (T& element : y.storage()) element /= static_cast<T>(count);
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return broadcast_to(reshape(g / count, kept), x.shape()); });
    }
    static Samples samples();
};

template <class T>
struct Product {
    static constexpr bool parametric = false;
    static T identity() { return 1; }
    static Lanes<T> map(Lanes<T> x, Lanes<T>) { return x; }
    static Lanes<T> combine(Lanes<T> a, Lanes<T> b) { return a * b; }
};

// The product of the others that are reduced to the same element.
template <class T>
Variable<T> others(const Variable<T>& x, const Shape& kept) {
    Shape rows;
    Strides order, back(x.dimension());
    for (bool reduced : {false, true})
        for (std::size_t d = 0; d < x.dimension(); ++d)
            if ((kept[d] == 1) == reduced) {
                back[d] = static_cast<std::ptrdiff_t>(order.size());
                order.push_back(static_cast<std::ptrdiff_t>(d));
                if (!reduced) rows.push_back(kept[d]);
            }
    rows.push_back(x.size() / element_count(kept));
    Variable<T> sorted = permute(x, order);
    return permute(reshape(detail::product_of_others(reshape(sorted, rows), -1), sorted.shape()), back);
}

template <class T>
struct Prod {
    static constexpr auto name = "prod";
    static constexpr auto needs = needs::all;
    static constexpr About about{"reduce", "y = product of x over axes",
                                 "dy/dx = y / x, the product of the others where some are 0",
                                 "the axes dropped, or of length 1"};
    Shape kept;
    Shape result;
    Array<T> forward(const View<T>& x) const {
        return detail::fold(Product<T>{}, detail::Arranged<T>(x, kept), result);
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y) const {
        return pullbacks([&] {
            for (T element : y.value().storage())
                if (element == 0 || !std::isfinite(element)) return reshape(g, kept) * others(x, kept);
            return reshape(g * y, kept) / x;
        });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> sum(const Variable<T>& x, const Axes& axes, ReduceOptions options) {
    detail::Reduced reduced("sum", x.shape(), axes, options.keep_dims);
    return apply(Sum<T>{std::move(reduced.kept), std::move(reduced.result)}, x);
}

template <class T>
Variable<T> mean(const Variable<T>& x, const Axes& axes, ReduceOptions options) {
    detail::Reduced reduced("mean", x.shape(), axes, options.keep_dims);
    return apply(Mean<T>{std::move(reduced.kept), std::move(reduced.result), static_cast<double>(reduced.count)}, x);
}

template <class T>
Variable<T> prod(const Variable<T>& x, const Axes& axes, ReduceOptions options) {
    detail::Reduced reduced("prod", x.shape(), axes, options.keep_dims);
    return apply(Prod<T>{std::move(reduced.kept), std::move(reduced.result)}, x);
}

template Variable<float> sum(const Variable<float>&, const Axes&, ReduceOptions);
template Variable<double> sum(const Variable<double>&, const Axes&, ReduceOptions);
template Variable<float> mean(const Variable<float>&, const Axes&, ReduceOptions);
template Variable<double> mean(const Variable<double>&, const Axes&, ReduceOptions);
template Variable<float> prod(const Variable<float>&, const Axes&, ReduceOptions);
template Variable<double> prod(const Variable<double>&, const Axes&, ReduceOptions);

namespace {

A cube() { return A{{{1.0, 2.0}, {3.0, 4.5}}, {{-5.0, 6.0}, {0.5, 8.0}}}; }

template <class T>
Samples Sum<T>::samples() {
    return Samples()
        .add(
            "all", {cube()}, [](const auto& x) { return sum(x[0]); }, [](const Arrays&) { return A(20.0); })
        .add(
            "the middle axis", {cube()}, [](const auto& x) { return sum(x[0], 1); },
            [](const Arrays&) {
                return A{{4.0, 6.5}, {-4.5, 14.0}};
            })
        .add(
            "outer axes, kept", {cube()},
            [](const auto& x) {
                return sum(x[0], {0, -1}, {.keep_dims = true});
            },
            [](const Arrays&) {
                return make_array<double>({4.0, 16.0}, {1, 2, 1});
            })
        .add(
            "no axes", {A{1.0, 2.0}}, [](const auto& x) { return sum(x[0], {}); },
            [](const Arrays&) {
                return A{1.0, 2.0};
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return sum(x[0]); }, [](const Arrays&) { return A(3.0); })
        .add(
            "of nothing is 0", {A(Shape{2, 0})}, [](const auto& x) { return sum(x[0], 1); },
            [](const Arrays&) {
                return A{0.0, 0.0};
            },
            1)
        .refuse("no such axis", {cube()}, [](const auto& x) { return sum(x[0], 3); })
        .refuse("an axis twice", {cube()}, [](const auto& x) {
            return sum(x[0], {0, -3});
        });
}

template <class T>
Samples Mean<T>::samples() {
    return Samples()
        .add(
            "all", {cube()}, [](const auto& x) { return mean(x[0]); }, [](const Arrays&) { return A(2.5); })
        .add(
            "outer axes", {cube()},
            [](const auto& x) {
                return mean(x[0], {0, 2});
            },
            [](const Arrays&) {
                return A{1.0, 4.0};
            })
        .add(
            "the last axis, kept", {cube()}, [](const auto& x) { return mean(x[0], -1, {.keep_dims = true}); },
            [](const Arrays&) {
                return make_array<double>({1.5, 3.75, 0.5, 4.25}, {2, 2, 1});
            })
        .add(
            "0-d", {A(3.0)}, [](const auto& x) { return mean(x[0]); }, [](const Arrays&) { return A(3.0); })
        .add(
            "of nothing is NaN", {A(Shape{0})}, [](const auto& x) { return mean(x[0]); },
            [](const Arrays&) { return A(std::numeric_limits<double>::quiet_NaN()); }, 1)
        .refuse("no such axis", {cube()}, [](const auto& x) { return mean(x[0], -4); });
}

template <class T>
Samples Prod<T>::samples() {
    const A zeros{{{1.5, 2.0}, {0.0, -3.0}}, {{0.5, 0.0}, {0.0, 2.5}}};
    return Samples()
        .add(
            "all", {cube()}, [](const auto& x) { return prod(x[0]); }, [](const Arrays&) { return A(-3240.0); })
        .add(
            "the middle axis", {cube()}, [](const auto& x) { return prod(x[0], 1); },
            [](const Arrays&) {
                return A{{3.0, 9.0}, {-2.5, 48.0}};
            })
        .add(
            "one zero, two zeros, kept", {zeros},
            [](const auto& x) {
                return prod(x[0], {0, 2}, {.keep_dims = true});
            },
            [](const Arrays&) {
                return make_array<double>({0.0, 0.0}, {1, 2, 1});
            })
        .add(
            "one zero and none", {zeros}, [](const auto& x) { return prod(x[0], 0); },
            [](const Arrays&) {
                return A{{0.75, 0.0}, {0.0, -7.5}};
            })
        .add(
            "0-d", {A(0.0)}, [](const auto& x) { return prod(x[0]); }, [](const Arrays&) { return A(0.0); })
        .add(
            "of nothing is 1", {A(Shape{2, 0})}, [](const auto& x) { return prod(x[0], 1); },
            [](const Arrays&) {
                return A{1.0, 1.0};
            },
            1)
        .refuse("no such axis", {cube()}, [](const auto& x) { return prod(x[0], 3); });
}

}    // namespace
}    // namespace xtape
