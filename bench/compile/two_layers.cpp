// A file of the smallest useful kind: a two-layer model trained with Adam.
#include <xtape/xtape.hpp>

#include <cstdio>

using namespace xtape;

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 2, 32};
    nn::Linear<float> fc2{this, "fc2", 32, 1};
    Variable<float> forward(const Variable<float>& x) override { return fc2(tanh(fc1(x))); }
};

int main() {
    seed(1);
    Net net;
    optim::Adam<float> optimizer(net.parameters(), {.lr = 1e-2});
    Variable<float> x(default_generator().general().uniform<float>({256, 2}, -1, 1));
    Variable<float> y = prod(x, 1, {.keep_dims = true});
    for (int step = 0; step < 500; ++step) {
        optimizer.zero_grad();
        auto loss = nn::mse_loss(net(x), y);
        backward(loss);
        optimizer.step();
        if (step % 100 == 0) std::printf("%d %g\n", step, double(loss.item()));
    }
}
