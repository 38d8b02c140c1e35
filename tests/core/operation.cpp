// The door to the tape: saved values, several outputs, and reading what was not declared.
#include <xtape/core/anomaly.hpp>
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/graph.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <utility>

using namespace xtape;

namespace {

using A = Array<double>;
using V = Variable<double>;

// y = x^3 with its saved derivative; a count that is no array shows that anything may be saved.
struct Cube {
    static constexpr auto name = "test_cube";
    static constexpr auto needs = needs::input(0);
    auto forward(const A& x) const { return saving(A(x * x * x), A(3 * x * x), Indices{1, 2}); }
    auto vjp(const V& g, const V& x, const V&, const A& slope, const Indices& two) const {
        BOOST_TEST(two(1) == 2);
        return pullbacks([&] { return is_recording() ? g * 3.0 * x * x : g * V(share(slope)); });
    }
};

// a = x w, b = x + w: two outputs, the first of which the derivative reads (it divides it again).
struct Both {
    static constexpr auto name = "test_both";
    static constexpr auto needs = needs::inputs | needs::output(0);
    auto forward(const A& x, const A& w) const { return saving(outputs(A(x * w), A(x + w)), std::string("kept")); }
    auto vjp(const Gradients<double, 2>& g, const V& x, const V& w, const Several<double, 2>& y,
             const std::string& kept) const {
        BOOST_TEST(kept == "kept");
        return pullbacks([&] { return g[0] * (y[0] / x) + g[1]; }, [&] { return g[0] * (y[0] / w) + g[1]; });
    }
};

// The sum and the difference of two arrays in a list.
struct SumAndDifference {
    static constexpr auto name = "test_sum_and_difference";
    static constexpr auto needs = needs::nothing;
    auto forward(const Variables<double>& x) const {
        return saving(outputs(A(x[0].value() + x[1].value()), A(x[0].value() - x[1].value())), std::array{1.0, -1.0});
    }
    auto vjp(const Gradients<double, 2>& g, const Variables<double>&, const Several<double, 2>&,
             const std::array<double, 2>& sign) const {
        return [&](std::size_t i) { return g[0] + g[1] * sign[i]; };
    }
};

// As many outputs as it is told: x, x^2, ...
struct AllPowers {
    static constexpr auto name = "test_all_powers";
    static constexpr auto needs = needs::inputs | needs::output;
    std::size_t count;
    std::vector<A> forward(const A& x) const {
        std::vector<A> powers{x};
        while (powers.size() < count) powers.push_back(powers.back() * x);
        return powers;
    }
    auto vjp(const Variables<double>& g, const V& x, const Variables<double>& y) const {
        return pullbacks([&] {
            V total = g[0];
            for (std::size_t k = 1; k < g.size(); ++k) total += g[k] * static_cast<double>(k + 1) * y[k] / x;
            return total;
        });
    }
};

V leaf(A value) { return V(std::move(value), requires_grad); }

template <class F>
std::string grad_error_of(F f) {
    try {
        f();
    } catch (const GradError& error) {
        return error.what();
    }
    return "";
}

template <auto declared, bool reads_output>
struct Reads {
    static constexpr auto name = "test_reads";
    static constexpr auto needs = declared;
    A forward(const A& x) const { return xt::exp(x); }
    auto vjp(const V& g, const V& x, const V& y) const {
        return pullbacks([&] { return g * (reads_output ? y : exp_of(x)); });
    }
    static V exp_of(const V& x) { return V(A(xt::exp(x.value()))); }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(operation)

BOOST_AUTO_TEST_CASE(saved_values_reach_the_derivative) {
    auto f = [](const Variables<double>& in) { return apply(Cube{}, in[0]); };
    auto report = gradcheck(f, {V(A{1.0, -2.0, 0.5})}, {.order = 3});
    BOOST_TEST(report, report.message());
}

BOOST_AUTO_TEST_CASE(several_outputs_are_differentiable_to_any_order) {
    auto f = [](const Variables<double>& in) {
        auto [a, b] = apply(Both{}, in[0], in[1]);
        return a * a * b;
    };
    auto report = gradcheck(f, {V(A{1.0, -2.0}), V(A{0.5, 3.0})}, {.order = 3});
    BOOST_TEST(report, report.message());
}

BOOST_AUTO_TEST_CASE(an_operation_on_a_list_may_have_both) {
    auto f = [](const Variables<double>& in) {
        auto [a, b] = apply(SumAndDifference{}, in);
        return a * b * b;
    };
    auto report = gradcheck(f, {V(A{1.0, -2.0}), V(A{0.5, 3.0})}, {.order = 3});
    BOOST_TEST(report, report.message());
}

BOOST_AUTO_TEST_CASE(an_output_that_is_not_used_counts_as_zero) {
    auto x = leaf(A{2.0}), w = leaf(A{3.0});
    V second = apply(Both{}, x, w)[1];
    backward(sum(second * 5.0));
    BOOST_TEST(x.grad()(0) == 5.0);
    BOOST_TEST(w.grad()(0) == 5.0);
    x.zero_grad();
    V first = apply(Both{}, x, w)[0];
    backward(sum(first));
    BOOST_TEST(x.grad()(0) == 3.0);
}

BOOST_AUTO_TEST_CASE(the_number_of_outputs_may_be_known_only_when_it_runs) {
    for (std::size_t count : {1, 2, 7}) {
        auto x = leaf(A{2.0});
        auto powers = apply(AllPowers{count}, x);
        BOOST_TEST(powers.size() == count);
        backward(sum(powers.back() + powers.front()));
        const auto n = static_cast<double>(count);
        BOOST_TEST(x.grad()(0) == n * std::pow(2.0, n - 1) + 1);
    }
    auto f = [](const Variables<double>& in) {
        auto powers = apply(AllPowers{4}, in[0]);
        return powers[1] * powers[3];
    };
    auto report = gradcheck(f, {V(A{1.0, -2.0})}, {.order = 3});
    BOOST_TEST(report, report.message());
}

BOOST_AUTO_TEST_CASE(each_output_is_a_target_of_its_own) {
    auto x = leaf(A{2.0}), w = leaf(A{3.0});
    auto [a, b] = apply(Both{}, x, w);
    auto g = grad(sum(a * b), {a, b}, {.retain_graph = true});
    BOOST_TEST(g[0].value()(0) == 5.0);
    BOOST_TEST(g[1].value()(0) == 6.0);
    auto h = grad(grad(sum(a * a * b), {b}, {.create_graph = true})[0], {a});
    BOOST_TEST(h[0].value()(0) == 12.0);
    BOOST_TEST(b.id() > a.id());
    BOOST_TEST(a.id() > w.id());
}

BOOST_AUTO_TEST_CASE(outputs_are_spent_together_and_freed_together) {
    std::size_t nodes = live_nodes();
    {
        auto x = leaf(A{2.0}), w = leaf(A{3.0});
        auto [a, b] = apply(Both{}, x, w);
        backward(sum(b));
        BOOST_TEST(!a.is_leaf());
        BOOST_CHECK_THROW(backward(sum(a)), GradError);
        BOOST_TEST(a.value()(0) == 6.0);
    }
    BOOST_TEST(live_nodes() == nodes);
    V kept;
    {
        auto x = leaf(A{2.0}), w = leaf(A{3.0});
        kept = apply(Both{}, x, w)[1];
        BOOST_TEST(kept.value()(0) == 5.0);
        BOOST_TEST(to_dot(kept).find("test_both") != std::string::npos);
    }
    BOOST_TEST(live_nodes() == nodes + 4);    // the leaves and both outputs
    kept = V();
    BOOST_TEST(live_nodes() == nodes);
}

BOOST_AUTO_TEST_CASE(hooks_see_the_gradient_of_each_output) {
    auto x = leaf(A{2.0}), w = leaf(A{3.0});
    auto [a, b] = apply(Both{}, x, w);
    b.register_hook([](const V& g) { return g * 10.0; });
    backward(sum(a + b));
    BOOST_TEST(x.grad()(0) == 13.0);
}

BOOST_AUTO_TEST_CASE(an_anomaly_in_any_output_or_gradient_is_found) {
    AnomalyGuard guard;
    const double huge = std::numeric_limits<double>::max();
    auto begins = [](const std::string& text) {
        return [text](const AnomalyError& error) { return std::string(error.what()).find(text) == 0; };
    };
    BOOST_CHECK_EXCEPTION(apply(Both{}, leaf(A{0.0}), V(A{std::nan("")})), AnomalyError, begins("[test_both]"));
    // Only the second output overflows.
    Variables<double> opposite{leaf(A{huge}), V(A{-huge})};
    BOOST_CHECK_EXCEPTION(apply(SumAndDifference{}, opposite), AnomalyError, begins("[test_sum_and_difference]"));
    auto x = leaf(A{0.0}), w = leaf(A{1.0});    // the derivative divides 0 by 0
    BOOST_CHECK_EXCEPTION(backward(sum(apply(Both{}, x, w)[0])), AnomalyError, begins("[divide]"));
}

BOOST_AUTO_TEST_CASE(outputs_that_are_not_recorded_are_constants) {
    NoGrad guard;
    auto [a, b] = apply(Both{}, leaf(A{2.0}), leaf(A{3.0}));
    BOOST_TEST(!a.requires_grad());
    BOOST_TEST(!b.requires_grad());
    BOOST_TEST(b.is_leaf());
}

BOOST_AUTO_TEST_CASE(a_derivative_reads_what_it_declares_only) {
    auto x = leaf(A{2.0});
    backward(sum(apply(Reads<needs::input(0), false>{}, x)));
    backward(sum(apply(Reads<needs::output, true>{}, x)));
    BOOST_TEST(x.grad()(0) == 2 * std::exp(2.0));
    auto says = [](const std::string& text) {
        return text.find("[test_reads]") == 0 && text.find("needs") != std::string::npos;
    };
    // Values that are still there, and values that are gone.
    BOOST_TEST(says(grad_error_of([&] { backward(sum(apply(Reads<needs::nothing, false>{}, x))); })));
    BOOST_TEST(says(grad_error_of([&] { backward(sum(apply(Reads<needs::nothing, false>{}, x * 1.0))); })));
    BOOST_TEST(says(grad_error_of([&] {
        V y = apply(Reads<needs::input(0), true>{}, x);
        backward(sum(y));
    })));
    BOOST_TEST(says(grad_error_of([&] { backward(sum(apply(Reads<needs::input(0), true>{}, x))); })));
    // gradcheck
    auto wrong = [](const Variables<double>& in) { return apply(Reads<needs::nothing, false>{}, in[0]); };
    BOOST_TEST(says(grad_error_of([&] { gradcheck(wrong, {V(A{1.0})}); })));
}

BOOST_AUTO_TEST_SUITE_END()
