#include <xtape/core/pointwise.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/selection.hpp>

#include <algorithm>
#include <functional>
#include <limits>
#include <stdexcept>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr std::size_t grain = 32 * 1024;    // elements per thread

A column(double first, double second) {
    A x(Shape{2, 1}, first);
    x(1, 0) = second;
    return x;
}

// Masks enter the pointwise machine as numbers, 1 where `chosen`.
template <class T>
Variable<T> indicator(const Mask& mask, bool chosen = true) {
    Array<T> numbers = empty_array<T>(mask.shape());
    T* to = numbers.storage().data();
    const bool* from = mask.storage().data();
    detail::parallel_for(mask.size(), grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) to[i] = static_cast<T>(from[i] == chosen);
    });
    return Variable<T>(std::move(numbers));
}

struct Where {
    static constexpr auto name = "where";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"selection", "y = a where the mask is true, else b",
                                 "dy/da = 1 where the mask is true, else 0; dy/db = 1 where it is false, else 0"};
    auto forward(const auto& m, const auto& a, const auto& b) const { return where(m != 0, a, b); }
    auto vjp(const auto& g, const auto& m, const auto&, const auto&, const auto&) const {
        return pullbacks([&] { return g; }, [&] { return where(m != 0, g, 0); }, [&] { return where(m != 0, 0, g); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return where(Mask{{true, false, false}, {false, true, true}}, x[0], x[1]); };
        return Samples()
            .add("same shape", {A{{1.5, -2.0, 1.0}, {0.25, 3.0, 7.0}}, A{{0.5, 1.0, 2.0}, {-7.0, 2.0, 0.0}}}, f,
                 [](const Arrays&) {
                     return A{{1.5, 1.0, 2.0}, {-7.0, 3.0, 7.0}};
                 })
            .add("column and 0-d", {column(1.5, -2.0), A(4.0)}, f,
                 [](const Arrays&) {
                     return A{{1.5, 4.0, 4.0}, {4.0, -2.0, -2.0}};
                 })
            .add(
                "size 0", {A(Shape{0, 2}), A{1.0, 2.0}},
                [](const auto& x) {
                    return where(Mask(Shape{0, 1}), x[0], x[1]);
                },
                [](const Arrays& x) { return x[0]; }, 1)
            .refuse("lengths 3 and 2", {A{1.0, 2.0, 3.0}, A{1.0, 2.0}}, f);
    }
};

struct WhereNumber {
    static constexpr auto name = "where_number";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"selection", "y = x where the mask is true, else c",
                                 "dy/dx = 1 where the mask is true, else 0"};
    double number;
    auto forward(const auto& m, const auto& x) const { return where(m != 0, x, number); }
    auto vjp(const auto& g, const auto& m, const auto&, const auto&) const {
        return pullbacks([&] { return g; }, [&] { return where(m != 0, g, 0); });
    }
    static Samples samples() {
        return Samples()
            .add(
                "number last", {A{1.5, -2.0, 0.5}},
                [](const auto& x) {
                    return where(Mask{true, false, true}, x[0], 7);
                },
                [](const Arrays&) {
                    return A{1.5, 7.0, 0.5};
                })
            .add(
                "number first", {A{1.5, -2.0, 0.5}},
                [](const auto& x) {
                    return where(Mask{{true, false, true}, {false, false, true}}, 0.25, x[0]);
                },
                [](const Arrays&) {
                    return A{{0.25, -2.0, 0.25}, {1.5, -2.0, 0.25}};
                });
    }
};

struct Clamp {
    static constexpr auto name = "clamp";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"selection", "y = min(max(x, lower), upper)",
                                 "dy/dx = 1 where lower <= x <= upper, else 0"};
    double lower, upper;
    auto forward(const auto& x) const { return min(max(x, lower), upper); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return where(x >= lower && x <= upper, g, 0); }
    static Samples samples() {
        return Samples()
            .add(
                "two bounds", {A{-2.0, 0.25, 3.0}}, [](const auto& x) { return clamp(x[0], -1, 1); },
                [](const Arrays&) {
                    return A{-1.0, 0.25, 1.0};
                })
            .add(
                "lower bound", {A{-2.0, 0.25, 3.0}}, [](const auto& x) { return clamp(x[0], 0.0); },
                [](const Arrays&) {
                    return A{0.0, 0.25, 3.0};
                })
            .add(
                "upper bound, 0-d", {A(3.0)}, [](const auto& x) { return clamp(x[0], {}, 2.5); },
                [](const Arrays&) { return A(2.5); })
            .refuse("no bound", {A{1.0}}, [](const auto& x) { return clamp(x[0], {}, {}); });
    }
};

