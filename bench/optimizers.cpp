// One step over ten million parameters.
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

void bench::optimizers() {
    auto& random = default_generator().general();
    Variable<float> p(random.normal<float>({10'000'000}), requires_grad);
    p.set_grad(random.normal<float>({10'000'000}));
    optim::Adam<float> adam(Variables<float>{p}, {.lr = 1e-3});
    run("adam_step_10M", [&] { adam.step(); });
    optim::SGD<float> sgd(Variables<float>{p}, {.lr = 1e-3, .momentum = 0.9, .weight_decay = 1e-4, .nesterov = true});
    run("sgd_nesterov_wd_step_10M", [&] { sgd.step(); });
    optim::RMSprop<float> rmsprop(Variables<float>{p}, {.lr = 1e-3});
    run("rmsprop_step_10M", [&] { rmsprop.step(); });
}
