#include <xtape/ops/detail/gemm.hpp>
#include <xtape/ops/detail/gemm/pack.hpp>
#include <xtape/ops/detail/gemm/packed_product.hpp>

namespace xtape::detail {

template <class T>
void gemm(const Matrix<T>& a, const Matrix<T>& b, T* c, bool accumulate) {
    const PackRows<T> rows(a);
    const PackColumns<T> columns(b);
    PackedProduct<T, PackRows<T>, PackColumns<T>>(a.rows, a.columns, b.columns, rows, columns)
        .run(c, b.columns, accumulate);
}

template void gemm(const Matrix<float>&, const Matrix<float>&, float*, bool);
template void gemm(const Matrix<double>&, const Matrix<double>&, double*, bool);

}    // namespace xtape::detail
