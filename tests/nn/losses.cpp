// Every loss: values against loops over numbers, gradients by everything that is differentiable, and what is refused.
#include <xtape/core/gradcheck.hpp>
#include <xtape/nn/classification_loss.hpp>
#include <xtape/nn/ranking_loss.hpp>
#include <xtape/nn/regression_loss.hpp>
#include <xtape/ops/arithmetic.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "close.hpp"

using namespace xtape;
using D = double;
using nn::Reduction;

namespace {

using Pointwise = std::function<D(D x, D t)>;
using Loss = std::function<Variable<D>(const Variable<D>& x, const Variable<D>& t, Reduction)>;

// Value under all three reductions, and gradients of second order, by x and by the target.
void check_pointwise(const Loss& loss, const Pointwise& wanted, const Array<D>& x, const Array<D>& t) {
    Array<D> each = x;
    D total = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        each.storage()[i] = wanted(x.storage()[i], t.storage()[i]);
        total += each.storage()[i];
    }
    Variable<D> a(x), b(t);
    check_close(loss(a, b, Reduction::none).value(), each, 1e-13);
    BOOST_TEST(std::abs(loss(a, b, Reduction::sum).item() - total) < 1e-12);
    BOOST_TEST(std::abs(loss(a, b, Reduction::mean).item() - total / double(x.size())) < 1e-12);
    for (auto reduction : {Reduction::mean, Reduction::none})
        BOOST_TEST(gradcheck([&](const Variables<D>& in) { return loss(in[0], in[1], reduction); },
                             {Variable<D>(x, requires_grad), Variable<D>(t, requires_grad)}, {.order = 2}));
}

void check_refusals(const Loss& loss) {
    Variable<D> x(numbers({2, 3}));
    BOOST_CHECK_THROW(loss(x, Variable<D>(Array<D>(Shape{2, 1}, 0.5)), Reduction::mean), ShapeError);
    Variable<D> none(Array<D>(Shape{0, 3}));
    BOOST_CHECK_THROW(loss(none, none, Reduction::mean), ShapeError);
    BOOST_TEST(loss(none, none, Reduction::sum).item() == 0);
    Array<D> bad(Shape{2, 3}, 1.0);
    bad(1, 2) = std::numeric_limits<D>::quiet_NaN();
    try {
        loss(x, Variable<D>(bad), Reduction::mean);
        BOOST_ERROR("NaN was not refused");
    } catch (const std::invalid_argument& error) {
        BOOST_TEST((std::string(error.what()).find("(1, 2)") != std::string::npos), error.what());
    }
}

const Array<D> some_x{{0.9, -1.4, 0.3}, {2.2, -0.6, 1.1}};
const Array<D> some_t{{0.25, 0.75, 0.5}, {0.125, 0.875, 0.375}};

D sigmoid_of(D x) { return 1 / (1 + std::exp(-x)); }

std::vector<D> log_softmax_row(const Array<D>& x, std::size_t row) {
    D sum = 0;
    for (std::size_t c = 0; c < x.shape()[1]; ++c) sum += std::exp(x(row, c));
    std::vector<D> result;
    for (std::size_t c = 0; c < x.shape()[1]; ++c) result.push_back(x(row, c) - std::log(sum));
    return result;
}

