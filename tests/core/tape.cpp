// The tape: recording, sweeping, freeing.
#include <xtape/core/backward.hpp>
#include <xtape/core/detail/memory.hpp>
#include <xtape/core/detail/node.hpp>
#include <xtape/ops/arithmetic.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace xtape;

namespace {

using A = Array<double>;

Variable<double> leaf(A value) { return Variable<double>(std::move(value), requires_grad); }
Variable<double> total(const Variable<double>& x) { return sum_to(x, Shape{}); }

bool same_bits(const A& a, const A& b) { return a.shape() == b.shape() && a.storage() == b.storage(); }

template <class E, class F>
std::string message_of(F f) {
    try {
        f();
    } catch (const E& error) {
        return error.what();
    }
    return "";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_AUTO_TEST_SUITE(tape)

BOOST_AUTO_TEST_CASE(gradients_accumulate_until_they_are_cleared) {
    auto x = leaf(A{1.0, 2.0});
    backward(total(x * 3.0));
    backward(total(x * 4.0));
    BOOST_TEST(same_bits(x.grad(), A{7.0, 7.0}));
    x.zero_grad();
    BOOST_TEST(!x.has_grad());
    BOOST_CHECK_THROW(x.grad(), GradError);
}

BOOST_AUTO_TEST_CASE(a_gradient_that_was_handed_out_is_not_changed_by_the_next_sweep) {
    auto x = leaf(A{1.0, 2.0});
    backward(total(x * 3.0));
    A first = x.grad();
    auto y = x + 0.0;
    auto g = grad(total(y * y), {x}, {.retain_graph = true})[0];
    A before = g.value();
    backward(total(y * y));
    BOOST_TEST(same_bits(g.value(), before));
    BOOST_TEST(same_bits(first, A{3.0, 3.0}));
}

BOOST_AUTO_TEST_CASE(a_spent_tape_names_the_operation_and_the_remedy) {
    auto x = leaf(A{1.0, 2.0});
    auto y = total(x * x);
    backward(y);
    auto text = message_of<GradError>([&] { backward(y); });
    BOOST_TEST(contains(text, "retain_graph"), text);
    BOOST_TEST(contains(text, "[sum_to]"), text);
}

BOOST_AUTO_TEST_CASE(a_retained_tape_can_be_swept_again) {
    auto x = leaf(A{1.0, 2.0});
    auto y = total(x * x);
    backward(y, {.retain_graph = true});
    backward(y);
    BOOST_TEST(same_bits(x.grad(), A{4.0, 8.0}));
}

BOOST_AUTO_TEST_CASE(a_needed_value_that_changed_in_place_is_refused_and_nothing_is_accumulated) {
    auto a = leaf(A{1.0, 2.0}), b = leaf(A{1.0, 1.0});
    auto y = total(a * a + b * 2.0);
    a.update([](A& value) { value(0) = 5.0; });
    auto text = message_of<GradError>([&] { backward(y); });
    BOOST_TEST(contains(text, "[multiply]"), text);
    BOOST_TEST(contains(text, "changed in place"), text);
    BOOST_TEST(!a.has_grad());
    BOOST_TEST(!b.has_grad());
}

BOOST_AUTO_TEST_CASE(a_value_that_no_derivative_reads_may_change_in_place) {
    auto a = leaf(A{1.0, 2.0});
    auto y = total(a * 3.0 + 1.0);
    a.set_value(A{5.0, 5.0});
    backward(y);
    BOOST_TEST(same_bits(a.grad(), A{3.0, 3.0}));
}

BOOST_AUTO_TEST_CASE(changing_a_leaf_leaves_detached_copies_as_they_were) {
    auto a = leaf(A{1.0, 2.0});
    auto before = a.detach();
    a.update([](A& value) { value(0) = 9.0; });
    BOOST_TEST(before.value()(0) == 1.0);
    BOOST_TEST(a.value()(0) == 9.0);
}

BOOST_AUTO_TEST_CASE(backward_refuses_what_has_no_single_element_and_names_the_shapes) {
    auto x = leaf(A{1.0, 2.0});
    auto text = message_of<GradError>([&] { backward(x * 2.0); });
    BOOST_TEST(contains(text, "(2,)"), text);
    BOOST_TEST(contains(text, "seed"), text);
    text = message_of<ShapeError>([&] { backward(x * 2.0, A{1.0, 2.0, 3.0}); });
    BOOST_TEST((contains(text, "(3,)") && contains(text, "(2,)")), text);
    BOOST_CHECK_THROW(backward(total(Variable<double>(A{1.0}))), GradError);
    backward(x * 2.0, A{1.0, 10.0});
    BOOST_TEST(same_bits(x.grad(), A{2.0, 20.0}));
}

BOOST_AUTO_TEST_CASE(grad_returns_gradients_and_leaves_the_leaves_alone) {
    auto x = leaf(A{1.0, 2.0}), w = leaf(A{3.0, 4.0});
    auto hidden = x * w;
    auto g = grad(total(hidden * hidden), {x, hidden});
    BOOST_TEST(same_bits(g[0].value(), A{18.0, 64.0}));
    BOOST_TEST(same_bits(g[1].value(), A{6.0, 16.0}));
    BOOST_TEST(!x.has_grad());
    BOOST_TEST(!g[0].requires_grad());
}

BOOST_AUTO_TEST_CASE(grad_names_an_input_that_was_not_used) {
    auto x = leaf(A{1.0, 2.0}), unused = leaf(A{1.0});
    auto text = message_of<GradError>([&] { grad(total(x * 2.0), {x, unused}); });
    BOOST_TEST(contains(text, "input 1"), text);
    auto g = grad(total(x * 2.0), {x, unused}, {.allow_unused = true});
    BOOST_TEST(!g[1].defined());
    BOOST_CHECK_THROW(grad(total(x * 2.0), {Variable<double>(A{1.0})}), GradError);
}

BOOST_AUTO_TEST_CASE(several_outputs_with_seeds_add_up) {
    auto x = leaf(A{1.0, 2.0});
    auto g = grad(Variables<double>{x * 2.0, x * x}, {x}, {},
                  {Variable<double>(A{1.0, 1.0}), Variable<double>(A{0.5, 0.5})});
    BOOST_TEST(same_bits(g[0].value(), A{3.0, 4.0}));
}

BOOST_AUTO_TEST_CASE(any_order_by_create_graph) {
    auto x = leaf(A{2.0, -1.0});
    auto d = total(x * x * x * x);
    for (int order = 1; order <= 4; ++order) d = total(grad(d, {x}, {.create_graph = true})[0]);
    BOOST_TEST(d.item() == 48.0);
}

BOOST_AUTO_TEST_CASE(no_grad_records_nothing_and_ends_with_its_scope) {
    auto x = leaf(A{1.0});
    {
        NoGrad guard;
        BOOST_TEST(!(x * 2.0).requires_grad());
        EnableGrad inner;
        BOOST_TEST((x * 2.0).requires_grad());
    }
    BOOST_TEST((x * 2.0).requires_grad());
}

BOOST_AUTO_TEST_CASE(a_hook_sees_and_replaces_the_complete_gradient) {
    auto x = leaf(A{1.0, 2.0});
    auto y = x * 2.0;
    int calls = 0;
    y.register_hook([&](const Variable<double>& g) {
        ++calls;
        return g * 10.0;
    });
    auto removed = x.register_hook([&](const Variable<double>&) { calls += 100; });
    x.remove_hook(removed);
    backward(total(y + y));
    BOOST_TEST(calls == 1);
    BOOST_TEST(same_bits(x.grad(), A{40.0, 40.0}));
}

BOOST_AUTO_TEST_CASE(a_hook_of_a_leaf_is_called_when_its_gradient_is_complete_and_not_at_the_end) {
    auto first = leaf(A{1.0}), second = leaf(A{2.0}), both = leaf(A{3.0}), last = leaf(A{4.0});
    std::string order;
    auto note = [&](const char* name, double gradient) {
        return [&order, name, gradient](const Variable<double>& g) {
            order += name;
            BOOST_TEST(g.item() == gradient);
        };
    };
    last.register_hook(note("last ", 15.0));
    both.register_hook(note("both ", 4.0 * (2.0 + 6.0)));    // y = 4 both (first second + both)
    second.register_hook(note("second ", 12.0));
    first.register_hook(note("first ", 24.0));
    auto product = first * second;
    product.register_hook(note("product ", 12.0));
    auto sum = (product + both) * both;
    sum.register_hook(note("sum ", 4.0));
    backward(total(sum * last));
    BOOST_TEST(order == "last sum both product first second ");
    BOOST_TEST(both.grad()(0) == 32.0);
}

BOOST_AUTO_TEST_CASE(computed_values_refuse_to_be_set) {
    auto x = leaf(A{1.0});
    auto y = x * 2.0;
    BOOST_CHECK_THROW(y.set_value(A{1.0}), GradError);
    BOOST_CHECK_THROW(x.set_value(A{1.0, 2.0}), ShapeError);
    BOOST_CHECK_THROW(Variable<double>().shape(), GradError);
}

BOOST_AUTO_TEST_CASE(an_xtensor_expression_beside_a_variable_is_a_constant) {
    auto x = leaf(A{1.0, 2.0});
    xt::xarray<double> c{5.0, 7.0};
    backward(total(x * c + c / (c * x) - 2.0 * c));
    BOOST_TEST(same_bits(x.grad(), A{4.0, 6.75}));
}

BOOST_AUTO_TEST_CASE(a_very_deep_tape_is_swept_and_freed_in_the_memory_of_its_values) {
    auto x = leaf(A{1.0, 2.0});
    auto nodes = live_nodes(), bytes = live_bytes();
    {
        auto deep = x;
        for (int i = 0; i < 1'000'000; ++i) deep = deep + 1e-6;
        BOOST_TEST(live_nodes() == nodes + 1'000'000);
        BOOST_TEST((live_bytes() - bytes) / 1'000'000 < 1000);
        backward(total(deep));
    }
    BOOST_TEST(same_bits(x.grad(), A{1.0, 1.0}));
    BOOST_TEST(live_nodes() == nodes);
    {
        auto unused = x;
        for (int i = 0; i < 1'000'000; ++i) unused = unused * 1.5;
    }
    BOOST_TEST(live_nodes() == nodes);
}

BOOST_AUTO_TEST_CASE(a_value_that_fans_out_ten_thousand_times_costs_one_visit_each) {
    auto x = leaf(A{1.0, 2.0});
    auto shared = x * 1.0;
    auto sum = shared;
    for (int i = 0; i < 10'000; ++i) sum = sum + shared;
    backward(total(sum));
    BOOST_TEST(same_bits(x.grad(), A{10'001.0, 10'001.0}));
}

BOOST_AUTO_TEST_CASE(two_to_the_sixty_fourth_paths_cost_sixty_four_visits) {
    auto x = leaf(A{1.0});
    auto y = x;
    for (int i = 0; i < 64; ++i) y = y + y;
    backward(total(y));
    BOOST_TEST(x.grad()(0) == 18446744073709551616.0);
}

BOOST_AUTO_TEST_CASE(values_that_no_derivative_reads_are_freed_during_forward) {
    auto x = leaf(A(Shape{1000}, 1.0));
    auto bytes = live_bytes();
    auto y = x * 2.0;
    for (int i = 0; i < 50; ++i) y = y + 1.0;
    BOOST_TEST(live_bytes() - bytes < 3 * 8192 + 51 * 1200);
    BOOST_TEST(live_bytes() - bytes > 8000);
}

BOOST_AUTO_TEST_CASE(saved_values_are_freed_during_the_sweep) {
    auto x = leaf(A(Shape{100'000}, 1.0));
    auto y = x;
    for (int i = 0; i < 20; ++i) y = y * y;
    std::size_t first = 0, last = 0;
    x.register_hook([&](const Variable<double>&) { last = live_bytes(); });
    y.register_hook([&](const Variable<double>&) { first = live_bytes(); });
    backward(y, A(Shape{100'000}, 1.0));
    BOOST_TEST(first > last + 15 * 800'000);
}

BOOST_AUTO_TEST_CASE(memory_over_many_steps_is_flat_also_when_evaluation_forgets_no_grad) {
    auto w = leaf(A{0.5, -0.5});
    Variable<double> x(A{1.0, 2.0});
    std::size_t bytes = 0, nodes = 0;
    for (int step = 0; step < 100'000; ++step) {
        w.zero_grad();
        auto loss = total((x * w + 1.0) * (x * w));
        backward(loss);
        w.update([&](A& value) { value -= 1e-3 * w.grad(); });
        auto forgotten = total(x * w);
        if (step == 100) {
            bytes = live_bytes();
            nodes = live_nodes();
        }
    }
    BOOST_TEST(live_bytes() <= bytes);
    BOOST_TEST(live_nodes() <= nodes);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_one_variable_is_a_variable_and_temporaries_do_not_dangle) {
    auto a = leaf(A{1.0, 2.0});
    Variable<double> g = grad(total(a * 3.0), a);
    BOOST_TEST(same_bits(g.value(), A{3.0, 3.0}));
    const auto& value = grad(total(a * 3.0), {a})[0].value();
    const auto& shape = (a * 3.0).shape();
    const auto& of_one = grad(total(a * 3.0), a).value();
    BOOST_TEST(same_bits(value, A{3.0, 3.0}));
    BOOST_TEST(same_bits(of_one, A{3.0, 3.0}));
    BOOST_TEST(shape[0] == 2U);
}

BOOST_AUTO_TEST_CASE(unused_inputs_get_zeros_on_request_to_any_order) {
    auto x = leaf(A{1.0, 2.0}), unused = leaf(A(Shape{1, 1}, 5.0));
    BOOST_CHECK_THROW(grad(total(x), unused), GradError);
    BOOST_TEST(same_bits(grad(total(x), unused, {.zeros_for_unused = true}).value(), A(Shape{1, 1}, 0.0)));
    Variable<double> y = total(x * 2.0);
    for (int order = 1; order <= 3; ++order) y = total(grad(y, x, {.create_graph = true, .zeros_for_unused = true}));
    BOOST_TEST(y.item() == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
