#include <xtape/core/detail/transpose.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/factors.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>

namespace xtape::detail {
namespace {

constexpr std::size_t longest = 24;    // of what is small

// Calls body with n as a constant, so that its loops are unrolled, if it is 2, 3 or 4; else with 0.
template <class Body>
auto with_order(std::size_t n, const Body& body) {
    switch (n) {
        case 2: return body(std::integral_constant<std::size_t, 2>{});
        case 3: return body(std::integral_constant<std::size_t, 3>{});
        case 4: return body(std::integral_constant<std::size_t, 4>{});
        default: return body(std::integral_constant<std::size_t, 0>{});
    }
}

template <std::size_t fixed, class T>
int small_lu(std::size_t order, T* a, int* pivots) {
    const std::size_t n = fixed > 0 ? fixed : order;
    int zero = 0;
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t best = k;
        for (std::size_t i = k + 1; i < n; ++i)
            if (std::abs(a[i * n + k]) > std::abs(a[best * n + k])) best = i;
        pivots[k] = static_cast<int>(best) + 1;
        if (best != k) std::swap_ranges(a + k * n, a + (k + 1) * n, a + best * n);
        const T pivot = a[k * n + k];
        if (pivot == 0) {
            if (zero == 0) zero = static_cast<int>(k) + 1;
            continue;
        }
        for (std::size_t i = k + 1; i < n; ++i) {
            const T factor = a[i * n + k] /= pivot;
            for (std::size_t j = k + 1; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
        }
    }
    return zero;
}

template <std::size_t fixed, class T>
void small_lu_solve(std::size_t order, const T* a, const int* pivots, std::size_t columns, T* x) {
    const std::size_t n = fixed > 0 ? fixed : order;
    for (std::size_t k = 0; k < n; ++k)
        if (const auto other = static_cast<std::size_t>(pivots[k]) - 1; other != k)
            std::swap_ranges(x + k * columns, x + (k + 1) * columns, x + other * columns);
    for (std::size_t i = 1; i < n; ++i)
        for (std::size_t k = 0; k < i; ++k)
            for (std::size_t j = 0; j < columns; ++j) x[i * columns + j] -= a[i * n + k] * x[k * columns + j];
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k)
            for (std::size_t j = 0; j < columns; ++j) x[i * columns + j] -= a[i * n + k] * x[k * columns + j];
        for (std::size_t j = 0; j < columns; ++j) x[i * columns + j] /= a[i * n + i];
    }
}

// With the transpose of the factors, in the opposite order.
template <std::size_t fixed, class T>
void small_lu_solve_transposed(std::size_t order, const T* a, const int* pivots, std::size_t columns, T* x) {
    const std::size_t n = fixed > 0 ? fixed : order;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k)
            for (std::size_t j = 0; j < columns; ++j) x[i * columns + j] -= a[k * n + i] * x[k * columns + j];
        for (std::size_t j = 0; j < columns; ++j) x[i * columns + j] /= a[i * n + i];
    }
    for (std::size_t i = n; i-- > 0;)
        for (std::size_t k = i + 1; k < n; ++k)
            for (std::size_t j = 0; j < columns; ++j) x[i * columns + j] -= a[k * n + i] * x[k * columns + j];
    for (std::size_t k = n; k-- > 0;)
        if (const auto other = static_cast<std::size_t>(pivots[k]) - 1; other != k)
            std::swap_ranges(x + k * columns, x + (k + 1) * columns, x + other * columns);
}

template <std::size_t fixed, class T>
int small_cholesky(std::size_t order, T* a) {
    const std::size_t n = fixed > 0 ? fixed : order;
    T column[longest];
    for (std::size_t k = 0; k < n; ++k) {
        if (!(a[k * n + k] > 0)) return static_cast<int>(k) + 1;
        const T root = a[k * n + k] = std::sqrt(a[k * n + k]);
        for (std::size_t i = k + 1; i < n; ++i) column[i] = a[i * n + k] /= root;
        for (std::size_t i = k + 1; i < n; ++i)
            for (std::size_t j = k + 1; j < n; ++j) a[i * n + j] -= column[i] * column[j];    // above the diagonal too
        std::fill(a + k * n + k + 1, a + (k + 1) * n, T(0));
    }
    return 0;
}

