// What recording and sweeping cost.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

void bench::tape() {
    auto& random = default_generator().general();
    Variable<float> x(random.normal<float>({8}), requires_grad), c(random.normal<float>({8}));
    run("op_overhead_1000adds", [&] {
        auto y = x;
        for (int i = 0; i < 1000; ++i) y = y + c;
        backward(sum(y));
        x.zero_grad();
    });
    run("op_overhead_1000mul_both", [&] {
        auto y = x;
        for (int i = 0; i < 1000; ++i) y = y * x;
        backward(sum(y));
        x.zero_grad();
    });
    Variable<float> wx(random.normal<float>({32, 64}), requires_grad);
    Variable<float> wh(random.normal<float>({64, 64}, 0, 0.1), requires_grad);
    Variable<float> b(xt::zeros<float>({64}), requires_grad);
    Variables<float> inputs;
    for (int t = 0; t < 100; ++t) inputs.push_back(Variable<float>(random.normal<float>({16, 32})));
    run("rnn_loop_100x16x64_fwdbwd", [&] {
        wx.zero_grad();
        wh.zero_grad();
        b.zero_grad();
        Variable<float> h(xt::zeros<float>({16, 64}));
        for (const auto& x_t : inputs) h = tanh(matmul(x_t, wx) + matmul(h, wh) + b);
        backward(mean(square(h)));
    });
}
