// Pointwise operations on 1024 x 1024 floats, forward and backward.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

void bench::elementwise() {
    auto& random = default_generator().general();
    Variable<float> x(random.normal<float>({1024, 1024}), requires_grad);
    Variable<float> bias(random.normal<float>({1024}), requires_grad);
    auto swept = [&](auto f) {
        return [&x, f] {
            x.zero_grad();
            backward(sum(f(x)));
        };
    };
    auto gelu_by_hand = [](auto v) { return v * 0.5 * (1 + tanh((v + v * v * v * 0.044715) * 0.7978845608)); };
    run("ew_custom_gelu_1Mi_fwdbwd", swept([=](const auto& v) { return map(gelu_by_hand, v); }));
    run("ew_relu_1Mi_fwdbwd", swept([](const auto& v) { return relu(v); }));
    run("ew_tanh_1Mi_fwdbwd", swept([](const auto& v) { return tanh(v); }));
    run("ew_sigmoid_1Mi_fwdbwd", swept([](const auto& v) { return sigmoid(v); }));
    run("transpose_add_1Mi_fwdbwd", swept([](const auto& v) { return v + transpose(v); }));
    run("bias_broadcast_1Mi_fwdbwd", [&] {
        x.zero_grad();
        bias.zero_grad();
        backward(sum(x + bias));
    });
    NoGrad guard;
    run("copy_1Mi", [&] { Array<float> y = x.value(); });
}
