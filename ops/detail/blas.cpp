#include <xtape/core/array.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>
#include <xtape/ops/detail/blas.hpp>
#include <xtape/ops/detail/gemm.hpp>

#include <cblas.h>
#include <omp.h>
#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

extern "C" {
int openblas_get_parallel() __attribute__((weak));    // another BLAS may be linked in its place
void openblas_set_num_threads(int) __attribute__((weak));
void sgetrf_(const int*, const int*, float*, const int*, int*, int*);
void dgetrf_(const int*, const int*, double*, const int*, int*, int*);
void sgetrs_(const char*, const int*, const int*, const float*, const int*, const int*, float*, const int*, int*);
void dgetrs_(const char*, const int*, const int*, const double*, const int*, const int*, double*, const int*, int*);
void sgetri_(const int*, float*, const int*, const int*, float*, const int*, int*);
void dgetri_(const int*, double*, const int*, const int*, double*, const int*, int*);
void spotrf_(const char*, const int*, float*, const int*, int*);
void dpotrf_(const char*, const int*, double*, const int*, int*);
}

namespace xtape::detail {
namespace {

// OpenBLAS takes a buffer when a thread first calls it while all others are in use, and where the system has none to
// give it asks for ever. So we ask first.
void require_buffer() {
    constexpr std::size_t bytes = (std::size_t{128} << 20) + 4096;
    void* probe = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe == MAP_FAILED)
        throw Error(
            "[blas] got no memory for the buffer of 128 MB that OpenBLAS computes in; wanted that much address "
            "space for each thread (ulimit -v)");
    munmap(probe, bytes);
    const float one = 1;
    float y = 0;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, 1, 1, 1, 1.0F, &one, 1, &one, 1, 0.0F, &y, 1);
}

// What a thread does before it first calls BLAS.
void prepare_blas() {
    // OpenBLAS's own threads, in the flavour that has some, would cut work by their number.
    static const bool alone = [] {
        if (openblas_get_parallel != nullptr && openblas_get_parallel() == 1) openblas_set_num_threads(1);
        return true;
    }();
    static_cast<void>(alone);
    thread_local constinit bool prepared = false;
    if (prepared) return;
    require_buffer();
    prepared = true;
}

// Keeps BLAS on the calling thread: how it cuts work depends on the number of threads, and so would the bits.
// OpenBLAS's OpenMP flavour asks for this number, which is the thread's own, at each call.
class OneThread {
public:
    OneThread() : threads_(omp_get_max_threads()) {
        prepare_blas();
        if (threads_ != 1) omp_set_num_threads(1);
    }
    ~OneThread() {
        if (threads_ != 1) omp_set_num_threads(threads_);
    }
    OneThread(const OneThread&) = delete;
    OneThread& operator=(const OneThread&) = delete;

private:
    int threads_;
};

