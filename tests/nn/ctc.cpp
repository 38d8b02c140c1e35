// The CTC loss against the sum over all paths, for many settings, and its reductions.
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/ctc_loss.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/softmax.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace xtape;
using D = double;
using A = Array<D>;

namespace {

// What a path of labels spells: repeats merged, then blanks taken out.
std::vector<std::int64_t> spelt(const std::vector<std::size_t>& path, std::size_t blank) {
    std::vector<std::int64_t> labels;
    for (std::size_t t = 0; t < path.size(); ++t)
        if (path[t] != blank && (t == 0 || path[t] != path[t - 1])) labels.push_back(std::int64_t(path[t]));
    return labels;
}

D all_paths(const A& x, std::size_t n, std::size_t steps, const std::vector<std::int64_t>& labels, std::size_t blank) {
    const std::size_t classes = x.shape()[2];
    std::vector<std::size_t> path(steps, 0);
    D total = 0;
    for (;;) {
        if (spelt(path, blank) == labels) {
            D logarithm = 0;
            for (std::size_t t = 0; t < steps; ++t) logarithm += x(t, n, path[t]);
            total += std::exp(logarithm);
        }
        std::size_t t = 0;
        while (t < steps && ++path[t] == classes) path[t++] = 0;
        if (t == steps) return -std::log(total);
    }
}

struct Setting {
    A x;
    Indices targets, steps, lengths;
    std::int64_t blank;
};

Setting random_setting(Stream& stream) {
    const auto time = static_cast<std::size_t>(2 + stream.integer(4)),
               batch = static_cast<std::size_t>(1 + stream.integer(3));
    const std::int64_t classes = 2 + stream.integer(3), most = 1 + stream.integer(3);
    Setting s{log_softmax(Variable<D>(stream.normal<D>({time, batch, static_cast<std::size_t>(classes)}))).value(),
              Indices(Shape{batch, static_cast<std::size_t>(most)}, 0), Indices(Shape{batch}, 0),
              Indices(Shape{batch}, 0), stream.integer(classes)};
    for (auto& label : s.targets.storage()) {
        label = stream.integer(classes - 1);
        if (label >= s.blank) ++label;
    }
    for (auto& steps : s.steps.storage()) steps = 1 + stream.integer(static_cast<std::int64_t>(time));
    for (auto& length : s.lengths.storage()) length = stream.integer(most + 1);
    return s;
}

Variable<D> losses(const Variable<D>& x, const Setting& s) {
    return nn::ctc_loss(x, s.targets, s.steps, s.lengths, {.blank = s.blank, .reduction = nn::Reduction::none});
}

}    // namespace

BOOST_AUTO_TEST_SUITE(ctc)

BOOST_AUTO_TEST_CASE(values_equal_the_sum_over_all_paths) {
    Stream stream(5);
    for (int round = 0; round < 200; ++round) {
        const Setting s = random_setting(stream);
        const A got = losses(Variable<D>(s.x), s).value();
        for (std::size_t n = 0; n < got.size(); ++n) {
            std::vector<std::int64_t> labels;
            for (std::int64_t i = 0; i < s.lengths(n); ++i) labels.push_back(s.targets(n, i));
            const D wanted =
                all_paths(s.x, n, static_cast<std::size_t>(s.steps(n)), labels, static_cast<std::size_t>(s.blank));
            const bool same = got(n) == wanted || std::abs(got(n) - wanted) < 1e-12 * std::max(1.0, wanted);
            BOOST_TEST_REQUIRE(same, "round " << round << ": got " << got(n) << ", wanted " << wanted);
        }
    }
}

BOOST_AUTO_TEST_CASE(derivatives_by_endings_equal_those_of_the_recursion) {
    Stream stream(6);
    for (int round = 0; round < 60; ++round) {
        const Setting s = random_setting(stream);
        const Variable<D> x(s.x, requires_grad);
        const A seed = stream.normal<D>({s.x.shape()[1]});
        const auto fused = grad(losses(x, s), {x}, {}, {Variable<D>(seed)})[0];
        const auto recorded = grad(losses(x, s), {x}, {.create_graph = true}, {Variable<D>(seed)})[0];
        for (std::size_t i = 0; i < s.x.size(); ++i)
            BOOST_TEST_REQUIRE(std::abs(fused.value().storage()[i] - recorded.value().storage()[i]) < 1e-12,
                               "round " << round);
    }
}

BOOST_AUTO_TEST_CASE(the_mean_is_over_labels_and_then_over_examples) {
    Stream stream(7);
    const A x = log_softmax(Variable<D>(stream.normal<D>({6, 2, 4}))).value();
    const Indices targets{{1, 2, 3}, {2, 0, 0}}, steps{6, 5}, lengths{3, 1};
    const A each = nn::ctc_loss(Variable<D>(x), targets, steps, lengths, {.reduction = nn::Reduction::none}).value();
    BOOST_TEST(std::abs(nn::ctc_loss(Variable<D>(x), targets, steps, lengths).item() - (each(0) / 3 + each(1)) / 2) <
               1e-14);
    BOOST_TEST(
        std::abs(nn::ctc_loss(Variable<D>(x), targets, steps, lengths, {.reduction = nn::Reduction::sum}).item() -
                 (each(0) + each(1))) < 1e-14);
}

BOOST_AUTO_TEST_CASE(labels_that_need_more_steps_are_infinite_or_count_as_zero) {
    Stream stream(8);
    const Variable<D> x(log_softmax(Variable<D>(stream.normal<D>({2, 1, 3}))).value(), requires_grad);
    const Indices targets{{1, 1}}, steps{2}, lengths{2};    // a repeat needs a blank in between
    BOOST_TEST(nn::ctc_loss(x, targets, steps, lengths).item() == std::numeric_limits<D>::infinity());
    const Variable<D> loss = nn::ctc_loss(x, targets, steps, lengths, {.zero_infinity = true});
    BOOST_TEST(loss.item() == 0);
    backward(loss);
    for (D g : x.grad().storage()) BOOST_TEST(g == 0);
}

BOOST_AUTO_TEST_SUITE_END()
