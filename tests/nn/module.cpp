#include <xtape/core/backward.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/selection.hpp>

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

#include "close.hpp"

using namespace xtape;

namespace {

template <class T>
struct Block : nn::Module<T> {
    using nn::Module<T>::Module;
    nn::Linear<T> fc{this, "fc", 3, 3};
    nn::BatchNorm<T> norm{this, "norm", 3};
    Variable<T> forward(const Variable<T>& x) override { return relu(norm(fc(x))); }
};

template <class T>
struct Net : nn::Module<T> {
    nn::Linear<T> fc1{this, "fc1", 2, 3};
    Block<T> block{this, "block"};
    nn::Dropout<T> dropout{this, "dropout", 0.5};
    nn::Linear<T> fc2{this, "fc2", 3, 2, {.bias = false}};
    nn::Parameter<T> temperature{this, "temperature", xt::ones<T>({1})};
    Variable<T> forward(const Variable<T>& x) override { return fc2(dropout(block(fc1(x)))) * temperature; }
};

std::vector<std::string> names_of(const Parameters<float>& parameters) {
    std::vector<std::string> names;
    for (const auto& [name, parameter] : parameters) names.push_back(name);
    return names;
}

bool fails_with(const std::function<void()>& f, const std::string& text) {
    try {
        f();
    } catch (const std::exception& error) {
        if (std::string(error.what()).find(text) != std::string::npos) return true;
        BOOST_TEST_MESSAGE(error.what());
    }
    return false;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(module)

BOOST_AUTO_TEST_CASE(parts_and_parameters_have_dotted_names_in_the_order_of_declaration) {
    Net<float> net;
    std::vector<std::string> wanted{"temperature",   "fc1.weight",        "fc1.bias",        "block.fc.weight",
                                    "block.fc.bias", "block.norm.weight", "block.norm.bias", "fc2.weight"};
    BOOST_TEST(names_of(net.named_parameters()) == wanted, boost::test_tools::per_element());
    std::vector<std::string> modules;
    for (const auto& [name, part] : net.named_modules()) modules.push_back(name);
    std::vector<std::string> wanted_modules{"", "fc1", "block", "block.fc", "block.norm", "dropout", "fc2"};
    BOOST_TEST(modules == wanted_modules, boost::test_tools::per_element());
    std::vector<std::string> buffers;
    for (const auto& [name, value] : net.named_buffers()) buffers.push_back(name);
    std::vector<std::string> wanted_buffers{"block.norm.running_mean", "block.norm.running_var",
                                            "block.norm.num_batches_tracked"};
    BOOST_TEST(buffers == wanted_buffers, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(names_that_are_taken_empty_or_have_dots_or_slashes_are_refused) {
    nn::Module<float> owner;
    nn::Linear<float> first(&owner, "fc", 2, 2);
    for (const char* name : {"fc", "", "a.b", "a/b"}) {
        BOOST_CHECK_THROW(nn::Linear<float>(&owner, name, 2, 2), std::invalid_argument);
        BOOST_CHECK_THROW(nn::Parameter<float>(&owner, name, Array<float>(Shape{1})), std::invalid_argument);
        BOOST_CHECK_THROW((nn::Buffer<float>(&owner, name, Array<float>(Shape{1}))), std::invalid_argument);
    }
    BOOST_TEST(owner.children().size() == 1);
    BOOST_TEST(owner.named_parameters().size() == 2);
}

BOOST_AUTO_TEST_CASE(a_part_that_dies_before_its_owner_leaves_it) {
    nn::Module<float> owner;
    {
        nn::Linear<float> part(&owner, "part", 2, 2);
        nn::Parameter<float> parameter(&owner, "scale", Array<float>(Shape{1}));
        BOOST_TEST(owner.named_parameters().size() == 3);
    }
    BOOST_TEST(owner.named_parameters().size() == 0);
    BOOST_TEST(owner.children().empty());
    BOOST_CHECK_THROW(nn::Linear<float>(&owner, "part", 0, 2), std::invalid_argument);
    BOOST_TEST(owner.children().empty());
}

BOOST_AUTO_TEST_CASE(an_owner_that_dies_first_frees_its_parts) {
    auto owner = std::make_unique<nn::Module<float>>();
    nn::Linear<float> part(owner.get(), "part", 2, 2);
    nn::Parameter<float> parameter(owner.get(), "scale", Array<float>(Shape{1}));
    BOOST_TEST(part.path() == "part");
    owner.reset();
    BOOST_TEST(part.path() == "");
}

BOOST_AUTO_TEST_CASE(modules_and_parameters_cannot_be_copied_moved_or_rebound) {
    static_assert(!std::is_copy_constructible_v<Net<float>> && !std::is_move_constructible_v<Net<float>>);
    static_assert(!std::is_copy_constructible_v<nn::Parameter<float>> &&
                  !std::is_copy_assignable_v<nn::Parameter<float>>);
    static_assert(!std::is_assignable_v<nn::Parameter<float>&, Variable<float>>);
}

BOOST_AUTO_TEST_CASE(modes_reach_all_parts_and_a_guard_restores_each) {
    Net<float> net;
    BOOST_TEST(net.block.norm.is_training());
    net.block.eval();
    {
        nn::EvalGuard guard(net);
        BOOST_TEST(!net.fc1.is_training());
        BOOST_TEST(!net.dropout.is_training());
    }
    BOOST_TEST(net.dropout.is_training());
    BOOST_TEST(!net.block.norm.is_training());
    net.train();
    BOOST_TEST(net.block.norm.is_training());
}

BOOST_AUTO_TEST_CASE(frozen_parameters_get_no_gradient) {
    Net<float> net;
    net.block.requires_grad(false);
    backward(net(Variable<float>(Array<float>(Shape{4, 2}, 0.5F))), Array<float>(Shape{4, 2}, 1.0F));
    BOOST_TEST(!net.block.fc.weight.has_grad());
    BOOST_TEST(net.fc2.weight.has_grad());
    BOOST_TEST(net.parameter_count() == 6U + 3 + 9 + 3 + 3 + 3 + 6 + 1);
    BOOST_TEST(net.parameter_count(true) == 6U + 3 + 6 + 1);
    net.zero_grad();
    BOOST_TEST(!net.fc2.weight.has_grad());
}

BOOST_AUTO_TEST_CASE(apply_visits_parts_before_their_owner) {
    Net<float> net;
    std::vector<std::string> seen;
    net.apply([&](nn::Module<float>& part) { seen.push_back(part.path()); });
    std::vector<std::string> wanted{"fc1", "block.fc", "block.norm", "block", "dropout", "fc2", ""};
    BOOST_TEST(seen == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_state_makes_two_models_equal_without_tying_them) {
    seed(1);
    Net<float> a, b;
    a.block.norm.running_mean.set_value(Array<float>{1.0F, 2.0F, 3.0F});
    b.copy_state(a);
    nn::EvalGuard a_guard(a), b_guard(b);
    Variable<float> x(Array<float>(Shape{4, 2}, 0.5F));
    check_close(b(x).value(), a(x).value(), 0);
    a.fc1.weight.update([](Array<float>& w) { w *= 2.0F; });
    BOOST_TEST(b.fc1.weight.value()(0, 0) * 2 == a.fc1.weight.value()(0, 0));
}

BOOST_AUTO_TEST_CASE(a_state_that_does_not_fit_changes_nothing_and_names_all_differences) {
    Net<float> net;
    Array<float> before = net.fc1.weight.value();
    State state;
    for (const auto& [name, value] : net.state())
        if (name == "fc1.weight")
            state.add(name, Array<float>(Shape{3, 2}, 9.0F));
        else if (name == "fc1.bias")
            state.add(name, Array<float>(Shape{4}, 0.0F));
        else if (name != "fc2.weight")
            state.add(name, value);
    state.add("fc3.weight", Array<float>(Shape{1}));
    for (const char* text : {"fc1.bias: got float32 (4,), wanted float32 (3,)", "fc2.weight: wanted float32 (2, 3)",
                             "fc3.weight: got float32 (1,)"})
        BOOST_TEST(fails_with([&] { net.load_state(state); }, text), text);
    BOOST_CHECK_THROW(net.load_state(state), StateError);
    check_close(net.fc1.weight.value(), before, 0);
}

BOOST_AUTO_TEST_CASE(errors_name_the_layer) {
    Net<float> net;
    BOOST_TEST(fails_with(
        [&] {
            net(Variable<float>(Array<float>(Shape{4, 3}, 1.0F)));
        },
        "[Linear fc1] got the shape (4, 3); wanted (..., 2)"));
    BOOST_TEST(fails_with(
        [&] {
            net.block.norm(Variable<float>(Array<float>(Shape{1, 3}, 1.0F)));
        },
        "[BatchNorm block.norm] got the shape (1, 3)"));
    struct TwoInputs : nn::Module<float> {
        Variable<float> forward(const Variable<float>& a, const Variable<float>& b) { return a + b; }
    } two;
    BOOST_TEST(fails_with([&] { static_cast<nn::Module<float>&>(two)(Variable<float>(Array<float>(Shape{1}))); },
                          "[TwoInputs] got one variable; wanted what its own forward takes"));
}

BOOST_AUTO_TEST_CASE(a_summary_shows_layers_output_shapes_and_parameters) {
    Net<float> net;
    std::string text = net.summary({5, 2});
    for (const char* part : {"fc1: Linear(2 -> 3)", "(5, 3)", "  block: Block", "    norm: BatchNorm(3)",
                             "fc2: Linear(3 -> 2, no bias)", "(5, 2)", "total", "34"})
        BOOST_TEST((text.find(part) != std::string::npos), part << " in\n" << text);
    BOOST_TEST(net.block.norm.num_batches_tracked.value() == 0);
    BOOST_TEST((net.summary().find("(5, 3)") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(containers_own_number_and_call_their_parts) {
    nn::Sequential<double> net;
    auto& first = net.add<nn::Linear>(2, 3);
    net.add<nn::Dropout<double>>(0.25);
    net.add("head", std::make_unique<nn::Linear<double>>(3, 1, nn::LinearOptions{.bias = false}));
    BOOST_TEST(net.size() == 3);
    BOOST_TEST(net.named_parameters().contains("head.weight"));
    BOOST_TEST(net.named_parameters().contains("0.bias"));
    BOOST_TEST(first.path() == "0");
    BOOST_TEST(to_string(net(Variable<double>(numbers({4, 2}))).shape()) == "(4, 1)");
    BOOST_CHECK_THROW(net[3], std::out_of_range);
    BOOST_CHECK_THROW(net.add("head", std::make_unique<nn::Linear<double>>(3, 1)), std::invalid_argument);
    BOOST_CHECK_THROW(net.add("none", std::unique_ptr<nn::Linear<double>>()), std::invalid_argument);
    BOOST_TEST(net.size() == 3);

    nn::Residual<double> residual;
    residual.add<nn::Linear>(2, 2);
    Variable<double> x(numbers({3, 2}));
    check_close(residual(x).value(), Array<double>(x.value() + residual[0](x).value()), 1e-15);
    residual.add<nn::Linear>(2, 1);
    BOOST_CHECK_THROW(residual(x), ShapeError);
}

BOOST_AUTO_TEST_CASE(a_parameter_is_a_variable_in_comparisons_and_beside_expressions) {
    nn::Parameter<double> p(Array<double>{1.0, 2.0, 3.0});
    xt::xarray<double> c{3.0, 2.0, 1.0};
    const Mask larger = p > c;
    BOOST_TEST((!larger(0) && !larger(1) && larger(2)));
    BOOST_TEST((p >= 2.0)(1));
    backward(sum(where(p < 2.5, p * c, 0.0)));
    BOOST_TEST(p.grad()(0) == 3.0);
    BOOST_TEST(p.grad()(2) == 0.0);
}

BOOST_AUTO_TEST_SUITE_END()
