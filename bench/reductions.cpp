// Sums and normalisations over 1024 x 1024 floats, forward and backward.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

void bench::reductions() {
    auto& random = default_generator().general();
    Variable<float> x(random.normal<float>({1024, 1024}), requires_grad);
    run("sum_axis0_1Mi_fwdbwd", [&] {
        x.zero_grad();
        backward(sum(sum(x, 0)));
    });
    Indices targets = empty_array<std::int64_t>({1024});
    for (auto& target : targets.storage()) target = random.integer(1024);
    run("softmax_ce_1024x1024_fwdbwd", [&] {
        x.zero_grad();
        backward(nn::cross_entropy(x, targets));
    });
    run("dropout_1Mi_fwdbwd", [&] {
        static nn::Dropout<float> dropout(0.5);
        x.zero_grad();
        backward(sum(dropout(x)));
    });
    auto layer = [&](const char* name, nn::Module<float>& norm, Variable<float>& input) {
        run(name, [&] {
            input.zero_grad();
            norm.zero_grad();
            backward(sum(norm(input)));
        });
    };
    nn::BatchNorm<float> batch_norm(1024);
    layer("batchnorm1d_1024x1024_fwdbwd", batch_norm, x);
    nn::LayerNorm<float> layer_norm(Shape{1024});
    layer("layernorm_1024x1024_fwdbwd", layer_norm, x);
    nn::BatchNorm<float> image_norm(32);
    Variable<float> images(random.normal<float>({64, 32, 28, 28}), requires_grad);
    layer("batchnorm2d_64x32x28x28_fwdbwd", image_norm, images);
}
