// Recurrent layers and attention (layer/...), forward and backward from a dense seed, and a transformer's block.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

namespace {

Variable<float> random_leaf(const Shape& shape) {
    return Variable<float>(default_generator().general().normal<float>(shape), requires_grad);
}

template <class Layer>
void run_recurrent(const char* name) {
    if (!bench::wanted(name)) return;
    Layer layer(64, 128);
    auto x = random_leaf({32, 50, 64});
    const Array<float> seed = default_generator().general().normal<float>({32, 50, 128});
    bench::run(name, [&] {
        x.zero_grad();
        layer.zero_grad();
        backward(layer(x).outputs, seed);
    });
}

void run_attention() {
    const char* name = "layer/sdpa_causal_4x8x1024x64";
    if (!bench::wanted(name)) return;
    const Shape shape{4, 8, 1024, 64};
    auto q = random_leaf(shape), k = random_leaf(shape), v = random_leaf(shape);
    const Array<float> seed = default_generator().general().normal<float>(shape);
    bench::run(
        name,
        [&] {
            for (auto* x : {&q, &k, &v}) x->zero_grad();
            backward(scaled_dot_product_attention(q, k, v, {.causal = true}), seed);
        },
        2);
}

// Batch 8, sequence 64, width 128, 4 heads.
struct Block : nn::Module<float> {
    nn::LayerNorm<float> norm1{this, "norm1", 128}, norm2{this, "norm2", 128};
    nn::Linear<float> in{this, "in", 128, 384}, out{this, "out", 128, 128};
    nn::Linear<float> up{this, "up", 128, 512}, down{this, "down", 512, 128};
    Variable<float> forward(const Variable<float>& x) override {
        auto heads = permute(reshape(in(norm1(x)), {8, 64, 3, 4, 32}), {2, 0, 3, 1, 4});
        auto mixed = scaled_dot_product_attention(pick(heads, 0), pick(heads, 1), pick(heads, 2));
        auto y = out(reshape(swap_axes(mixed, 1, 2), {8, 64, 128})) + x;
        return y + down(gelu(up(norm2(y))));
    }
};

void run_block() {
    const char* name = "attention_block_8x64x128";
    if (!bench::wanted(name)) return;
    Block block;
    auto x = random_leaf({8, 64, 128});
    const Array<float> seed = default_generator().general().normal<float>({8, 64, 128});
    bench::run(name, [&] {
        x.zero_grad();
        block.zero_grad();
        backward(block(x), seed);
    });
}

}    // namespace

void bench::sequences() {
    run_recurrent<nn::LSTM<float>>("layer/lstm_50x32x64_128");
    run_recurrent<nn::GRU<float>>("layer/gru_50x32x64_128");
    run_attention();
    run_block();
}
