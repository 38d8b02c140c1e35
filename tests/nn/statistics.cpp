// What is random or keeps running averages. Each statistical bound is five standard errors of what it bounds: a right
// program fails less than once in a million seeds, and the seed is fixed.
#include <xtape/core/backward.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/nn/activation.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/init.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/dropout.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

#include "close.hpp"

using namespace xtape;
using D = double;

namespace {

struct Sample {
    D mean = 0, variance = 0, fourth = 0;
    std::size_t count;
    explicit Sample(const Array<D>& x) : count(x.size()) {
        auto n = static_cast<D>(count);
        for (D e : x.storage()) mean += e / n;
        for (D e : x.storage()) variance += std::pow(e - mean, 2) / n;
        for (D e : x.storage()) fourth += std::pow(e - mean, 4) / n;
    }
    D mean_error() const { return std::sqrt(variance / static_cast<D>(count)); }
    D variance_error() const { return std::sqrt((fourth - variance * variance) / static_cast<D>(count)); }
};

void check_moments(const Array<D>& x, D mean, D variance) {
    Sample sample(x);
    BOOST_TEST(std::abs(sample.mean - mean) < 5 * sample.mean_error(), "mean " << sample.mean << ", wanted " << mean);
    BOOST_TEST(std::abs(sample.variance - variance) < 5 * sample.variance_error(),
               "variance " << sample.variance << ", wanted " << variance);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(statistics)

BOOST_AUTO_TEST_CASE(dropout_keeps_the_mean_and_has_the_variance_of_its_mask) {
    seed(11);
    Variable<D> ones(Array<D>(Shape{400, 250}, 1.0));
    for (D p : {0.1, 0.5, 0.8}) {
        nn::Dropout<D> layer(p);
        Array<D> y = layer(ones).value();
        check_moments(y, 1, p / (1 - p));
        for (D e : y.storage()) BOOST_TEST_REQUIRE((e == 0 || std::abs(e - 1 / (1 - p)) < 1e-15));
        nn::Dropout<D> plain(p, {.inverted = false});
        check_moments(plain(ones).value(), 1 - p, p * (1 - p));
    }
}

BOOST_AUTO_TEST_CASE(dropout_masks_are_fresh_and_neighbours_independent) {
    seed(12);
    nn::Dropout<D> layer(0.5);
    Variable<D> ones(Array<D>(Shape{100000}, 1.0));
    Array<D> a = layer(ones).value(), b = layer(ones).value();
    D between = 0, along = 0;
    for (std::size_t i = 0; i + 1 < a.size(); ++i) {
        between += (a.storage()[i] - 1) * (b.storage()[i] - 1) / 1e5;
        along += (a.storage()[i] - 1) * (a.storage()[i + 1] - 1) / 1e5;
    }
    BOOST_TEST(std::abs(between) < 5 / std::sqrt(1e5));
    BOOST_TEST(std::abs(along) < 5 / std::sqrt(1e5));
}

BOOST_AUTO_TEST_CASE(dropout_gradients_use_the_mask_of_the_forward) {
    seed(13);
    for (std::size_t size : {5UL, 64UL, 1000UL}) {
        Variable<D> x(Array<D>(Shape{size}, 2.0), requires_grad);
        Variable<D> y = dropout(x, 0.3);
        backward(sum(y));
        check_close(Array<D>(2 * x.grad()), y.value(), 1e-15);
        x.zero_grad();
        Variable<D> z = dropout(x, 0.3);
        backward(sum(tanh(z)));
        for (std::size_t i = 0; i < size; ++i) BOOST_TEST((z.value()(i) == 0) == (x.grad()(i) == 0));
    }
}

BOOST_AUTO_TEST_CASE(dropout_does_not_depend_on_the_number_of_threads) {
    int threads = get_num_threads();
    Array<float> results[2];
    for (int i = 0; i < 2; ++i) {
        set_num_threads(i + 1);
        Stream stream(7);
        results[i] = dropout(Variable<float>(Array<float>(Shape{1000003}, 1.0F)), 0.5, stream).value();
    }
    set_num_threads(threads);
    BOOST_TEST((results[0].storage() == results[1].storage()));
}

BOOST_AUTO_TEST_CASE(feature_dropout_drops_whole_features) {
    seed(14);
    nn::FeatureDropout<D> layer(0.25);
    Array<D> y = layer(Variable<D>(Array<D>(Shape{100, 200, 3}, 1.0))).value();
    Array<D> features(Shape{100, 200});
    for (std::size_t n = 0; n < 100; ++n)
        for (std::size_t c = 0; c < 200; ++c) {
            features(n, c) = y(n, c, 0);
            BOOST_TEST_REQUIRE((y(n, c, 1) == y(n, c, 0) && y(n, c, 2) == y(n, c, 0)));
        }
    check_moments(features, 1, 1.0 / 3);
}

BOOST_AUTO_TEST_CASE(alpha_dropout_keeps_mean_and_variance_of_normal_values) {
    seed(15);
    nn::AlphaDropout<D> layer(0.2);
    check_moments(layer(Variable<D>(default_generator().general().normal<D>({100000}))).value(), 0, 1);
}

BOOST_AUTO_TEST_CASE(dropconnect_has_the_mean_of_its_evaluation) {
    seed(16);
    nn::DropConnect<D> layer(3, 1, 0.3, {.drop_bias = true});
    Variable<D> x(numbers({1, 3}));
    Array<D> draws(Shape{20000});
    for (D& draw : draws.storage()) draw = layer(x).item();
    layer.eval();
    D variance = std::pow(layer.bias.value()(0), 2);
    for (std::size_t i = 0; i < 3; ++i) variance += std::pow(layer.weight.value()(0, i) * x.value()(0, i), 2);
    check_moments(draws, layer(x).item(), variance * 0.3 / 0.7);
}

BOOST_AUTO_TEST_CASE(dropconnect_by_moment_matching_averages_the_activation) {
    seed(17);
    auto activation = [](const Variable<D>& y) { return y * y; };
    nn::DropConnect<D> layer(3, 1, 0.3, {.activation = activation, .gaussian_samples = 20000});
    layer.eval();
    Variable<D> x(numbers({1, 3}));
    D mean = layer.bias.value()(0), variance = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        D part = layer.weight.value()(0, i) * x.value()(0, i);
        mean += part;
        variance += part * part * 0.3 / 0.7;
    }
    // E[u^2] = m^2 + v, with the variance 2 v^2 + 4 m^2 v.
    D error = std::sqrt((2 * variance * variance + 4 * mean * mean * variance) / 20000);
    BOOST_TEST(std::abs(layer(x).item() - (mean * mean + variance)) < 5 * error);
}

BOOST_AUTO_TEST_CASE(batch_norm_in_training_uses_the_batch_and_moves_the_running_statistics) {
    nn::BatchNorm<D> layer(2);
    Array<D> x = numbers({4, 2, 3});
    D mean[2] = {}, variance[2] = {};
    for (std::size_t c = 0; c < 2; ++c) {
        for (std::size_t n = 0; n < 4; ++n)
            for (std::size_t s = 0; s < 3; ++s) mean[c] += x(n, c, s) / 12;
        for (std::size_t n = 0; n < 4; ++n)
            for (std::size_t s = 0; s < 3; ++s) variance[c] += std::pow(x(n, c, s) - mean[c], 2) / 12;
    }
    Array<D> y = layer(Variable<D>(x)).value(), wanted = x;
    for (std::size_t n = 0; n < 4; ++n)
        for (std::size_t c = 0; c < 2; ++c)
            for (std::size_t s = 0; s < 3; ++s)
                wanted(n, c, s) = (x(n, c, s) - mean[c]) / std::sqrt(variance[c] + 1e-5);
    check_close(y, wanted, 1e-13);
    for (std::size_t c = 0; c < 2; ++c) {
        BOOST_TEST(std::abs(layer.running_mean.value()(c) - 0.1 * mean[c]) < 1e-14);
        BOOST_TEST(std::abs(layer.running_var.value()(c) - (0.9 + 0.1 * variance[c] * 12 / 11)) < 1e-14);
    }
    BOOST_TEST(layer.num_batches_tracked.value() == 1);
}

BOOST_AUTO_TEST_CASE(batch_norm_in_eval_uses_running_statistics) {
    nn::BatchNorm<D> layer(2);
    layer.running_mean.set_value(Array<D>{0.5, -1.0});
    layer.running_var.set_value(Array<D>{4.0, 0.25});
    layer.weight.set_value(Array<D>{2.0, 3.0});
    layer.bias.set_value(Array<D>{1.0, -1.0});
    layer.eval();
    Array<D> y = layer(Variable<D>(Array<D>{{1.0, 2.0}})).value();
    BOOST_TEST(std::abs(y(0, 0) - (0.5 / std::sqrt(4 + 1e-5) * 2 + 1)) < 1e-14);
    BOOST_TEST(std::abs(y(0, 1) - (3 / std::sqrt(0.25 + 1e-5) * 3 - 1)) < 1e-14);
    BOOST_TEST(layer.num_batches_tracked.value() == 0);
    BOOST_TEST(layer.running_mean.value()(0) == 0.5);
}

BOOST_AUTO_TEST_CASE(batch_norm_without_momentum_averages_all_batches) {
    nn::BatchNorm<D> layer(1, {.momentum = std::nullopt});
    for (D shift : {0.0, 3.0, 6.0}) {
        Array<D> x{shift - 1, shift + 1};
        layer(Variable<D>(share(x, Shape{2, 1})));
    }
    BOOST_TEST(std::abs(layer.running_mean.value()(0) - 3) < 1e-14);
    BOOST_TEST(std::abs(layer.running_var.value()(0) - 2) < 1e-14);
    BOOST_CHECK_THROW(layer(Variable<D>(Array<D>(Shape{1, 1}, 1.0))), ShapeError);
    BOOST_CHECK_THROW(nn::BatchNorm<D>(1, {.momentum = 2.0}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(batch_norm_survives_a_large_mean) {
    Array<float> x = empty_array<float>({512, 3});
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = 4096.0F + static_cast<float>(i % 7);
    nn::BatchNorm<float> layer(3);
    Array<float> y = layer(Variable<float>(x)).value();
    Array<D> wide = xt::cast<D>(y);
    Sample sample(wide);
    BOOST_TEST(std::abs(sample.mean) < 1e-4);
    BOOST_TEST(std::abs(sample.variance - 1) < 1e-4);
}

BOOST_AUTO_TEST_CASE(initialisers_have_the_moments_of_their_formulas) {
    seed(18);
    Variable<D> w(Array<D>(Shape{300, 200}), requires_grad);
    nn::init::xavier_uniform(w, 2.0);
    check_moments(w.value(), 0, 4 * 2.0 / 500);
    nn::init::xavier_normal(w);
    check_moments(w.value(), 0, 2.0 / 500);
    nn::init::kaiming_uniform(w, {.nonlinearity = nn::init::Nonlinearity::relu});
    check_moments(w.value(), 0, 2.0 / 200);
    nn::init::kaiming_normal(w, {.slope = 1, .fan = nn::init::Fan::out});
    check_moments(w.value(), 0, 1.0 / 300);
    nn::init::small_random(w);
    check_moments(w.value(), 0, 1e-4);
    nn::init::inverse_sqrt_fan_in(w);
    check_moments(w.value(), 0, 1.0 / 200);
    nn::init::uniform(w, -1, 3);
    check_moments(w.value(), 1, 16.0 / 12);
    nn::init::normal(w, 2, 3);
    check_moments(w.value(), 2, 9);
    nn::init::constant(w, 0.5);
    BOOST_TEST(w.value()(7, 7) == 0.5);
    // N(0, 1) within -2 and 2 has the variance 1 - 4 pdf(2) / (1 - 2 cdf(-2)).
    nn::init::truncated_normal(w);
    check_moments(w.value(), 0, 0.7737413035760848);
    for (D e : w.value().storage()) BOOST_TEST_REQUIRE(std::abs(e) <= 2);
    nn::init::truncated_normal(w, {.low = 10, .high = 11});
    for (D e : w.value().storage()) BOOST_TEST_REQUIRE((e >= 10 && e <= 11));
    BOOST_CHECK_THROW(nn::init::truncated_normal(w, {.low = 1, .high = 1}), std::invalid_argument);
    Variable<D> b(Array<D>(Shape{3}), requires_grad);
    BOOST_CHECK_THROW(nn::init::xavier_normal(b), ShapeError);
    BOOST_CHECK_THROW(nn::init::eye(b), ShapeError);
}

BOOST_AUTO_TEST_CASE(fans_of_weights_with_places_count_them) {
    seed(19);
    Variable<D> w(Array<D>(Shape{64, 32, 3, 3}), requires_grad);
    nn::init::kaiming_normal(w, {.nonlinearity = nn::init::Nonlinearity::linear});
    check_moments(w.value(), 0, 1.0 / (32 * 9));
}

BOOST_AUTO_TEST_CASE(orthogonal_eye_and_sparse_have_their_structure) {
    seed(20);
    for (Shape shape : {Shape{4, 7}, Shape{7, 4}, Shape{3, 2, 2}}) {
        Variable<D> w(Array<D>(shape), requires_grad);
        nn::init::orthogonal(w, 2.0);
        std::size_t rows = shape[0], columns = w.size() / rows;
        auto at = [&](std::size_t r, std::size_t c) { return w.value().storage()[r * columns + c]; };
        for (std::size_t i = 0; i < std::min(rows, columns); ++i)
            for (std::size_t j = 0; j < std::min(rows, columns); ++j) {
                D dot = 0;
                for (std::size_t k = 0; k < std::max(rows, columns); ++k)
                    dot += rows <= columns ? at(i, k) * at(j, k) : at(k, i) * at(k, j);
                BOOST_TEST(std::abs(dot - (i == j ? 4 : 0)) < 1e-13);
            }
    }
    Variable<D> w(Array<D>(Shape{10, 4}), requires_grad);
    nn::init::sparse(w, 0.25);
    for (std::size_t c = 0; c < 4; ++c) {
        int zeros = 0;
        for (std::size_t r = 0; r < 10; ++r) zeros += w.value()(r, c) == 0 ? 1 : 0;
        BOOST_TEST(zeros == 3);
    }
    nn::init::eye(w);
    BOOST_TEST((w.value()(3, 3) == 1 && w.value()(4, 3) == 0));
}

BOOST_AUTO_TEST_CASE(lsuv_gives_every_layer_unit_variance) {
    seed(21);
    nn::Sequential<D> net;
    for (int i = 0; i < 4; ++i) {
        net.add<nn::Linear>(32, 32);
        net.add<nn::Tanh>();
    }
    Variable<D> x(default_generator().general().normal<D>({256, 32}, 0, 3));
    BOOST_TEST(nn::init::lsuv(net, x) == 4);
    Variable<D> y = x;
    for (std::size_t i = 0; i < net.size(); ++i) {
        y = net[i](y);
        if (i % 2 == 0) BOOST_TEST(std::abs(Sample(y.value()).variance - 1) < 0.1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
