// The functions that searches are tried on, for the tests and for the comparison with Optuna.
#pragma once

#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/activation.hpp>
#include <xtape/nn/classification_loss.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/digits.hpp>
#include <xtape/train/search/search.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace functions {

using xtape::train::Space;
using xtape::train::Trial;

inline std::string x(std::size_t i) { return "x" + std::to_string(i); }

inline Space cube(std::size_t dimension, double low, double high) {
    Space space;
    for (std::size_t i = 0; i < dimension; ++i) space.uniform(x(i), low, high);
    return space;
}

inline double branin(Trial& trial) {
    const double a = trial.number("x0"), b = trial.number("x1"), pi = std::acos(-1.0);
    const double c = b - 5.1 / (4 * pi * pi) * a * a + 5 / pi * a - 6;
    return c * c + 10 * (1 - 1 / (8 * pi)) * std::cos(a) + 10;
}

inline double hartmann6(Trial& trial) {
    constexpr double scale[4][6] = {
        {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
    constexpr double centre[4][6] = {{.1312, .1696, .5569, .0124, .8283, .5886},
                                     {.2329, .4135, .8307, .3736, .1004, .9991},
                                     {.2348, .1451, .3522, .2883, .3047, .6650},
                                     {.4047, .8828, .8732, .5743, .1091, .0381}};
    constexpr double height[4] = {1, 1.2, 3, 3.2};
    double sum = 0;
    for (std::size_t k = 0; k < 4; ++k) {
        double exponent = 0;
        for (std::size_t i = 0; i < 6; ++i) {
            const double d = trial.number(x(i)) - centre[k][i];
            exponent += scale[k][i] * d * d;
        }
        sum -= height[k] * std::exp(-exponent);
    }
    return sum;
}

inline double rosenbrock4(Trial& trial) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const double a = trial.number(x(i)), b = trial.number(x(i + 1)) - a * a;
        sum += 100 * b * b + (1 - a) * (1 - a);
    }
    return sum;
}

inline Space mixed_space() {
    Space space;
    space.log_uniform("lr", 1e-6, 1).log_integer("hidden", 4, 1024).choice("optimizer", {"sgd", "adam"});
    space.when("optimizer", "sgd", Space().uniform("momentum", 0, 0.99));
    space.choice("activation", {"relu", "tanh", "sigmoid"}).uniform("dropout", 0, 0.9);
    return space;
}

inline double mixed(Trial& trial) {
    const double rate = std::log10(trial.number("lr")) + 3;
    const double width = (std::log2(double(trial.integer("hidden"))) - 6) / 2, drop = trial.number("dropout") - 0.3;
    const double momentum = trial.has("momentum") ? 2 * (trial.number("momentum") - 0.9) : std::sqrt(0.3);
    const double activation = trial.choice("activation") == "relu"   ? 0
                              : trial.choice("activation") == "tanh" ? 0.2
                                                                     : 0.5;
    return rate * rate + width * width + drop * drop + momentum * momentum + activation;
}

inline Space digits_space() {
    Space space;
    space.log_uniform("lr", 1e-4, 10).log_integer("hidden", 4, 64);
    space.uniform("momentum", 0, 0.99).log_uniform("weight_decay", 1e-6, 1);
    return space;
}

// The validation loss of a small network after three epochs on 300 of the library's digits, in 7 x 7 pixels; 10 where
// that is more, or no number.
inline double digits(Trial& trial) {
    using namespace xtape;
    struct Data {
        Array<float> inputs = empty_array<float>({500, 49});
        Indices labels;
        Data() {
            const auto drawn = train::digits<float>({.count = 500, .seed = 9});
            const Array<float> large = drawn.inputs();
            labels = drawn.labels();
            inputs.fill(0);
            for (std::size_t i = 0; i < 500; ++i)
                for (std::size_t p = 0; p < 784; ++p) inputs(i, p / 28 / 4 * 7 + p % 28 / 4) += large(i, p) / 16;
        }
        train::Batch<float> rows(std::size_t begin, std::size_t end) const {
            Array<float> x = empty_array<float>({end - begin, 49});
            Indices y = empty_array<std::int64_t>({end - begin});
            std::copy_n(inputs.storage().data() + begin * 49, x.size(), x.storage().data());
            std::copy_n(labels.storage().data() + begin, y.size(), y.storage().data());
            return {.inputs = Variable<float>(std::move(x)), .labels = std::move(y)};
        }
    };
    static const Data data;
    Generator generator(1);    // the same first weights for all trials
    const GeneratorGuard guard(generator);
    nn::Sequential<float> net;
    net.add<nn::Linear<float>>(49, trial.integer("hidden"));
    net.add<nn::ReLU<float>>();
    net.add<nn::Linear<float>>(trial.integer("hidden"), 10);
    optim::SGD<float> optimizer(
        net.parameters(),
        {.lr = trial.number("lr"), .momentum = trial.number("momentum"), .weight_decay = trial.number("weight_decay")});
    for (int epoch = 0; epoch < 3; ++epoch)
        for (std::size_t begin = 0; begin < 300; begin += 20) {
            const auto batch = data.rows(begin, begin + 20);
            optimizer.zero_grad();
            const auto loss = nn::cross_entropy(net(batch.inputs), batch.labels);
            if (!std::isfinite(loss.item())) return 10;
            backward(loss);
            optimizer.step();
        }
    const NoGrad no_grad;
    const auto batch = data.rows(300, 500);
    const double loss = nn::cross_entropy(net(batch.inputs), batch.labels).item();
    return std::isfinite(loss) ? std::min(loss, 10.0) : 10;
}

struct Function {
    const char* name;
    Space space;
    double (*value)(Trial&);
    double optimum;    // of digits, the best that is known
};

inline std::vector<Function> all() {
    return {{"branin", Space().uniform("x0", -5, 10).uniform("x1", 0, 15), branin, 0.39788736},
            {"hartmann6", cube(6, 0, 1), hartmann6, -3.32236801},
            {"rosenbrock4", cube(4, -2, 2), rosenbrock4, 0},
            {"mixed", mixed_space(), mixed, 0},
            {"digits", digits_space(), digits, 0}};
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return (values[values.size() / 2] + values[(values.size() - 1) / 2]) / 2;
}

}    // namespace functions
