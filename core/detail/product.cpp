#include <xtape/core/detail/product.hpp>
#include <xtape/core/error.hpp>

#include <cblas.h>
#include <omp.h>

#include <limits>
#include <string>
#include <type_traits>

namespace xtape::detail {
namespace {

int to_int(std::size_t n) {
    if (n > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw ShapeError("[product] got an axis of length " + std::to_string(n) + "; BLAS counts up to 2147483647");
    return static_cast<int>(n);
}

}    // namespace

template <class T>
void add_product(double alpha, const Array<T>& a, const Array<T>& b, Transpose b_transposed, double beta, Array<T>& c) {
    const int m = to_int(c.shape()[0]), n = to_int(c.shape()[1]), k = to_int(a.shape()[1]);
    const int ldb = to_int(b.shape()[1]);
    if (m == 0 || n == 0 || k == 0) return;
    const auto tb = b_transposed == Transpose::yes ? CblasTrans : CblasNoTrans;
    const int threads = omp_get_max_threads();    // BLAS cuts its work, and so rounds, by their number
    omp_set_num_threads(1);
    if constexpr (std::is_same_v<T, float>)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, tb, m, n, k, static_cast<float>(alpha), a.storage().data(), k,
                    b.storage().data(), ldb, static_cast<float>(beta), c.storage().data(), n);
    else
        cblas_dgemm(CblasRowMajor, CblasNoTrans, tb, m, n, k, alpha, a.storage().data(), k, b.storage().data(), ldb,
                    beta, c.storage().data(), n);
    omp_set_num_threads(threads);
}

template void add_product(double, const Array<float>&, const Array<float>&, Transpose, double, Array<float>&);
template void add_product(double, const Array<double>&, const Array<double>&, Transpose, double, Array<double>&);

}    // namespace xtape::detail