int to_int(std::size_t n) {
    if (n > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw ShapeError("[blas] got an axis of length " + std::to_string(n) + "; BLAS counts up to 2147483647");
    return static_cast<int>(n);
}
int to_int(std::ptrdiff_t n) { return to_int(static_cast<std::size_t>(n)); }

void blas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const float* a, int lda, const float* b,
               int ldb, float beta, float* c, int ldc) {
    cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, 1.0F, a, lda, b, ldb, beta, c, ldc);
}
void blas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, const double* a, int lda, const double* b,
               int ldb, double beta, double* c, int ldc) {
    cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, 1.0, a, lda, b, ldb, beta, c, ldc);
}
void gemv(CBLAS_TRANSPOSE t, int m, int n, const float* a, int lda, const float* x, int step, float beta, float* y) {
    cblas_sgemv(CblasRowMajor, t, m, n, 1.0F, a, lda, x, step, beta, y, 1);
}
void gemv(CBLAS_TRANSPOSE t, int m, int n, const double* a, int lda, const double* x, int step, double beta,
          double* y) {
    cblas_dgemv(CblasRowMajor, t, m, n, 1.0, a, lda, x, step, beta, y, 1);
}
float dot(int n, const float* x, int x_step, const float* y, int y_step) { return cblas_sdot(n, x, x_step, y, y_step); }
double dot(int n, const double* x, int x_step, const double* y, int y_step) {
    return cblas_ddot(n, x, x_step, y, y_step);
}
void trsm(CBLAS_TRANSPOSE t, int n, int columns, const float* a, float* b) {
    cblas_strsm(CblasRowMajor, CblasLeft, CblasLower, t, CblasNonUnit, n, columns, 1.0F, a, n, b, columns);
}
void trsm(CBLAS_TRANSPOSE t, int n, int columns, const double* a, double* b) {
    cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, t, CblasNonUnit, n, columns, 1.0, a, n, b, columns);
}
void getrf(const int* n, float* a, int* pivots, int* info) { sgetrf_(n, n, a, n, pivots, info); }
void getrf(const int* n, double* a, int* pivots, int* info) { dgetrf_(n, n, a, n, pivots, info); }
void getrs(const char* t, const int* n, const int* count, const float* a, const int* pivots, float* b, int* info) {
    sgetrs_(t, n, count, a, n, pivots, b, n, info);
}
void getrs(const char* t, const int* n, const int* count, const double* a, const int* pivots, double* b, int* info) {
    dgetrs_(t, n, count, a, n, pivots, b, n, info);
}
void getri(const int* n, float* a, const int* pivots, float* work, const int* size, int* info) {
    sgetri_(n, a, n, pivots, work, size, info);
}
void getri(const int* n, double* a, const int* pivots, double* work, const int* size, int* info) {
    dgetri_(n, a, n, pivots, work, size, info);
}
void potrf(const char* triangle, const int* n, float* a, int* info) { spotrf_(triangle, n, a, n, info); }
void potrf(const char* triangle, const int* n, double* a, int* info) { dpotrf_(triangle, n, a, n, info); }

// A matrix as BLAS sees it: rows (or, transposed, columns) of unit step that lie `lead` apart.
template <class T>
struct Blas {
    const T* data;
    CBLAS_TRANSPOSE transpose;
    int lead;
    std::ptrdiff_t row_step, column_step;

    Blas rows_from(std::size_t row) const {
        Blas part = *this;
        part.data += static_cast<std::ptrdiff_t>(row) * row_step;
        return part;
    }
    Blas columns_from(std::size_t column) const {
        Blas part = *this;
        part.data += static_cast<std::ptrdiff_t>(column) * column_step;
        return part;
    }
};

// Brings the matrix into an order that BLAS reads; `ordered` holds the elements if they had to be copied.
template <class T>
Blas<T> blas(const Matrix<T>& x, Storage<T>& ordered) {
    auto rows = static_cast<std::ptrdiff_t>(x.rows), columns = static_cast<std::ptrdiff_t>(x.columns);
    if ((x.column_step == 1 || columns == 1) && (x.row_step >= columns || rows == 1)) {
        std::ptrdiff_t lead = rows == 1 ? columns : x.row_step;
        return {x.data, CblasNoTrans, to_int(lead), lead, 1};
    }
    if ((x.row_step == 1 || rows == 1) && (x.column_step >= rows || columns == 1)) {
        std::ptrdiff_t lead = columns == 1 ? rows : x.column_step;
        return {x.data, CblasTrans, to_int(lead), 1, lead};
    }
    ordered = Storage<T>(x.rows * x.columns);
    copy_strided(x.data, Shape{x.rows, x.columns}, Strides{x.row_step, x.column_step}, ordered.data());
    return {std::as_const(ordered).data(), CblasNoTrans, to_int(columns), columns, 1};
}

// The length of the parts into which an axis is cut for threads: by the work alone, so that bits do not depend on them.
std::size_t part(std::size_t length, std::size_t products, std::size_t work, std::size_t least) {
    std::size_t parts = std::clamp<std::size_t>(products / work, 1, 64);
    return std::max(least, ((length + parts - 1) / parts + least - 1) / least * least);
}

