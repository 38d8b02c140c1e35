#include <xtape/core/error.hpp>
#include <xtape/core/parameters.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(parameters)

static Variable<float> zeros(std::size_t count) {
    return Variable<float>(Array<float>(Shape{count}, 0.0f), requires_grad);
}

BOOST_AUTO_TEST_CASE(keeps_names_and_order) {
    auto model = [a = zeros(2), b = zeros(3)] { return Parameters<float>{{"fc.weight", a}, {"fc.bias", b}}; };
    std::string names;
    for (auto& [name, parameter] : model()) names += name + to_string(parameter.shape()) + " ";
    BOOST_TEST(names == "fc.weight(2,) fc.bias(3,) ");
    BOOST_TEST(model().size() == 2U);
    BOOST_TEST(model().count() == 5U);
    BOOST_TEST(model().at("fc.bias").size() == 3U);
    BOOST_TEST(model().at("fc.bias").value()(2) == 0);
    BOOST_TEST(!model().numbered());
    BOOST_CHECK_EXCEPTION(static_cast<void>(model().at("bias")), std::out_of_range, [](const std::out_of_range& error) {
        return std::string(error.what()) == "[parameters] got the name 'bias'; wanted one of: fc.weight, fc.bias";
    });
}

BOOST_AUTO_TEST_CASE(numbers_variables_without_names) {
    const Variables<float> variables{zeros(1), zeros(2)};
    const Parameters<float> parameters = variables;
    BOOST_TEST(parameters[1].name == "1");
    BOOST_TEST(parameters.numbered());
    const Variables<float> back = parameters;
    BOOST_TEST(&back[1].value() == &variables[1].value());
}

BOOST_AUTO_TEST_CASE(filters) {
    const Parameters<float> all{{"a.weight", zeros(1)}, {"a.bias", zeros(1)}, {"ab.bias", zeros(1)}};
    const auto biases =
        all.filter([](const std::string& name, const Variable<float>&) { return name.ends_with("bias"); });
    BOOST_TEST(biases.size() == 2U);
    BOOST_TEST(biases[1].name == "ab.bias");
    BOOST_TEST(all.below("a.").size() == 2U);
}

BOOST_AUTO_TEST_CASE(shares_the_variables) {
    auto variable = zeros(1);
    Parameters<float> parameters{{"a", variable}};
    parameters.at("a").set_grad(Array<float>{1.0f});
    BOOST_TEST(variable.has_grad());
    parameters.zero_grad();
    BOOST_TEST(!variable.has_grad());
}

BOOST_AUTO_TEST_CASE(refuses_names_that_are_taken_or_malformed_and_undefined_variables) {
    Parameters<float> parameters{{"a", zeros(1)}};
    BOOST_CHECK_THROW(parameters.add("a", zeros(1)), std::invalid_argument);
    BOOST_CHECK_THROW(parameters.add("", zeros(1)), std::invalid_argument);
    BOOST_CHECK_THROW(parameters.add("b/c", zeros(1)), std::invalid_argument);
    BOOST_CHECK_THROW(parameters.add("b", Variable<float>()), GradError);
    BOOST_CHECK_THROW((Parameters<float>{Variable<float>()}), GradError);
    BOOST_TEST(parameters.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
