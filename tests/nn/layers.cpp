// Every layer: its gradients by inputs and parameters, in training and evaluation, and its values against loops.
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/activation.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/embedding.hpp>
#include <xtape/nn/flatten.hpp>
#include <xtape/nn/functional_call.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/nn/weight_norm.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <memory>

#include "close.hpp"

using namespace xtape;
using D = double;

namespace {

// Both modes, to second order, with the same random numbers in every call.
void check_gradients(nn::Module<D>& layer, const Array<D>& input) {
    for (bool training : {true, false}) {
        BOOST_TEST_CONTEXT(layer.describe() << (training ? " in training" : " in evaluation")) {
            layer.train(training);
            Variables<D> inputs{Variable<D>(input, requires_grad)};
            for (const auto& [name, parameter] : layer.named_parameters())
                inputs.push_back(Variable<D>(parameter.value(), requires_grad));
            BOOST_TEST(gradcheck(
                [&](const Variables<D>& in) {
                    seed(3);
                    return nn::functional_call(layer, Variables<D>(in.begin() + 1, in.end()), in[0]);
                },
                inputs, {.order = 2}));
        }
    }
}

Array<D> affine(const Array<D>& x, const Array<D>& w, const Array<D>& b) {
    Array<D> y = empty_array<D>({x.shape()[0], w.shape()[0]});
    for (std::size_t n = 0; n < y.shape()[0]; ++n)
        for (std::size_t o = 0; o < y.shape()[1]; ++o) {
            y(n, o) = b(o);
            for (std::size_t i = 0; i < x.shape()[1]; ++i) y(n, o) += x(n, i) * w(o, i);
        }
    return y;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(layers)

BOOST_AUTO_TEST_CASE(linear_is_an_affine_map) {
    nn::Linear<D> layer(3, 2);
    Array<D> x = numbers({4, 3});
    check_close(layer(Variable<D>(x)).value(), affine(x, layer.weight.value(), layer.bias.value()), 1e-14);
    check_gradients(layer, x);
    nn::Linear<D> plain(3, 2, {.bias = false});
    BOOST_TEST(plain.parameters().size() == 1);
    check_gradients(plain, numbers({2, 2, 3}));
    BOOST_TEST(to_string(plain(Variable<D>(numbers({0, 3}))).shape()) == "(0, 2)");
}

BOOST_AUTO_TEST_CASE(linear_begins_within_one_over_root_fan_in) {
    nn::Linear<D> layer(100, 300);
    for (const auto* values : {&layer.weight.value(), &layer.bias.value()}) {
        D largest = 0;
        for (D w : values->storage()) largest = std::max(largest, std::abs(w));
        BOOST_TEST(largest <= 0.1);
        BOOST_TEST(largest > 0.095);
    }
}

BOOST_AUTO_TEST_CASE(dropconnect_drops_weights_in_training_only) {
    nn::DropConnect<D> layer(3, 2, 0.4, {.drop_bias = true});
    check_gradients(layer, numbers({4, 3}));
    layer.eval();
    Array<D> x = numbers({4, 3});
    check_close(layer(Variable<D>(x)).value(), affine(x, layer.weight.value(), layer.bias.value()), 1e-14);
    BOOST_CHECK_THROW(nn::DropConnect<D>(3, 2, 1.0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(maxout_takes_the_largest_of_its_pieces) {
    nn::Maxout<D> layer(3, 2, 4);
    Array<D> x = numbers({5, 3}), all = affine(x, layer.linear.weight.value(), layer.linear.bias.value());
    Array<D> wanted(Shape{5, 2}, -1e9);
    for (std::size_t n = 0; n < 5; ++n)
        for (std::size_t o = 0; o < 8; ++o) wanted(n, o / 4) = std::max(wanted(n, o / 4), all(n, o));
    check_close(layer(Variable<D>(x)).value(), wanted, 1e-14);
    check_gradients(layer, x);
}

BOOST_AUTO_TEST_CASE(dropout_layers_are_the_identity_in_evaluation) {
    nn::Dropout<D> dropout(0.5);
    nn::Dropout<D> plain(0.25, {.inverted = false});
    nn::FeatureDropout<D> feature(0.5);
    nn::AlphaDropout<D> alpha(0.5);
    Array<D> x = numbers({2, 3, 2});
    for (nn::Module<D>* layer : {static_cast<nn::Module<D>*>(&dropout), static_cast<nn::Module<D>*>(&plain),
                                 static_cast<nn::Module<D>*>(&feature), static_cast<nn::Module<D>*>(&alpha)}) {
        check_gradients(*layer, x);
        check_close((*layer)(Variable<D>(x)).value(), layer == &plain ? Array<D>(0.75 * x) : x, 1e-15);
    }
    BOOST_CHECK_THROW(nn::Dropout<D>(1.5), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(batch_norm_has_right_gradients) {
    nn::BatchNorm<D> layer(2);
    layer.weight.set_value(Array<D>{1.5, -0.5});
    layer.running_mean.set_value(Array<D>{0.2, -0.1});
    layer.running_var.set_value(Array<D>{0.7, 1.5});
    check_gradients(layer, numbers({4, 2}));
    check_gradients(layer, numbers({2, 2, 2, 2}));
    nn::BatchNorm<D> plain(2, {.affine = false, .track_running_stats = false});
    BOOST_TEST(plain.parameters().size() == 0);
    BOOST_TEST(plain.state().size() == 0);
    check_gradients(plain, numbers({4, 2}));
}

BOOST_AUTO_TEST_CASE(layer_norm_and_rms_norm_have_right_gradients) {
    nn::LayerNorm<D> layer(3);
    layer.weight.set_value(Array<D>{1.5, -0.5, 0.25});
    check_gradients(layer, numbers({4, 3}));
    nn::LayerNorm<D> two(nullptr, "", {2, 3}, {.bias = false});
    BOOST_TEST(two.parameters().size() == 1);
    check_gradients(two, numbers({2, 2, 3}));
    nn::RMSNorm<D> rms(3);
    check_gradients(rms, numbers({4, 3}));
    BOOST_CHECK_THROW(layer(Variable<D>(numbers({4, 2}))), ShapeError);
    BOOST_CHECK_THROW(rms(Variable<D>(numbers({4, 2}))), ShapeError);
}

BOOST_AUTO_TEST_CASE(weight_norm_splits_length_from_direction) {
    auto inner = std::make_unique<nn::Linear<D>>(3, 2);
    auto& linear = *inner;
    Array<D> before = linear.weight.value(), x = numbers({4, 3});
    nn::WeightNorm<D> layer(std::move(inner));
    BOOST_TEST(layer.parameters().size() == 3);
    BOOST_TEST(layer.parameters()[0].name == "weight_g");
    check_close(layer(Variable<D>(x)).value(), affine(x, before, linear.bias.value()), 1e-14);
    check_gradients(layer, x);
    layer.weight_g.update([](Array<D>& g) { g *= 2.0; });
    layer.weight_v.update([](Array<D>& v) { v *= 5.0; });
    check_close(layer(Variable<D>(x)).value(), affine(x, Array<D>(2.0 * before), linear.bias.value()), 1e-14);
    BOOST_CHECK_THROW(nn::WeightNorm<D>(std::make_unique<nn::Dropout<D>>()), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(embedding_looks_rows_up) {
    nn::Embedding<D> layer(4, 3, {.padding_index = 1});
    Indices words{{0, 1}, {3, 0}};
    Variable<D> y = layer(words);
    BOOST_TEST(to_string(y.shape()) == "(2, 2, 3)");
    for (std::size_t i = 0; i < 3; ++i) {
        BOOST_TEST(y.value()(1, 0, i) == layer.weight.value()(3, i));
        BOOST_TEST(y.value()(0, 1, i) == 0);
    }
    backward(sum(y));
    const D wanted[] = {2, 0, 0, 1};
    for (std::size_t r = 0; r < 4; ++r) BOOST_TEST(layer.weight.grad()(r, 0) == wanted[r]);
    BOOST_CHECK_THROW(layer(Indices{4}), std::out_of_range);
    BOOST_CHECK_THROW(nn::Embedding<D>(4, 3, {.padding_index = 4}), std::invalid_argument);
    nn::Embedding<D> plain(4, 3);
    BOOST_TEST(gradcheck(
        [&](const Variables<D>& in) {
            return nn::functional_call(plain, in, std::function<Variable<D>()>([&] { return tanh(plain(words)); }));
        },
        {Variable<D>(plain.weight.value(), requires_grad)}, {.order = 2}));
}

BOOST_AUTO_TEST_CASE(activations_call_their_operation) {
    nn::Sequential<D> all;
    all.add<nn::ReLU>();
    all.add<nn::ReLU6>();
    all.add<nn::SELU>();
    all.add<nn::Hardsigmoid>();
    all.add<nn::Hardswish>();
    all.add<nn::Sigmoid>();
    all.add<nn::LogSigmoid>();
    all.add<nn::SiLU>();
    all.add<nn::Mish>();
    all.add<nn::Softsign>();
    all.add<nn::Tanh>();
    all.add<nn::LeakyReLU>(0.2);
    all.add<nn::ELU>();
    all.add<nn::CELU>(2.0);
    all.add<nn::Hardtanh>();
    all.add<nn::Softplus>();
    all.add<nn::GELU>();
    all.add<nn::Softmax>(1);
    all.add<nn::LogSoftmax>(-1);
    all.add<nn::PReLU>(3);
    all.add<nn::Flatten>();
    all.add<nn::Identity>();
    Array<D> x = numbers({2, 3});
    for (std::size_t i = 0; i < all.size(); ++i) check_gradients(all[i], x);
    // At 0.5 and -0.5, worked out by hand.
    Variable<D> points(Array<D>{{0.5, -0.5}});
    auto value = [&](std::size_t i, std::size_t at) { return all[i](points).value()(0, at); };
    BOOST_TEST(value(0, 1) == 0);
    BOOST_TEST(std::abs(value(10, 0) - std::tanh(0.5)) < 1e-15);
    BOOST_TEST(std::abs(value(11, 1) + 0.1) < 1e-15);
    BOOST_TEST(std::abs(value(13, 1) - 2 * std::expm1(-0.25)) < 1e-15);
    BOOST_TEST(std::abs(value(17, 0) - 1 / (1 + std::exp(-1.0))) < 1e-15);
}

BOOST_AUTO_TEST_SUITE_END()
