// Matrix products of 1024 x 1024 floats.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

void bench::products() {
    auto& random = default_generator().general();
    Variable<float> x(random.normal<float>({1024, 1024}), requires_grad);
    Variable<float> w(random.normal<float>({1024, 1024}), requires_grad);
    run("matmul_1024_fwdbwd", [&] {
        x.zero_grad();
        w.zero_grad();
        backward(sum(matmul(x, w)));
    });
    NoGrad guard;
    run("gemm_1024_fwd", [&] { matmul(x, w); });
}
