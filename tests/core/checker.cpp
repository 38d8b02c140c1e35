// The checker is checked by breaking derivatives on purpose: it must catch every one.
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/map.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>

using namespace xtape;

namespace {

using A = Array<double>;
using V = Variable<double>;

// y = x^2 w, with a derivative that the test chooses.
struct Breakable {
    static constexpr auto name = "test_breakable";
    std::function<V(const V&g, const V&x, const V&w)> for_x, for_w;
    A forward(const A& x, const A& w) const { return x * x * w; }
    auto vjp(const V& g, const V& x, const V& w, const V&) const {
        return pullbacks([&] { return for_x(g, x, w); }, [&] { return for_w(g, x, w); });
    }
};

V right_x(const V& g, const V& x, const V& w) { return 2.0 * g * x * w; }
V right_w(const V& g, const V& x, const V&) { return g * x * x; }

GradcheckReport check(const Breakable& op, int order = 1) {
    Variables<double> in{V(A{{0.5, -1.5}, {2.0, 0.75}}), V(A{{1.5, 0.25}, {-0.5, 3.0}})};
    return gradcheck([&](const Variables<double>& v) { return apply(op, v[0], v[1]); }, in, {.order = order});
}

struct WrongAtZero {
    static constexpr auto name = "test_wrong_at_zero";
    auto forward(const auto& x) const { return max(x, 0); }
    auto vjp(const auto& g, const auto&, const auto&) const { return g * 3.0; }
};

// sin with 1.01 cos as derivative.
auto derivative(const auto& x) { return cos(x); }
V derivative(const V& x) {
    return map([](auto v) { return cos(v); }, x);
}
struct WrongSine {
    static constexpr auto name = "test_wrong_sine";
    auto forward(const auto& x) const { return sin(x); }
    auto vjp(const auto& g, const auto& x, const auto&) const { return g * derivative(x) * 1.01; }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_AUTO_TEST_SUITE(checker)

BOOST_AUTO_TEST_CASE(a_right_derivative_passes_to_third_order) { BOOST_TEST(check({right_x, right_w}, 3)); }

BOOST_AUTO_TEST_CASE(a_wrong_sign_is_caught) {
    BOOST_TEST(!check({[](auto& g, auto& x, auto& w) { return -right_x(g, x, w); }, right_w}));
    BOOST_TEST(!check({right_x, [](auto& g, auto& x, auto& w) { return -right_w(g, x, w); }}));
}

BOOST_AUTO_TEST_CASE(a_wrong_factor_is_caught_also_a_slight_one) {
    for (double factor : {0.5, 2.0, 1.001, 0.0})
        BOOST_TEST(!check({[=](auto& g, auto& x, auto& w) { return factor * right_x(g, x, w); }, right_w}), factor);
}

BOOST_AUTO_TEST_CASE(a_missing_term_is_caught) {
    BOOST_TEST(!check({[](auto& g, auto& x, auto&) { return 2.0 * g * x; }, right_w}));
    BOOST_TEST(!check({[](auto&, auto& x, auto& w) { return 2.0 * x * w; }, right_w}));
    BOOST_TEST(!check({[](auto&, auto&, auto&) { return V(); }, right_w}));
}

BOOST_AUTO_TEST_CASE(a_transposed_derivative_is_caught) {
    auto transposed = [](const V& g, const V& x, const V& w) {
        const A right = right_x(g, x, w).value();
        return V(A{{right(0, 0), right(1, 0)}, {right(0, 1), right(1, 1)}});
    };
    BOOST_TEST(!check({transposed, right_w}));
}

BOOST_AUTO_TEST_CASE(a_derivative_that_cannot_be_differentiated_again_is_caught_at_second_order) {
    Breakable detached{[](auto& g, auto& x, auto& w) { return right_x(g, x.detach(), w); }, right_w};
    BOOST_TEST(check(detached, 1));
    BOOST_TEST(!check(detached, 2));
}

BOOST_AUTO_TEST_CASE(the_report_names_input_element_and_both_values) {
    auto report = check({right_x, [](auto& g, auto& x, auto&) { return g * x * x * A{{1.0, 1.0}, {1.0, 2.0}}; }});
    BOOST_TEST_REQUIRE(report.wrong.size() == 1U);
    BOOST_TEST(report.wrong[0].input == 1U);
    BOOST_TEST(report.wrong[0].element == "(1, 1)");
    auto text = report.message();
    BOOST_TEST((contains(text, "test_breakable") && contains(text, "input 1") && contains(text, "(1, 1)")), text);
}

BOOST_AUTO_TEST_CASE(a_kink_is_not_called_wrong_but_not_checkable) {
    auto report = gradcheck([](const Variables<double>& in) { return map([](auto x) { return max(x, 0); }, in[0]); },
                            {V(A{0.0, 1.0, -1.0})});
    BOOST_TEST(report);
    BOOST_TEST_REQUIRE(report.not_checkable.size() == 1U);
    BOOST_TEST(contains(report.not_checkable[0].reason, "kink"));
    BOOST_TEST(report.compared == 2U);
}

BOOST_AUTO_TEST_CASE(a_slope_outside_those_of_the_kink_is_wrong) {
    BOOST_TEST(!gradcheck([](const Variables<double>& in) { return pointwise(WrongAtZero{}, in[0]); }, {V(A{0.0})}));
}

BOOST_AUTO_TEST_CASE(where_round_off_hides_the_slope_nothing_is_claimed) {
    auto report =
        gradcheck([](const Variables<double>& in) { return map([](auto x) { return 1e12 + sin(x) * 1e-7; }, in[0]); },
                  {V(A{0.5})});
    BOOST_TEST(!report);
    BOOST_TEST(report.wrong.empty());
    BOOST_TEST(report.not_checkable.size() == 1U);
}

BOOST_AUTO_TEST_CASE(zero_derivatives_of_a_function_that_varies_are_wrong_however_small_it_is) {
    auto f = [](const Variables<double>& in) { return in[0].detach() * 1e-12 + in[0] * 0.0; };
    auto report = gradcheck(f, {V(A{1.0, 2.0})});
    BOOST_TEST(!report);
    BOOST_TEST(contains(report.message(), "every derivative is zero"));
}

BOOST_AUTO_TEST_CASE(large_inputs_are_checked_along_random_directions) {
    A big(Shape{3000}, 0.0);
    for (std::size_t i = 0; i < big.size(); ++i) big(i) = 0.001 * double(i);
    auto right = [](const Variables<double>& in) { return map([](auto x) { return sin(x); }, in[0]); };
    auto report = gradcheck(right, {V(big)});
    BOOST_TEST(report);
    BOOST_TEST(report.compared == 8U);
    BOOST_TEST(!gradcheck([](const Variables<double>& in) { return pointwise(WrongSine{}, in[0]); }, {V(big)}));
}

BOOST_AUTO_TEST_CASE(inputs_near_the_edge_of_the_domain_are_checkable) {
    BOOST_TEST(gradcheck([](const Variables<double>& in) { return map([](auto x) { return log(x); }, in[0]); },
                         {V(A{1e-3, 0.5})}, {.order = 2}));
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_repeatable_is_refused) {
    double calls = 0;
    auto f = [&](const Variables<double>& in) { return in[0] * (calls += 1.0); };
    BOOST_CHECK_THROW(gradcheck(f, {V(A{1.0})}), GradError);
    BOOST_CHECK_THROW(gradcheck(f, {V(A{1.0})}, {.order = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