// Both extremes: each goes by the side on which it wins.
template <class Op>
Samples extreme_samples(double (*reference)(double, double)) {
    auto f = [](const auto& x) { return Op::of(x[0], x[1]); };
    auto elementwise = [reference](const Arrays& x) {
        A a(xt::broadcast(x[0], Shape{2, 2})), b(xt::broadcast(x[1], Shape{2, 2}));
        for (std::size_t i = 0; i < a.size(); ++i) a.flat(i) = reference(a.flat(i), b.flat(i));
        return a;
    };
    return Samples()
        .add("same shape", {A{{1.5, -2.0}, {0.25, 3.0}}, A{{0.5, 1.0}, {-7.0, 4.0}}}, f, elementwise)
        .add("column and row", {column(1.5, -2.0), A{0.5, 3.0}}, f, elementwise)
        .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
}
template <class Op>
Samples extreme_number_samples(double (*reference)(double, double)) {
    return Samples().add(
        "numbers", {A{{1.5, -2.0}, {0.25, 3.0}}}, [](const auto& x) { return Op::of(x[0], 0.5); },
        [reference](const Arrays& x) {
            A y = x[0];
            for (double& element : y) element = reference(element, 0.5);
            return y;
        });
}

struct Maximum {
    static constexpr auto name = "maximum";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"selection", "y = max(a, b)",
                                 "dy/da = 1 where a > b, 1/2 where a = b, else 0; dy/db likewise"};
    static auto of(const auto& a, const auto& b) { return maximum(a, b); }
    auto forward(const auto& a, const auto& b) const { return max(a, b); }
    auto vjp(const auto& g, const auto& a, const auto& b, const auto&) const {
        return pullbacks([&] { return where(a == b, 0.5 * g, where(a < b, 0, g)); },
                         [&] { return where(a == b, 0.5 * g, where(a > b, 0, g)); });
    }
    static Samples samples() {
        return extreme_samples<Maximum>([](double a, double b) { return std::max(a, b); });
    }
};

struct MaximumNumber {
    static constexpr auto name = "maximum_number";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"selection", "y = max(x, c)", "dy/dx = 1 where x > c, 1/2 where x = c, else 0"};
    double number;
    static auto of(const auto& x, double c) { return maximum(c, x); }
    auto forward(const auto& x) const { return max(x, number); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        return where(x == number, 0.5 * g, where(x < number, 0, g));
    }
    static Samples samples() {
        return extreme_number_samples<MaximumNumber>([](double a, double b) { return std::max(a, b); });
    }
};

struct Minimum {
    static constexpr auto name = "minimum";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"selection", "y = min(a, b)",
                                 "dy/da = 1 where a < b, 1/2 where a = b, else 0; dy/db likewise"};
    static auto of(const auto& a, const auto& b) { return minimum(a, b); }
    auto forward(const auto& a, const auto& b) const { return min(a, b); }
    auto vjp(const auto& g, const auto& a, const auto& b, const auto&) const {
        return pullbacks([&] { return where(a == b, 0.5 * g, where(a > b, 0, g)); },
                         [&] { return where(a == b, 0.5 * g, where(a < b, 0, g)); });
    }
    static Samples samples() {
        return extreme_samples<Minimum>([](double a, double b) { return std::min(a, b); });
    }
};

struct MinimumNumber {
    static constexpr auto name = "minimum_number";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"selection", "y = min(x, c)", "dy/dx = 1 where x < c, 1/2 where x = c, else 0"};
    double number;
    static auto of(const auto& x, double c) { return minimum(c, x); }
    auto forward(const auto& x) const { return min(x, number); }
    auto vjp(const auto& g, const auto& x, const auto&) const {
        return where(x == number, 0.5 * g, where(x > number, 0, g));
    }
    static Samples samples() {
        return extreme_number_samples<MinimumNumber>([](double a, double b) { return std::min(a, b); });
    }
};

