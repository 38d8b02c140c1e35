// Max pooling. The largest of each window is looked for first along the columns of its rows, many columns at a time.
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/pooling.hpp>
#include <xtape/ops/pooling.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;
using detail::Places;
using detail::Windows;

// The largest elements of the planes of images, and their places.
template <class T>
class Search {
public:
    explicit Search(const Windows& windows)
        : windows_(windows),
          width_(windows.axes[2].input),
          largest_(width_),
          place_(width_),
          pairs_(are_pairs(windows.axes[2])) {}

    void plane(const T* x, T* largest, std::uint32_t* places) {
        for (const auto& slice : windows_.axes[0].windows)
            for (const auto& row : windows_.axes[1].windows) {
                const T* best = reduce_rows(x, slice, row);
                reduce_columns(best, largest, places);
                largest += windows_.axes[2].windows.size();
                places += windows_.axes[2].windows.size();
            }
    }

private:
    using Window = detail::WindowAxis::Window;

    // The largest of each column over the rows of a window, and its place; of equal ones the first.
    const T* reduce_rows(const T* x, const Window& slice, const Window& row) {
        const auto& [slices, rows, columns] = windows_.axes;
        const std::size_t width = width_;
        T* best = largest_.data();
        std::uint32_t* place = place_.data();
        bool first = true;
        for (std::size_t i = slice.begin; i < slice.end; i += slices.step)
            for (std::size_t j = row.begin; j < row.end; j += rows.step) {
                const auto from = static_cast<std::uint32_t>((i * rows.input + j) * width_);
                const T* elements = x + from;
                if (std::exchange(first, false)) {
                    std::copy_n(elements, width, best);
                    std::iota(place, place + width, from);
                    continue;
                }
                for (std::size_t k = 0; k < width; ++k) {
                    const T element = elements[k], old = best[k];
                    const std::uint32_t here = from + static_cast<std::uint32_t>(k), there = place[k];
                    const bool larger = (element > old) | (element != element);
                    best[k] = choose(larger, element, old);
                    place[k] = choose(larger, here, there);
                }
            }
        return best;
    }

    // b if it is to be, else a: without a branch, which would be mispredicted every other time.
    template <class V>
    static V choose(bool second, V b, V a) {
        using Bits = std::conditional_t<sizeof(V) == 4, std::uint32_t, std::uint64_t>;
        const Bits x = std::bit_cast<Bits>(a), y = std::bit_cast<Bits>(b);
        return std::bit_cast<V>(static_cast<Bits>(x ^ ((x ^ y) & (Bits(0) - Bits(second)))));
    }
    // Whether b at place q is to be taken rather than a at place p.
    static bool is_larger(T b, std::uint32_t q, T a, std::uint32_t p) {
        return (b > a) | (b != b) | ((b == a) & (q < p));
    }

    void reduce_columns(const T* best, T* largest, std::uint32_t* places) const {
        const auto& columns = windows_.axes[2];
        const std::uint32_t* from = place_.data();
        if (pairs_) {
            const std::size_t count = columns.windows.size();
            for (std::size_t i = 0; i < count; ++i) {
                const T a = best[2 * i], b = best[2 * i + 1];
                const std::uint32_t p = from[2 * i], q = from[2 * i + 1];
                const bool second = is_larger(b, q, a, p);
                largest[i] = choose(second, b, a);
                places[i] = choose(second, q, p);
            }
            return;
        }
        for (const auto& window : columns.windows) {
            T found = best[window.begin];
            std::uint32_t place = from[window.begin];
            for (std::size_t k = window.begin + columns.step; k < window.end; k += columns.step) {
                const bool larger = is_larger(best[k], from[k], found, place);
                found = choose(larger, best[k], found);
                place = choose(larger, from[k], place);
            }
            *largest++ = found;
            *places++ = place;
        }
    }

    // Whether the windows along a row are pairs, one after another.
    static bool are_pairs(const detail::WindowAxis& axis) {
        std::size_t next = 0;
        return axis.step == 1 && std::all_of(axis.windows.begin(), axis.windows.end(), [&](const Window& window) {
                   return window.begin == std::exchange(next, next + 2) && window.end == window.begin + 2;
               });
    }

    const Windows& windows_;
    std::size_t width_;
    std::vector<T> largest_;
    std::vector<std::uint32_t> place_;
    bool pairs_;
};

