// bench/compile/two_layers.cpp on libtorch.
#include <torch/torch.h>

#include <cstdio>

struct Net : torch::nn::Module {
    torch::nn::Linear fc1{register_module("fc1", torch::nn::Linear(2, 32))};
    torch::nn::Linear fc2{register_module("fc2", torch::nn::Linear(32, 1))};
    torch::Tensor forward(const torch::Tensor& x) { return fc2(torch::tanh(fc1(x))); }
};

int main() {
    torch::manual_seed(1);
    Net net;
    torch::optim::Adam optimizer(net.parameters(), torch::optim::AdamOptions(1e-2));
    auto x = torch::rand({256, 2}) * 2 - 1;
    auto y = x.prod(1, true);
    for (int step = 0; step < 500; ++step) {
        optimizer.zero_grad();
        auto loss = torch::mse_loss(net.forward(x), y);
        loss.backward();
        optimizer.step();
        if (step % 100 == 0) std::printf("%d %g\n", step, loss.item<double>());
    }
}