struct Lerp {
    static constexpr auto name = "lerp";
    static constexpr auto needs = needs::inputs;
    static constexpr About about{"selection", "y = a + w (b - a)", "dy/da = 1 - w, dy/db = w, dy/dw = b - a"};
    auto forward(const auto& a, const auto& b, const auto& w) const {
        return where(w < 0.5, a + w * (b - a), b - (b - a) * (1 - w));
    }
    auto vjp(const auto& g, const auto& a, const auto& b, const auto& w, const auto&) const {
        return pullbacks([&] { return g * (1 - w); }, [&] { return g * w; }, [&] { return g * (b - a); });
    }
    static Samples samples() {
        auto f = [](const auto& x) { return lerp(x[0], x[1], x[2]); };
        return Samples()
            .add("weights on both sides of a half", {A{1.5, -2.0, 4.0}, A{0.5, 1.0, 8.0}, A{0.25, 0.75, 1.5}}, f,
                 [](const Arrays&) {
                     return A{1.25, 0.25, 10.0};
                 })
            .add("one weight", {A{1.5, -2.0}, A{{0.5, 1.0}, {2.5, 2.0}}, A(0.25)}, f,
                 [](const Arrays&) {
                     return A{{1.25, -1.25}, {1.75, -1.0}};
                 })
            .refuse("lengths 2 and 3", {A{1.0, 2.0}, A{1.0, 2.0}, A{1.0, 2.0, 3.0}}, f);
    }
};

struct LerpNumber {
    static constexpr auto name = "lerp_number";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"selection", "y = a + c (b - a)", "dy/da = 1 - c, dy/db = c"};
    double weight;
    auto forward(const auto& a, const auto& b) const {
        return weight < 0.5 ? a + weight * (b - a) : b - (b - a) * (1 - weight);
    }
    auto vjp(const auto& g, const auto&, const auto&, const auto&) const {
        return pullbacks([&] { return g * (1 - weight); }, [&] { return g * weight; });
    }
    static Samples samples() {
        return Samples()
            .add(
                "a quarter", {A{1.5, -2.0}, A{{0.5, 1.0}, {2.5, 2.0}}},
                [](const auto& x) { return lerp(x[0], x[1], 0.25); },
                [](const Arrays&) {
                    return A{{1.25, -1.25}, {1.75, -1.0}};
                })
            .add(
                "beyond the end", {A{1.5, -2.0}, A{0.5, 1.0}}, [](const auto& x) { return lerp(x[0], x[1], 2); },
                [](const Arrays&) {
                    return A{-0.5, 4.0};
                });
    }
};

template <class T, class Compare>
void compare_elements(const T* a, const T* b, bool* out, std::size_t size, Compare compare) {
    detail::parallel_for(size, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) out[i] = compare(a[i], b[i]);
    });
}
template <class T, class Compare>
void compare_elements(const T* a, T b, bool* out, std::size_t size, Compare compare) {
    detail::parallel_for(size, grain, [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) out[i] = compare(a[i], b);
    });
}

template <class T, class B>
Mask compare_elements(detail::Comparison comparison, const Array<T>& a, B b) {
    Mask mask = empty_array<bool>(a.shape());
    const T* from = a.storage().data();
    bool* out = mask.storage().data();
    auto run = [&](auto compare) { compare_elements(from, b, out, a.size(), compare); };
    switch (comparison) {
        case detail::Comparison::equal: run(std::equal_to<T>()); break;
        case detail::Comparison::not_equal: run(std::not_equal_to<T>()); break;
        case detail::Comparison::less: run(std::less<T>()); break;
        case detail::Comparison::less_equal: run(std::less_equal<T>()); break;
        case detail::Comparison::greater: run(std::greater<T>()); break;
        case detail::Comparison::greater_equal: run(std::greater_equal<T>()); break;
    }
    return mask;
}

}    // namespace

namespace {

template <class F>
Mask combined(const char* name, const Mask& a, const Mask& b, F f) {
    const Shape shape = broadcast_shapes(name, a.shape(), b.shape());
    Mask result = xt::broadcast(a, shape);
    const Mask other = xt::broadcast(b, shape);
    bool* out = result.storage().data();
    std::transform(out, out + result.size(), other.storage().data(), out, f);
    return result;
}

}    // namespace