template <class T>
std::pair<Array<T>, Places> search(const Array<T>& x, const Windows& windows) {
    Array<T> largest = empty_array<T>(windows.output_shape(x.shape()));
    Storage<std::uint32_t> places(largest.size());
    const std::size_t inputs = windows.inputs(), outputs = windows.outputs();
    const T* in = x.storage().data();
    T* out = largest.storage().data();
    std::uint32_t* place = places.data();
    if (outputs > 0)
        detail::parallel_for(largest.size() / outputs, detail::parallel_grain(inputs),
                             [&](std::size_t begin, std::size_t end) {
                                 Search<T> searching(windows);
                                 for (std::size_t p = begin; p < end; ++p)
                                     searching.plane(in + p * inputs, out + p * outputs, place + p * outputs);
                             });
    return {std::move(largest), std::make_shared<const Storage<std::uint32_t>>(std::move(places))};
}

// Elements of each plane of an array (N, C, ...).
std::size_t plane_size(const Shape& shape) { return element_count(Shape(shape.begin() + 2, shape.end())); }

template <class T>
struct MaxPool {
    static constexpr auto name = "max_pool";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"pooling", "y = the largest x of each window",
                                 "dy/dx = 1 at the first of the largest elements, else 0",
                                 "(N, C, ...) -> (N, C, ...)"};
    Windows windows;

    auto forward(const Array<T>& x) const {
        auto [largest, places] = search(x, windows);
        return saving(std::move(largest), std::move(places));
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&, const Places& places) const {
        return pullbacks([&] { return detail::put_at_places(g, places, x.shape()); });
    }
    static Samples samples();
};

// An array of `shape`, made plane by plane: make(input, its size, output, its size, number of the plane).
template <class T, class Make>
Array<T> each_plane(const Array<T>& x, const Shape& shape, const Make& make) {
    Array<T> y = empty_array<T>(shape);
    const std::size_t inputs = plane_size(x.shape()), outputs = plane_size(shape);
    const T* in = x.storage().data();
    T* out = y.storage().data();
    if (outputs > 0)
        detail::parallel_for(y.size() / outputs, detail::parallel_grain(outputs),
                             [&](std::size_t begin, std::size_t end) {
                                 for (std::size_t p = begin; p < end; ++p)
                                     make(in + p * inputs, inputs, out + p * outputs, outputs, p);
                             });
    return y;
}

template <class T>
struct AtPlaces {
    static constexpr auto name = "at_places";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"pooling", "y_i = x at place i of its plane", "dx = g put at the places",
                                 "(N, C, ...) -> (N, C, ...)"};
    Places places;
    Shape shape;

    Array<T> forward(const Array<T>& x) const {
        return each_plane(x, shape, [&](const T* in, std::size_t, T* out, std::size_t outputs, std::size_t plane) {
            const std::uint32_t* place = places->data() + plane * outputs;
            for (std::size_t i = 0; i < outputs; ++i) out[i] = in[place[i]];
        });
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return detail::put_at_places(g, places, x.shape()); });
    }
    static Samples samples();
};

template <class T>
struct PutAtPlaces {
    static constexpr auto name = "put_at_places";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"pooling", "y = 0 plus x_i at place i of its plane", "dx = g at the places",
                                 "(N, C, ...) -> (N, C, ...)"};
    Places places;
    Shape shape;

    Array<T> forward(const Array<T>& x) const {
        return each_plane(x, shape,
                          [&](const T* in, std::size_t inputs, T* out, std::size_t outputs, std::size_t plane) {
                              const std::uint32_t* place = places->data() + plane * inputs;
                              std::fill_n(out, outputs, T(0));
                              for (std::size_t i = 0; i < inputs; ++i) out[place[i]] += in[i];
                          });
    }
    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&] { return detail::at_places(g, places, x.shape()); });
    }
    static Samples samples();
};

}    // namespace

template <class T>
Variable<T> detail::max_pool(const Variable<T>& x, const Windows& windows) {
    return apply(MaxPool<T>{windows}, x);
}
template <class T>
Places detail::places_of_largest(const Array<T>& x, const Windows& windows) {
    return search(x, windows).second;
}
template <class T>
Variable<T> detail::at_places(const Variable<T>& x, const Places& places, const Shape& shape) {
    return apply(AtPlaces<T>{places, shape}, x);
}
template <class T>
Variable<T> detail::put_at_places(const Variable<T>& x, const Places& places, const Shape& shape) {
    return apply(PutAtPlaces<T>{places, shape}, x);
}

