// Checkpoints: the same values and gradients in less memory, to any order, nested, with random numbers replayed.
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/checkpoint.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <vector>

#include "close.hpp"

using namespace xtape;
using D = double;
using V = Variable<D>;

namespace {

V leaf(const Shape& shape, double phase = 0) { return V(numbers(shape, phase), requires_grad); }

std::size_t live_after(const std::function<V()>& forward) {
    const std::size_t before = live_nodes();
    const V y = forward();
    return live_nodes() - before;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(checkpoint)

BOOST_AUTO_TEST_CASE(values_and_gradients_are_those_without_it) {
    nn::Linear<D> first(3, 4), second(4, 2);
    const V x = leaf({5, 3});
    auto f = [&](const V& in) { return tanh(second(tanh(first(in)))); };
    const V plain = f(x), kept = nn::checkpoint(f, x);
    check_close(kept.value(), plain.value(), 0);
    Variables<D> all{x};
    for (const auto& [name, parameter] : first.named_parameters()) all.push_back(parameter);
    for (const auto& [name, parameter] : second.named_parameters()) all.push_back(parameter);
    const auto wanted = grad(sum(square(plain)), all), got = grad(sum(square(kept)), all);
    for (std::size_t i = 0; i < all.size(); ++i) check_close(got[i].value(), wanted[i].value(), 1e-15);
    backward(sum(square(nn::checkpoint(f, x))));
    check_close(first.weight.grad(), wanted[1].value(), 1e-15);
}

BOOST_AUTO_TEST_CASE(derivatives_of_any_order_are_right) {
    auto f = [](const V& a, const V& b) { return tanh(a * b) * b + square(a); };
    auto checkpointed = [&](const Variables<D>& in) { return nn::checkpoint(f, in[0], in[1]); };
    BOOST_TEST(gradcheck(checkpointed, {leaf({2}), leaf({2}, 1)}, {.order = 3}));
    auto nested = [&](const Variables<D>& in) {
        return nn::checkpoint([&](const V& a, const V& b) { return nn::checkpoint(f, tanh(a), b) * b; }, in[0], in[1]);
    };
    BOOST_TEST(gradcheck(nested, {leaf({2}), leaf({2}, 1)}, {.order = 3}));
}

BOOST_AUTO_TEST_CASE(second_derivatives_reach_parameters) {
    nn::Linear<D> layer(2, 2);
    const V x = leaf({3, 2});
    auto f = [&](const V& in) { return tanh(layer(in)); };
    auto slope = [&](const V& y) {
        const auto g = grad(sum(square(y)), {x}, {.create_graph = true})[0];
        return grad(sum(square(g)), {x, layer.weight, layer.bias});
    };
    const auto wanted = slope(f(x)), got = slope(nn::checkpoint(f, x));
    for (std::size_t i = 0; i < 3; ++i) check_close(got[i].value(), wanted[i].value(), 1e-14);
}

BOOST_AUTO_TEST_CASE(random_numbers_are_drawn_again) {
    nn::Dropout<D> dropout(0.5);
    const V x(Array<D>(Shape{1000}, 1.0), requires_grad);
    seed(4);
    const V y = nn::checkpoint([&](const V& in) { return dropout(in) * in; }, x);
    dropout(x);    // other numbers in between
    const auto g = grad(sum(y), {x})[0];
    check_close(g.value(), Array<D>(2.0 * y.value()), 0);
    seed(4);
    check_close((dropout(x) * x).value(), y.value(), 0);
}

BOOST_AUTO_TEST_CASE(a_drawing_stream_goes_on_after_the_checkpoint) {
    nn::Dropout<D> dropout(0.5);
    const V x(Array<D>(Shape{100}, 1.0), requires_grad);
    auto twice = [&](auto&& first) {
        seed(4);
        first();
        return dropout(x).value();
    };
    check_close(twice([&] { nn::checkpoint([&](const V& in) { return dropout(in); }, x); }), twice([&] { dropout(x); }),
                0);
}

BOOST_AUTO_TEST_CASE(what_is_computed_on_the_way_is_not_kept) {
    const V x = leaf({4});
    auto f = [](const V& in) {
        V y = in;
        for (int i = 0; i < 100; ++i) y = tanh(y) * y;
        return y;
    };
    BOOST_TEST(live_after([&] { return f(x); }) >= 200);
    BOOST_TEST(live_after([&] { return nn::checkpoint(f, x); }) <= 3);
}

// Of each function of the chain 10 values would be kept without checkpoints.
BOOST_AUTO_TEST_CASE(a_chain_keeps_as_many_values_as_the_root_of_its_length) {
    const V x = leaf({4});
    std::size_t most = 0, before = 0;
    std::vector<std::function<V(const V&)>> functions(100, [&](const V& in) {
        V y = in;
        for (int i = 0; i < 5; ++i) y = tanh(y) * 0.9 + in * 0.1;
        most = std::max(most, live_nodes() - before);
        return y;
    });
    before = live_nodes();
    V plain = x;
    for (const auto& f : functions) plain = f(plain);
    const auto wanted = grad(sum(plain), {x})[0];
    plain = V();
    BOOST_TEST(most >= 1500);
    most = 0;
    before = live_nodes();
    const V y = nn::checkpoint_chain(functions, x);
    const auto got = grad(sum(y), {x})[0];
    check_close(got.value(), wanted.value(), 1e-14);
    BOOST_TEST(most < 300);
}

BOOST_AUTO_TEST_CASE(a_value_computed_outside_is_refused) {
    const V x = leaf({2}), outside = tanh(x);
    BOOST_CHECK_THROW(nn::checkpoint([&](const V& in) { return in * outside; }, x), GradError);
    const V constant = outside.detach();
    const V y = nn::checkpoint([&](const V& in) { return in * constant; }, x);
    check_close(grad(sum(y), {x})[0].value(), constant.value(), 0);
}

BOOST_AUTO_TEST_CASE(other_parameters_in_the_second_run_are_refused) {
    const V x = leaf({2}), a = leaf({2}, 1), b = leaf({2}, 2);
    bool second = false;
    const V y = nn::checkpoint([&](const V& in) { return in * (second ? b : a); }, x);
    second = true;
    BOOST_CHECK_THROW(backward(sum(y)), GradError);
    BOOST_TEST(!x.has_grad());
}

BOOST_AUTO_TEST_CASE(nothing_is_recorded_without_need) {
    const V x = leaf({2});
    NoGrad guard;
    int calls = 0;
    const V y = nn::checkpoint(
        [&](const V& in) {
            ++calls;
            return tanh(in);
        },
        x);
    BOOST_TEST(!y.requires_grad());
    BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_SUITE_END()