// On BLAS, in parts that depend on the shape alone: how it sums may depend on where an element stands.
template <class T>
void multiply_by_blas(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate) {
    std::size_t m = a.rows, k = a.columns, n = b.columns;
    Storage<T> a_ordered, b_ordered;
    const Blas<T> left = blas(a, a_ordered), right = blas(b, b_ordered);
    const std::size_t grain = part(std::max(m, n), m * n * k, parallel_products * 8, 256);
    parallel_for(std::max(m, n), grain, [&](std::size_t begin, std::size_t end) {
        OneThread guard;
        for (std::size_t i = begin; i < end; i += grain) {
            std::size_t length = std::min(grain, end - i);
            const Blas<T> x = m >= n ? left.rows_from(i) : left, y = m >= n ? right : right.columns_from(i);
            blas_gemm(x.transpose, y.transpose, to_int(m >= n ? length : m), to_int(m >= n ? n : length), to_int(k),
                      x.data, x.lead, y.data, y.lead, accumulate ? T(1) : T(0), m >= n ? c + i * n : c + i, to_int(n));
        }
    });
}

// BLAS knows the small products best.
template <class T>
void multiply_matrices(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate) {
    constexpr std::size_t large = std::size_t{1} << 20;
    if (has_gemm && a.rows >= 12 && b.columns >= 24 && a.rows * a.columns * b.columns >= large)
        gemm(a, b, c, accumulate);
    else
        multiply_by_blas(a, b, c, accumulate);
}

// c = a b for a single column b, c in order.
template <class T>
void multiply_vector(const Matrix<T>& a, const T* b, std::ptrdiff_t step, T* c, T beta) {
    std::size_t m = a.rows, k = a.columns;
    Storage<T> a_ordered, b_ordered;
    if (step <= 0) {
        b_ordered = Storage<T>(k);
        copy_strided(b, Shape{k}, Strides{step}, b_ordered.data());
        b = std::as_const(b_ordered).data();
        step = 1;
    }
    const Blas<T> left = blas(a, a_ordered);
    const std::size_t grain = part(m, m * k, parallel_products / 8, 64);
    parallel_for(m, grain, [&](std::size_t begin, std::size_t end) {
        OneThread guard;
        for (std::size_t i = begin; i < end; i += grain) {
            int rows = to_int(std::min(grain, end - i)), columns = to_int(k);
            bool transposed = left.transpose == CblasTrans;
            gemv(left.transpose, transposed ? columns : rows, transposed ? rows : columns, left.rows_from(i).data,
                 left.lead, b, to_int(step), beta, c + i);
        }
    });
}

// The sum of x y, block by block: a block's length is part of the result.
template <class T>
T multiply_vectors(const T* x, std::ptrdiff_t x_step, const T* y, std::ptrdiff_t y_step, std::size_t count) {
    constexpr std::size_t block = 8192;
    OneThread guard;
    T sum = 0;
    for (std::size_t i = 0; i < count; i += block) {
        std::size_t length = std::min(block, count - i);
        const T *from_x = x + static_cast<std::ptrdiff_t>(i) * x_step,
                *from_y = y + static_cast<std::ptrdiff_t>(i) * y_step;
        if (x_step > 0 && y_step > 0)
            sum += dot(to_int(length), from_x, to_int(x_step), from_y, to_int(y_step));
        else
            for (std::size_t j = 0; j < length; ++j)
                sum +=
                    from_x[static_cast<std::ptrdiff_t>(j) * x_step] * from_y[static_cast<std::ptrdiff_t>(j) * y_step];
    }
    return sum;
}

// c = a b for a column a and a row b.
template <class T>
void multiply_outer(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate) {
    std::size_t n = b.columns;
    parallel_for(a.rows, std::max<std::size_t>(1, 65536 / n), [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin; i < end; ++i) {
            const T factor = a.data[static_cast<std::ptrdiff_t>(i) * a.row_step];
            T* to = c + i * n;
            auto row = [&](auto element) {
                if (accumulate)
                    for (std::size_t j = 0; j < n; ++j) to[j] += factor * element(j);
                else
                    for (std::size_t j = 0; j < n; ++j) to[j] = factor * element(j);
            };
            if (b.column_step == 1)
                row([from = b.data](std::size_t j) { return from[j]; });
            else
                row([&](std::size_t j) { return b.data[static_cast<std::ptrdiff_t>(j) * b.column_step]; });
        }
    });
}

}    // namespace