template Variable<float> detail::max_pool(const Variable<float>&, const Windows&);
template Variable<double> detail::max_pool(const Variable<double>&, const Windows&);
template Places detail::places_of_largest(const Array<float>&, const Windows&);
template Places detail::places_of_largest(const Array<double>&, const Windows&);
template Variable<float> detail::at_places(const Variable<float>&, const Places&, const Shape&);
template Variable<double> detail::at_places(const Variable<double>&, const Places&, const Shape&);
template Variable<float> detail::put_at_places(const Variable<float>&, const Places&, const Shape&);
template Variable<double> detail::put_at_places(const Variable<double>&, const Places&, const Shape&);

namespace {

template <class T>
Samples MaxPool<T>::samples() {
    const A x = make_array<double>({1.0, 5.0, 2.0, -1.0, 3.0, 4.0, 9.0, 0.5, 7.0, 6.0, -2.0, 8.0}, {1, 2, 2, 3});
    return Samples()
        .add(
            "a plane", {x}, [](const auto& v) { return max_pool2d(v[0], 2, {.stride = 1}); },
            [](const Arrays&) {
                return make_array<double>({5.0, 5.0, 9.0, 8.0}, {1, 2, 1, 2});
            })
        .add(
            "beyond the end, with dilation", {A{{{3.0, 1.0, 2.0, -5.0, 4.0, -6.0}}}},
            [](const auto& v) {
                return max_pool1d(v[0], 2, {.stride = 3, .padding = 1, .dilation = 2, .ceil_mode = true});
            },
            [](const Arrays&) {
                return A{{{1.0, 4.0, -6.0}}};
            })
        .add(
            "parts of a volume", {make_array<double>({1.0, 5.0, 2.0, -1.0, 3.0, 4.0, 9.0, 0.5}, {1, 1, 2, 2, 2})},
            [](const auto& v) {
                return adaptive_max_pool3d(v[0], {1, 2, 1});
            },
            [](const Arrays&) {
                return make_array<double>({5.0, 9.0}, {1, 1, 1, 2, 1});
            })
        .add(
            "no images", {A(Shape{0, 2, 4})}, [](const auto& v) { return max_pool1d(v[0], 2); },
            [](const Arrays&) {
                return A(Shape{0, 2, 2});
            },
            1)
        .refuse("a matrix", {A{{1.0, 2.0}}}, [](const auto& v) { return max_pool1d(v[0], 2); })
        .refuse("a window too long", {x}, [](const auto& v) { return max_pool2d(v[0], 3); })
        .refuse("a padding of more than half a window", {x},
                [](const auto& v) { return max_pool2d(v[0], 2, {.padding = 2}); })
        .refuse("an empty window", {x}, [](const auto& v) { return max_pool2d(v[0], 0); })
        .refuse("a stride of 0", {x}, [](const auto& v) { return max_pool2d(v[0], 2, {.stride = 0}); })
        .refuse("parts of nothing", {A(Shape{1, 1, 0})}, [](const auto& v) { return adaptive_max_pool1d(v[0], 1); });
}

template <class T>
Samples AtPlaces<T>::samples() {
    return Samples().add(
        "the largest, with their places", {A{{{1.0, 5.0, 2.0, 7.0}}}},
        [](const auto& v) { return max_pool1d_with_indices(v[0], 2, {.stride = 1}).values; },
        [](const Arrays&) {
            return A{{{5.0, 5.0, 7.0}}};
        });
}

template <class T>
Samples PutAtPlaces<T>::samples() {
    const A x{{{3.0, 4.0}}, {{5.0, 6.0}}};
    const Indices indices{{{1, 3}}, {{2, 2}}};
    return Samples()
        .add(
            "pairs, and one place twice", {x}, [indices](const auto& v) { return max_unpool1d(v[0], indices, 2); },
            [](const Arrays& v) {
                const A& a = v[0];
                return A{{{0.0, a(0, 0, 0), 0.0, a(0, 0, 1)}}, {{0.0, 0.0, a(1, 0, 0) + a(1, 0, 1), 0.0}}};
            })
        .add(
            "a length of its own", {x},
            [indices](const auto& v) { return max_unpool1d(v[0], indices, 2, {.output_size = 5}); },
            [](const Arrays&) {
                return A{{{0.0, 3.0, 0.0, 4.0, 0.0}}, {{0.0, 0.0, 11.0, 0.0, 0.0}}};
            })
        .refuse("other indices", {A{{{3.0, 4.0, 5.0}}}},
                [indices](const auto& v) { return max_unpool1d(v[0], indices, 2); })
        .refuse("an index beyond", {x},
                [indices](const auto& v) { return max_unpool1d(v[0], indices, 2, {.output_size = 3}); });
}

}    // namespace
}    // namespace xtape
