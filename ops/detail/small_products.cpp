// A row of the result is one vector or a few: the sum over k of a's element times b's row. Vectors are as long as the
// row, rounded up; what they read and write too much lies inside the operands and is written anew by the next row, but
// for the last ones, which go element by element.
#include <xtape/core/detail/registers.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/small_products.hpp>

#include <algorithm>
#include <tuple>
#include <type_traits>

namespace xtape::detail {
namespace {

constexpr std::size_t longest = 16;

// `rows` and `depth` are those of a, where the compiler is to know them; else 0.
template <class T, std::size_t width, std::size_t vectors, std::size_t rows, std::size_t depth>
class SmallProducts {
    using V = Vector<T, width>;
    static constexpr std::size_t reach = width * vectors;    // what a row reads and writes

public:
    SmallProducts(const Matrix<T>& a, std::ptrdiff_t a_step, const Matrix<T>& b, std::ptrdiff_t b_step)
        : a_(a), b_(b), a_step_(a_step), b_step_(b_step) {
        for (std::size_t j = 0; j < width; ++j)
            columns_[j] = static_cast<std::ptrdiff_t>(std::min(j, b.columns - 1)) * b.column_step;
    }

    void run(std::size_t count, T* c) const {
        const std::size_t size = a_.rows * b_.columns;
        const T *x = a_.data, *y = b_.data, *last = last_of_b(count), *end = c + count * size;
        const bool ordered = b_.column_step == 1 || width == 1, once = b_step_ == 0;
        alignas(64) T right[longest * reach], result[longest * longest + reach];
        if (once) arrange(y, last, right);
        for (std::size_t i = 0; i < count; ++i, x += a_step_, y += b_step_, c += size) {
            const bool there = ordered && !once && fits(y, b_.rows, b_.row_step, last);
            if (!there && !once) arrange(y, last, right);
            const bool whole = c + size + reach <= end;
            multiply(x, there ? y : right, there ? b_.row_step : reach, whole ? c : result);
            if (!whole) std::copy_n(result, size, c);
        }
    }

private:
    // The last element of b that the products read.
    const T* last_of_b(std::size_t count) const {
        auto furthest = [](std::size_t length, std::ptrdiff_t step) {
            return std::max<std::ptrdiff_t>(0, (static_cast<std::ptrdiff_t>(length) - 1) * step);
        };
        return b_.data + furthest(count, b_step_) + furthest(b_.rows, b_.row_step) +
               furthest(b_.columns, b_.column_step);
    }
    // Whether whole vectors at y, y + step, ... stay before what the products read anyway.
    static bool fits(const T* y, std::size_t count, std::ptrdiff_t step, const T* last) {
        const auto furthest = step > 0 ? (static_cast<std::ptrdiff_t>(count) - 1) * step : 0;
        return last - y >= furthest + static_cast<std::ptrdiff_t>(reach) - 1;
    }

    // Brings b's rows into order, `reach` apart; what is beyond the columns does not matter.
    void arrange(const T* y, const T* last, T* right) const {
        if constexpr (width > 1 && vectors == 1)
            if (b_.row_step == 1 && b_.column_step > 0 && b_.rows <= width &&
                fits(y, b_.columns, b_.column_step, last)) {
                V square[width];
#pragma GCC unroll 16
                for (std::size_t j = 0; j < width; ++j) square[j] = load<V>(y + columns_[j]);
                transpose_square<T, width>(square);
#pragma GCC unroll 16
                for (std::size_t k = 0; k < width; ++k)
                    if (depth == 0 || k < depth) store(square[k], right + k * reach);
                return;
            }
        for (std::size_t k = 0; k < b_.rows; ++k) {
            const T* row = y + static_cast<std::ptrdiff_t>(k) * b_.row_step;
            for (std::size_t j = 0; j < b_.columns; ++j)
                right[k * reach + j] = row[static_cast<std::ptrdiff_t>(j) * b_.column_step];
            std::fill(right + k * reach + b_.columns, right + (k + 1) * reach, T(0));
        }
    }

    void multiply(const T* x, const T* y, std::ptrdiff_t y_step, T* c) const {
        if constexpr (rows > 0) {
            multiply_rows<rows>(x, y, y_step, c);
        } else {
            std::size_t i = 0;
            const std::ptrdiff_t x_step = 4 * a_.row_step;
            for (; i + 4 <= a_.rows; i += 4, x += x_step, c += 4 * b_.columns) multiply_rows<4>(x, y, y_step, c);
            if (a_.rows - i == 3) multiply_rows<3>(x, y, y_step, c);
            if (a_.rows - i == 2) multiply_rows<2>(x, y, y_step, c);
            if (a_.rows - i == 1) multiply_rows<1>(x, y, y_step, c);
        }
    }