template <class Error>
bool names(const std::function<void()>& f, const std::string& text) {
    try {
        f();
    } catch (const Error& error) {
        return std::string(error.what()).find(text) != std::string::npos;
    }
    return false;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(losses)

BOOST_AUTO_TEST_CASE(squares_and_absolute_values) {
    Loss mse = [](const auto& x, const auto& t, Reduction r) { return nn::mse_loss(x, t, r); };
    check_pointwise(
        mse, [](D x, D t) { return (x - t) * (x - t); }, some_x, some_t);
    check_refusals(mse);
    Loss l1 = [](const auto& x, const auto& t, Reduction r) { return nn::l1_loss(x, t, r); };
    check_pointwise(
        l1, [](D x, D t) { return std::abs(x - t); }, some_x, some_t);
    check_refusals(l1);
}

BOOST_AUTO_TEST_CASE(huber_and_smooth_l1) {
    Loss huber = [](const auto& x, const auto& t, Reduction r) {
        return nn::huber_loss(x, t, {.delta = 0.8, .reduction = r});
    };
    check_pointwise(
        huber,
        [](D x, D t) {
            D d = std::abs(x - t);
            return d <= 0.8 ? 0.5 * d * d : 0.8 * (d - 0.4);
        },
        some_x, some_t);
    check_refusals(huber);
    Loss smooth = [](const auto& x, const auto& t, Reduction r) {
        return nn::smooth_l1_loss(x, t, {.beta = 0.8, .reduction = r});
    };
    check_pointwise(
        smooth,
        [](D x, D t) {
            D d = std::abs(x - t);
            return d < 0.8 ? 0.5 * d * d / 0.8 : d - 0.4;
        },
        some_x, some_t);
    Variable<D> x(some_x), t(some_t);
    BOOST_TEST(nn::smooth_l1_loss(x, t, {.beta = 0}).item() == nn::l1_loss(x, t).item());
    BOOST_CHECK_THROW(nn::huber_loss(x, t, {.delta = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::smooth_l1_loss(x, t, {.beta = -1}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(likelihoods_of_counts_and_measurements) {
    Array<D> counts{{2.0, 0.5, 3.0}, {1.5, 4.0, 0.25}};
    Loss poisson = [](const auto& x, const auto& t, Reduction r) {
        return nn::poisson_nll_loss(x, t, {.full = true, .reduction = r});
    };
    check_pointwise(
        poisson,
        [](D x, D t) {
            D stirling = t > 1 ? t * std::log(t) - t + 0.5 * std::log(2 * std::numbers::pi * t) : 0;
            return std::exp(x) - t * x + stirling;
        },
        some_x, counts);
    check_refusals(poisson);
    Loss rate = [](const auto& x, const auto& t, Reduction r) {
        return nn::poisson_nll_loss(x, t, {.log_input = false, .reduction = r});
    };
    check_pointwise(
        rate, [](D x, D t) { return x - t * std::log(x + 1e-8); }, some_t, counts);

    Array<D> variance{{0.5, 1.5, 1.0}, {0.25, 2.0, 0.75}};
    Variable<D> v(variance);
    Loss gaussian = [&](const auto& x, const auto& t, Reduction r) {
        return nn::gaussian_nll_loss(x, t, v, {.full = true, .reduction = r});
    };
    std::size_t i = 0;
    check_pointwise(
        gaussian,
        [&](D x, D t) {
            D s = variance.storage()[i++ % 6];
            return 0.5 * (std::log(s) + (x - t) * (x - t) / s + std::log(2 * std::numbers::pi));
        },
        some_x, some_t);
    Variable<D> x(some_x), t(some_t);
    BOOST_TEST(gradcheck([&](const Variables<D>& in) { return nn::gaussian_nll_loss(x, t, in[0]); },
                         {Variable<D>(variance, requires_grad)}, {.order = 2}));
    BOOST_TEST(names<std::invalid_argument>(
        [&] {
            nn::gaussian_nll_loss(x, t, Variable<D>(Array<D>{{1.0, 1.0, -1.0}}));
        },
        "(0, 2)"));
}

BOOST_AUTO_TEST_CASE(kl_divergence) {
    Loss plain = [](const auto& x, const auto& t, Reduction r) { return nn::kl_div_loss(x, t, {.reduction = r}); };
    check_pointwise(
        plain, [](D x, D t) { return t * (std::log(t) - x); }, some_x, some_t);
    check_refusals(plain);
    Loss logarithms = [](const auto& x, const auto& t, Reduction r) {
        return nn::kl_div_loss(x, t, {.log_target = true, .reduction = r});
    };
    check_pointwise(
        logarithms, [](D x, D t) { return std::exp(t) * (t - x); }, some_x, some_t);
    Variable<D> x(some_x), zero(Array<D>(Shape{2, 3}, 0.0));
    BOOST_TEST(nn::kl_div_loss(x, zero).item() == 0);
    BOOST_TEST(std::abs(nn::kl_div_loss(x, Variable<D>(some_t), {.batch_mean = true}).item() -
                        3 * nn::kl_div_loss(x, Variable<D>(some_t)).item()) < 1e-14);
    BOOST_TEST(names<std::invalid_argument>([&] { nn::kl_div_loss(x, Variable<D>(Array<D>(-1 * some_t))); }, "(0, 0)"));
}

BOOST_AUTO_TEST_CASE(binary_cross_entropy_and_focal_loss) {
    Loss binary = [](const auto& x, const auto& t, Reduction r) {
        return nn::binary_cross_entropy_with_logits(x, t, {.pos_weight = 2.5, .reduction = r});
    };
    check_pointwise(
        binary,
        [](D x, D t) {
            D p = sigmoid_of(x);
            return -(2.5 * t * std::log(p) + (1 - t) * std::log(1 - p));
        },
        some_x, some_t);
    check_refusals(binary);
    Loss focal = [](const auto& x, const auto& t, Reduction r) { return nn::focal_loss(x, t, {.reduction = r}); };
    check_pointwise(
        focal,
        [](D x, D t) {
            D p = sigmoid_of(x), right = p * t + (1 - p) * (1 - t);
            D entropy = -(t * std::log(p) + (1 - t) * std::log(1 - p));
            return (0.25 * t + 0.75 * (1 - t)) * std::pow(1 - right, 2) * entropy;
        },
        some_x, some_t);
    Variable<D> extreme(Array<D>{1000.0, -1000.0, 1000.0, -1000.0}), t(Array<D>{1.0, 0.0, 0.0, 1.0});
    check_close(nn::binary_cross_entropy_with_logits(extreme, t, {.reduction = Reduction::none}).value(),
                Array<D>{0.0, 0.0, 1000.0, 1000.0}, 1e-12);
    BOOST_TEST(names<std::invalid_argument>(
        [&] {
            nn::binary_cross_entropy_with_logits(t, Variable<D>(Array<D>{0.0, 1.0, 2.0, 0.0}));
        },
        "(2,)"));
}

BOOST_AUTO_TEST_CASE(cross_entropy_of_labels_with_all_options) {
    Indices labels{2, 0};
    std::vector<D> weight{0.75, 2.0, 1.5};    // those of the labels do not add up to their number
    for (D e : {0.0, 0.3})
        for (bool weighted : {false, true}) {
            nn::CrossEntropyLossOptions options{.label_smoothing = e};
            if (weighted) options.weight = weight;
            D total = 0, weights = 0;
            for (std::size_t n = 0; n < 2; ++n) {
                auto logs = log_softmax_row(some_x, n);
                auto label = std::size_t(labels(n));
                auto w = [&](std::size_t c) { return weighted ? weight[c] : 1.0; };
                total -= (1 - e) * w(label) * logs[label];
                for (std::size_t c = 0; c < 3; ++c) total -= e / 3 * w(c) * logs[c];
                weights += w(label);
            }
            auto loss = [&](const Variables<D>& in) { return nn::cross_entropy(in[0], labels, options); };
            Variables<D> in{Variable<D>(some_x, requires_grad)};
            BOOST_TEST(std::abs(loss(in).item() - total / weights) < 1e-13);
            BOOST_TEST(gradcheck(loss, in, {.order = 2}));
            options.reduction = Reduction::sum;
            BOOST_TEST(std::abs(nn::cross_entropy(in[0], labels, options).item() - total) < 1e-13);
        }
}

BOOST_AUTO_TEST_CASE(cross_entropy_ignores_refuses_and_takes_images) {
    Variable<D> x(some_x);
    D first = -log_softmax_row(some_x, 0)[1];
    BOOST_TEST(std::abs(nn::cross_entropy(x, Indices{1, -100}).item() - first) < 1e-14);
    BOOST_TEST(std::abs(nn::cross_entropy(x, Indices{1, 0}, {.weight = {1, 1, 1}, .ignore_index = 0}).item() - first) <
               1e-14);
    BOOST_CHECK_THROW(nn::cross_entropy(x, Indices{-100, -100}), std::invalid_argument);
    BOOST_TEST(names<std::out_of_range>([&] { nn::cross_entropy(x, Indices{1, 3}); }, "label 3 at index (1,)"));
    BOOST_TEST(names<std::out_of_range>([&] { nn::cross_entropy(x, Indices{-1, 0}); }, "label -1 at index (0,)"));
    BOOST_CHECK_THROW(nn::cross_entropy(x, Indices{1}), ShapeError);
    BOOST_CHECK_THROW(nn::cross_entropy(x, Indices{1, 0}, {.weight = {1, 2}}), std::invalid_argument);
    BOOST_CHECK_THROW(nn::cross_entropy(x, Indices{1, 0}, {.label_smoothing = 2}), std::invalid_argument);
    Variable<D> none(Array<D>(Shape{0, 3}));
    BOOST_TEST(names<ShapeError>([&] { nn::cross_entropy(none, Indices(Shape{0})); }, "empty batch"));
    // (N, C, W): each place has a label of its own.
    Variable<D> image(numbers({2, 3, 2}));
    Indices labels{{2, 0}, {1, 1}};
    D total = 0;
    for (std::size_t n = 0; n < 2; ++n)
        for (std::size_t w = 0; w < 2; ++w) {
            Array<D> row(Shape{1, 3});
            for (std::size_t c = 0; c < 3; ++c) row(0, c) = image.value()(n, c, w);
            total -= log_softmax_row(row, 0)[std::size_t(labels(n, w))] / 4;
        }
    BOOST_TEST(std::abs(nn::cross_entropy(image, labels).item() - total) < 1e-13);
    BOOST_TEST(std::abs(nn::cross_entropy(image, labels, {.weight = {1, 1, 1}}).item() - total) < 1e-13);
    BOOST_TEST(std::abs(nn::cross_entropy(Variable<D>(Array<D>{0.9, -1.4, 0.3}), Indices(std::int64_t{1})).item() -
                        first) < 1e-14);
}

BOOST_AUTO_TEST_CASE(cross_entropy_of_probabilities) {
    nn::CrossEntropyLossOptions options{.weight = {0.5, 2.0, 1.5}, .label_smoothing = 0.2};
    D total = 0;
    for (std::size_t n = 0; n < 2; ++n)
        for (std::size_t c = 0; c < 3; ++c)
            total -= options.weight[c] * (0.8 * some_t(n, c) + 0.2 / 3) * log_softmax_row(some_x, n)[c];
    auto loss = [&](const Variables<D>& in) { return nn::cross_entropy(in[0], in[1], options); };
    Variables<D> in{Variable<D>(some_x, requires_grad), Variable<D>(some_t, requires_grad)};
    BOOST_TEST(std::abs(loss(in).item() - total / 2) < 1e-13);
    BOOST_TEST(gradcheck(loss, in, {.order = 2}));
}

BOOST_AUTO_TEST_CASE(negative_log_likelihood) {
    Indices labels{2, 0};
    auto loss = [&](const Variables<D>& in) { return nn::nll_loss(in[0], labels, {.weight = {0.75, 2.0, 1.5}}); };
    Variables<D> in{Variable<D>(some_x, requires_grad)};
    BOOST_TEST(std::abs(loss(in).item() + (1.5 * some_x(0, 2) + 0.75 * some_x(1, 0)) / 2.25) < 1e-14);
    BOOST_TEST(gradcheck(loss, in, {.order = 1}));
    BOOST_TEST(std::abs(nn::nll_loss(in[0], Indices{-100, 1}).item() - 0.6) < 1e-14);
    BOOST_TEST(names<std::out_of_range>([&] { nn::nll_loss(in[0], Indices{0, 5}); }, "(1,)"));
}

BOOST_AUTO_TEST_CASE(hinges) {
    Indices labels{2, 0};
    for (bool squared : {false, true}) {
        D total = 0;
        for (std::size_t n = 0; n < 2; ++n)
            for (std::size_t c = 0; c < 3; ++c)
                if (auto y = std::size_t(labels(n)); c != y) {
                    D margin = std::max(0.0, some_x(n, c) - some_x(n, y) + 1);
                    total += (squared ? margin * margin : margin) / 2;
                }
        auto loss = [&](const Variables<D>& in) {
            return nn::multiclass_hinge_loss(in[0], labels, {.squared = squared});
        };
        Variables<D> in{Variable<D>(some_x, requires_grad)};
        BOOST_TEST(std::abs(loss(in).item() - total) < 1e-14);
        BOOST_TEST(gradcheck(loss, in, {.order = 2}));
        Array<D> signs{{1.0, -1.0, 1.0}, {-1.0, 1.0, -1.0}};
        Variable<D> t(signs);
        D binary = 0;
        for (std::size_t i = 0; i < 6; ++i) {
            D margin = std::max(0.0, 1 - signs.storage()[i] * some_x.storage()[i]);
            binary += (squared ? margin * margin : margin) / 6;
        }
        auto two = [&](const Variables<D>& v) { return nn::hinge_loss(v[0], t, {.squared = squared}); };
        BOOST_TEST(std::abs(two(in).item() - binary) < 1e-14);
        BOOST_TEST(gradcheck(two, in, {.order = 2}));
    }
    Variable<D> x(some_x);
    BOOST_TEST(names<std::out_of_range>([&] { nn::multiclass_hinge_loss(x, Indices{0, -1}); }, "(1,)"));
    BOOST_TEST(names<std::invalid_argument>([&] { nn::hinge_loss(x, Variable<D>(some_t)); }, "(0, 0)"));
}

BOOST_AUTO_TEST_CASE(rankings) {
    Array<D> a = numbers({3, 2}), b = numbers({3, 2}, 1), c = numbers({3, 2}, 2);
    Variables<D> in{Variable<D>(a, requires_grad), Variable<D>(b, requires_grad), Variable<D>(c, requires_grad)};
    Array<D> signs{{1.0, -1.0}, {-1.0, 1.0}, {1.0, 1.0}}, row_signs{1.0, -1.0, -1.0};
    Variable<D> t(signs), rows(row_signs);
    D ranking = 0, cosine = 0, triplet = 0;
    for (std::size_t i = 0; i < 6; ++i)
        ranking += std::max(0.0, -signs.storage()[i] * (a.storage()[i] - b.storage()[i]) + 0.3) / 6;
    for (std::size_t n = 0; n < 3; ++n) {
        D ab = a(n, 0) * b(n, 0) + a(n, 1) * b(n, 1);
        D cos = ab / std::sqrt((a(n, 0) * a(n, 0) + a(n, 1) * a(n, 1)) * (b(n, 0) * b(n, 0) + b(n, 1) * b(n, 1)));
        cosine += (row_signs(n) > 0 ? 1 - cos : std::max(0.0, cos - 0.1)) / 3;
        auto distance = [&](const Array<D>& u, const Array<D>& v) {
            return std::hypot(u(n, 0) - v(n, 0) + 1e-6, u(n, 1) - v(n, 1) + 1e-6);
        };
        triplet += std::max(0.0, distance(a, b) - std::min(distance(a, c), distance(b, c)) + 1) / 3;
    }
    auto first = [&](const Variables<D>& v) { return nn::margin_ranking_loss(v[0], v[1], t, {.margin = 0.3}); };
    auto second = [&](const Variables<D>& v) { return nn::cosine_embedding_loss(v[0], v[1], rows, {.margin = 0.1}); };
    auto third = [&](const Variables<D>& v) { return nn::triplet_margin_loss(v[0], v[1], v[2], {.swap = true}); };
    BOOST_TEST(std::abs(first(in).item() - ranking) < 1e-13);
    BOOST_TEST(std::abs(second(in).item() - cosine) < 1e-11);
    BOOST_TEST(std::abs(third(in).item() - triplet) < 1e-13);
    BOOST_TEST(gradcheck(first, {in[0], in[1]}, {.order = 1}));
    BOOST_TEST(gradcheck(second, {in[0], in[1]}, {.order = 2}));
    BOOST_TEST(gradcheck(third, in, {.order = 2}));
    BOOST_TEST(names<std::invalid_argument>([&] { nn::margin_ranking_loss(in[0], in[1], in[2]); }, "(0, 0)"));
    BOOST_CHECK_THROW(nn::triplet_margin_loss(in[0], in[1], rows), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