namespace detail {

Mask both(const Mask& a, const Mask& b) { return combined("operator&&", a, b, std::logical_and<bool>()); }
Mask either(const Mask& a, const Mask& b) { return combined("operator||", a, b, std::logical_or<bool>()); }

template <class T>
Mask compare_values(Comparison comparison, const Variable<T>& a, const Variable<T>& b) {
    const NoGrad constant;
    Shape shape = same_shape(a.shape(), b.shape()) ? a.shape() : broadcast_shapes("compare", a.shape(), b.shape());
    const Variable<T> left = broadcast_to(a, shape), right = broadcast_to(b, shape);
    return compare_elements<T>(comparison, left.value(), right.value().storage().data());
}
template <class T>
Mask compare_number(Comparison comparison, const Variable<T>& a, double b) {
    return compare_elements<T>(comparison, a.value(), static_cast<T>(b));
}

template <class T>
Variable<T> where(const Mask& mask, const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Where{}, indicator<T>(mask), a, b);
}
template <class T>
Variable<T> where(const Mask& mask, const Variable<T>& a, double b) {
    return pointwise(WhereNumber{b}, indicator<T>(mask), a);
}
template <class T>
Variable<T> where(const Mask& mask, double a, const Variable<T>& b) {
    return pointwise(WhereNumber{a}, indicator<T>(mask, false), b);
}

template Mask compare_values(Comparison, const Variable<float>&, const Variable<float>&);
template Mask compare_values(Comparison, const Variable<double>&, const Variable<double>&);
template Mask compare_number(Comparison, const Variable<float>&, double);
template Mask compare_number(Comparison, const Variable<double>&, double);
template Variable<float> where(const Mask&, const Variable<float>&, const Variable<float>&);
template Variable<double> where(const Mask&, const Variable<double>&, const Variable<double>&);
template Variable<float> where(const Mask&, const Variable<float>&, double);
template Variable<double> where(const Mask&, const Variable<double>&, double);
template Variable<float> where(const Mask&, double, const Variable<float>&);
template Variable<double> where(const Mask&, double, const Variable<double>&);

}    // namespace detail

template <class T>
Variable<T> clamp(const Variable<T>& x, std::optional<double> lower, std::optional<double> upper) {
    if (!lower && !upper) throw std::invalid_argument("[clamp] got no bound; wanted a lower or an upper one");
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return pointwise(Clamp{lower.value_or(-infinity), upper.value_or(infinity)}, x);
}
template <class T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Maximum{}, a, b);
}
template <class T>
Variable<T> maximum(const Variable<T>& x, double number) {
    return pointwise(MaximumNumber{number}, x);
}
template <class T>
Variable<T> minimum(const Variable<T>& a, const Variable<T>& b) {
    return pointwise(Minimum{}, a, b);
}
template <class T>
Variable<T> minimum(const Variable<T>& x, double number) {
    return pointwise(MinimumNumber{number}, x);
}
template <class T>
Variable<T> lerp(const Variable<T>& a, const Variable<T>& b, double weight) {
    return pointwise(LerpNumber{weight}, a, b);
}
template <class T>
Variable<T> lerp(const Variable<T>& a, const Variable<T>& b, const Variable<T>& weight) {
    return pointwise(Lerp{}, a, b, weight);
}

template Variable<float> clamp(const Variable<float>&, std::optional<double>, std::optional<double>);
template Variable<double> clamp(const Variable<double>&, std::optional<double>, std::optional<double>);
template Variable<float> maximum(const Variable<float>&, const Variable<float>&);
template Variable<double> maximum(const Variable<double>&, const Variable<double>&);
template Variable<float> maximum(const Variable<float>&, double);
template Variable<double> maximum(const Variable<double>&, double);
template Variable<float> minimum(const Variable<float>&, const Variable<float>&);
template Variable<double> minimum(const Variable<double>&, const Variable<double>&);
template Variable<float> minimum(const Variable<float>&, double);
template Variable<double> minimum(const Variable<double>&, double);
template Variable<float> lerp(const Variable<float>&, const Variable<float>&, double);
template Variable<double> lerp(const Variable<double>&, const Variable<double>&, double);
template Variable<float> lerp(const Variable<float>&, const Variable<float>&, const Variable<float>&);
template Variable<double> lerp(const Variable<double>&, const Variable<double>&, const Variable<double>&);

}    // namespace xtape