template <class T>
void multiply(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate) {
    std::size_t m = a.rows, k = a.columns, n = b.columns;
    if (m == 0 || n == 0) return;
    T beta = accumulate ? T(1) : T(0);
    if (k == 0) {
        if (!accumulate) std::fill_n(c, m * n, T(0));
    } else if (m > 1 && a.row_step == 0 && !accumulate) {
        Matrix<T> once = a;
        once.rows = 1;
        multiply(once, b, c, false);
        for (std::size_t i = 1; i < m; ++i) std::copy_n(c, n, c + i * n);
    } else if (n > 1 && b.column_step == 0 && !accumulate) {
        Matrix<T> once = b;
        once.columns = 1;
        Storage<T> column(m);
        multiply(a, once, column.data(), false);
        for (std::size_t i = 0; i < m; ++i) std::fill_n(c + i * n, n, std::as_const(column)[i]);
    } else if (m == 1 && n == 1) {
        T sum = multiply_vectors(a.data, a.column_step, b.data, b.row_step, k);
        *c = accumulate ? *c + sum : sum;
    } else if (k == 1) {
        multiply_outer(a, b, c, accumulate);
    } else if (n == 1) {
        multiply_vector(a, b.data, b.row_step, c, beta);
    } else if (m == 1) {
        multiply_vector(b.transposed(), a.data, a.column_step, c, beta);
    } else {
        multiply_matrices(a, b, c, accumulate);
    }
}

template <class T>
int lu_factor(std::size_t n, T* a, int* pivots) {
    OneThread guard;
    int order = to_int(n), info = 0;
    if (n > 0) getrf(&order, a, pivots, &info);
    return info;
}

template <class T>
void lu_solve(std::size_t n, std::size_t count, const T* factors, const int* pivots, bool transposed, T* b) {
    if (n == 0 || count == 0) return;
    OneThread guard;
    int order = to_int(n), sides = to_int(count), info = 0;
    getrs(transposed ? "T" : "N", &order, &sides, factors, pivots, b, &info);
}

template <class T>
void lu_invert(std::size_t n, T* factors, const int* pivots) {
    OneThread guard;
    int order = to_int(n), size = to_int(64 * n), info = 0;    // LAPACK works on blocks of up to 64 columns
    Storage<T> work(64 * n);
    if (n > 0) getri(&order, factors, pivots, work.data(), &size, &info);
}

template <class T>
int cholesky_factor(std::size_t n, T* a) {
    OneThread guard;
    int order = to_int(n), info = 0;
    if (n > 0) potrf("U", &order, a, &info);    // a row-major lower triangle is a column-major upper one
    return info;
}

template <class T>
void solve_lower(std::size_t n, std::size_t columns, const T* a, bool transposed, T* b) {
    if (n == 0 || columns == 0) return;
    OneThread guard;
    trsm(transposed ? CblasTrans : CblasNoTrans, to_int(n), to_int(columns), a, b);
}

template void multiply(const Matrix<float>&, const Matrix<float>&, float*, bool);
template void multiply(const Matrix<double>&, const Matrix<double>&, double*, bool);
template void lu_invert(std::size_t, float*, const int*);
template void lu_invert(std::size_t, double*, const int*);
template int lu_factor(std::size_t, float*, int*);
template int lu_factor(std::size_t, double*, int*);
template void lu_solve(std::size_t, std::size_t, const float*, const int*, bool, float*);
template void lu_solve(std::size_t, std::size_t, const double*, const int*, bool, double*);
template int cholesky_factor(std::size_t, float*);
template int cholesky_factor(std::size_t, double*);
template void solve_lower(std::size_t, std::size_t, const float*, bool, float*);
template void solve_lower(std::size_t, std::size_t, const double*, bool, double*);

}    // namespace xtape::detail