    template <std::size_t count>
    void multiply_rows(const T* x, const T* y, std::ptrdiff_t y_step, T* c) const {
        const std::ptrdiff_t row_step = a_.row_step, column_step = a_.column_step;
        V sums[count][vectors];
#pragma GCC unroll 4
        for (std::size_t v = 0; v < vectors; ++v) {
            const V row = load<V>(y + v * width);
#pragma GCC unroll 4
            for (std::size_t i = 0; i < count; ++i) sums[i][v] = x[static_cast<std::ptrdiff_t>(i) * row_step] * row;
        }
        const std::size_t length = depth > 0 ? depth : a_.columns;
#pragma GCC unroll 4
        for (std::size_t k = 1; k < length; ++k) {
            x += column_step;
            y += y_step;
#pragma GCC unroll 4
            for (std::size_t v = 0; v < vectors; ++v) {
                const V row = load<V>(y + v * width);
#pragma GCC unroll 4
                for (std::size_t i = 0; i < count; ++i)
                    sums[i][v] = x[static_cast<std::ptrdiff_t>(i) * row_step] * row + sums[i][v];
            }
        }
#pragma GCC unroll 4
        for (std::size_t i = 0; i < count; ++i)
#pragma GCC unroll 4
            for (std::size_t v = 0; v < vectors; ++v) store(sums[i][v], c + i * b_.columns + v * width);
    }

    Matrix<T> a_, b_;
    std::ptrdiff_t a_step_, b_step_, columns_[width];
};

template <std::size_t value>
using Constant = std::integral_constant<std::size_t, value>;

// Calls body with `length` as a constant if it is 1 to 4, else 0.
template <class Body>
void with_constant(std::size_t length, const Body& body) {
    switch (length) {
        case 1: return body(Constant<1>{});
        case 2: return body(Constant<2>{});
        case 3: return body(Constant<3>{});
        case 4: return body(Constant<4>{});
        default: return body(Constant<0>{});
    }
}

// Calls body with the shortest vectors, one or several, that hold a row of that length.
template <class T, std::size_t width, class Body>
void with_vectors(std::size_t columns, const Body& body) {
    constexpr std::size_t most = (longest + width - 1) / width;
    if constexpr (width < widest<T>) {
        if (columns > width) return with_vectors<T, width * 2>(columns, body);
        body(Constant<width>{}, Constant<1>{});
    } else if (columns <= width) {
        body(Constant<width>{}, Constant<1>{});
    } else if (columns <= 2 * width) {
        body(Constant<width>{}, Constant<std::min<std::size_t>(2, most)>{});
    } else {
        body(Constant<width>{}, Constant<most>{});
    }
}

}    // namespace

template <class T>
void multiply_small(const Matrix<T>& a, std::ptrdiff_t a_step, const Matrix<T>& b, std::ptrdiff_t b_step,
                    std::size_t count, T* c) {
    auto run = [&]<std::size_t width, std::size_t vectors, std::size_t rows, std::size_t depth>(
                   Constant<width>, Constant<vectors>, Constant<rows>, Constant<depth>) {
        SmallProducts<T, width, vectors, rows, depth>(a, a_step, b, b_step).run(count, c);
    };
    auto run_with = [&](auto width, auto vectors) {
        if constexpr (decltype(width)::value <= 4 && decltype(vectors)::value == 1) {
            if (a.rows <= 4 && a.columns <= 4)
                return with_constant(a.rows, [&](auto rows) {
                    with_constant(a.columns, [&](auto depth) { run(width, vectors, rows, depth); });
                });
        }
        run(width, vectors, Constant<0>{}, Constant<0>{});
    };
    if (b.columns == 1)
        run_with(Constant<1>{}, Constant<1>{});
    else
        with_vectors<T, 16 / sizeof(T)>(b.columns, run_with);
}

template void multiply_small(const Matrix<float>&, std::ptrdiff_t, const Matrix<float>&, std::ptrdiff_t, std::size_t,
                             float*);
template void multiply_small(const Matrix<double>&, std::ptrdiff_t, const Matrix<double>&, std::ptrdiff_t, std::size_t,
                             double*);

}    // namespace xtape::detail