template <std::size_t fixed, class T>
void small_triangle(std::size_t order, std::size_t columns, const T* l, bool transposed, T* b) {
    const std::size_t n = fixed > 0 ? fixed : order;
    auto subtract = [&](std::size_t from, T factor, std::size_t to) {
        for (std::size_t j = 0; j < columns; ++j) b[to * columns + j] -= factor * b[from * columns + j];
    };
    auto divide = [&](std::size_t i) {
        for (std::size_t j = 0; j < columns; ++j) b[i * columns + j] /= l[i * n + i];
    };
    if (transposed)
        for (std::size_t i = n; i-- > 0;) {
            divide(i);
            for (std::size_t k = 0; k < i; ++k) subtract(i, l[i * n + k], k);
        }
    else
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t k = 0; k < i; ++k) subtract(k, l[i * n + k], i);
            divide(i);
        }
}

}    // namespace

template <class T>
int Lu<T>::factor(std::size_t i, const T* a) {
    T* into = factors_.data() + i * n_ * n_;
    int* swaps = pivots_.data() + i * n_;
    std::copy_n(a, n_ * n_, into);
    if (n_ > longest) return lu_factor(n_, into, swaps);
    return with_order(n_, [&](auto order) { return small_lu<order()>(n_, into, swaps); });
}

template <class T>
void Lu<T>::solve(std::size_t i, const T* b, std::size_t columns, bool transposed, T* x) const {
    if (n_ <= longest) {
        std::copy_n(b, n_ * columns, x);
        with_order(n_, [&](auto order) {
            if (transposed)
                small_lu_solve_transposed<order()>(n_, factors(i), pivots(i), columns, x);
            else
                small_lu_solve<order()>(n_, factors(i), pivots(i), columns, x);
        });
        return;
    }
    Storage<T> sides(n_ * columns);    // column by column, for LAPACK
    transpose_block(b, static_cast<std::ptrdiff_t>(columns), n_, columns, sides.data(), n_);
    lu_solve(n_, columns, factors(i), pivots(i), !transposed, sides.data());
    transpose_block(std::as_const(sides).data(), static_cast<std::ptrdiff_t>(n_), columns, n_, x, columns);
}

template <class T>
int Lu<T>::invert(std::size_t i, T* x) const {
    for (std::size_t k = 0; k < n_; ++k)
        if (factors(i)[k * n_ + k] == 0) return static_cast<int>(k) + 1;
    if (n_ > longest) {
        std::copy_n(factors(i), n_ * n_, x);
        lu_invert(n_, x, pivots(i));
        return 0;
    }
    std::fill_n(x, n_ * n_, T(0));
    for (std::size_t k = 0; k < n_; ++k) x[k * n_ + k] = 1;
    with_order(n_, [&](auto order) { small_lu_solve<order()>(n_, factors(i), pivots(i), n_, x); });
    return 0;
}

template <class T>
T Lu<T>::logdet(std::size_t i) const {
    bool negative = false;
    T sum = 0;
    for (std::size_t k = 0; k < n_; ++k) {
        const T pivot = factors(i)[k * n_ + k];
        negative = negative != ((pivots(i)[k] != static_cast<int>(k) + 1) != (pivot < 0));
        sum += std::log(std::abs(pivot));
    }
    return negative && sum != -std::numeric_limits<T>::infinity() ? std::numeric_limits<T>::quiet_NaN() : sum;
}

template <class T>
int factor_cholesky(std::size_t n, T* a) {
    if (n <= longest) return with_order(n, [&](auto order) { return small_cholesky<order()>(n, a); });
    const int minor = cholesky_factor(n, a);
    for (std::size_t i = 0; i < n; ++i) std::fill(a + i * n + i + 1, a + (i + 1) * n, T(0));
    return minor;
}

template <class T>
void solve_triangle(std::size_t n, std::size_t columns, const T* l, bool transposed, T* b) {
    if (n <= longest)
        with_order(n, [&](auto order) { small_triangle<order()>(n, columns, l, transposed, b); });
    else
        solve_lower(n, columns, l, transposed, b);
}

template class Lu<float>;
template class Lu<double>;
template int factor_cholesky(std::size_t, float*);
template int factor_cholesky(std::size_t, double*);
template void solve_triangle(std::size_t, std::size_t, const float*, bool, float*);
template void solve_triangle(std::size_t, std::size_t, const double*, bool, double*);

}    // namespace xtape::detail
