// Every operation in the registry, tried on its own samples: nothing here names an operation.
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/registry.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string>
#include <string_view>

#include "unwritten.hpp"

using namespace xtape;

namespace {

template <class T>
Variables<T> leaves(const Sample& sample) {
    Variables<T> inputs;
    for (const auto& input : sample.inputs) inputs.push_back(Variable<T>(Array<T>(xt::cast<T>(input)), requires_grad));
    return inputs;
}

template <class T>
const SampleFunction<T>& function(const Sample& sample) {
    if constexpr (std::is_same_v<T, float>)
        return sample.in_float;
    else
        return sample.in_double;
}

template <class A, class B>
void check_close(const A& got, const B& wanted, double tolerance) {
    BOOST_TEST_REQUIRE(to_string(got.shape()) == to_string(wanted.shape()));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        double g = double(got.storage()[i]), w = double(wanted.storage()[i]);
        bool same =
            g == w || (std::isnan(g) && std::isnan(w)) || std::abs(g - w) <= tolerance * std::max(1.0, std::abs(w));
        BOOST_TEST(same, "element " << i << ": got " << g << ", wanted " << w);
    }
}

bool has_elements(const Sample& sample) {
    for (const auto& input : sample.inputs)
        if (input.size() > 0) return true;
    return false;
}

// The gradients of the sum of squares of f's value, whose cotangent differs from element to element.
template <class T>
Variables<T> gradients(const Sample& sample, bool create_graph) {
    auto x = leaves<T>(sample);
    auto y = function<T>(sample)(x);
    Array<T> seed = empty_array<T>(y.shape());
    for (std::size_t i = 0; i < seed.size(); ++i) seed.storage()[i] = T(0.5) + T(i % 7) * T(0.25);
    if (!y.requires_grad()) return {};
    spoil_free_memory();
    return grad(y, x, {.create_graph = create_graph, .allow_unused = true}, {Variable<T>(seed)});
}

template <class Check>
void for_samples(Check check) {
    for (const auto& operation : operations()) {
        if (operation.samples == nullptr) continue;
        for (const auto& sample : operation.samples().list)
            BOOST_TEST_CONTEXT(operation.about.family << "/" << operation.name << ", sample '" << sample.name << "'") {
                spoil_free_memory();
                check(sample);
            }
    }
}

}    // namespace

BOOST_AUTO_TEST_SUITE(registry)

BOOST_AUTO_TEST_CASE(every_operation_documents_itself_and_has_samples) {
    BOOST_TEST(operations().size() > 10);
    for (const auto& operation : operations()) {
        // Operations that tests make, with a name of their own or by map().
        const std::string_view name(operation.name);
        if (name.starts_with("test_") || name == "map") continue;
        BOOST_TEST_CONTEXT(operation.name) {
            BOOST_TEST(std::string(operation.about.formula) != "");
            BOOST_TEST(std::string(operation.about.derivative) != "");
            BOOST_TEST(std::string(operation.about.family) != "");
            BOOST_TEST_REQUIRE(operation.samples != nullptr);
            BOOST_TEST(!operation.samples().list.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(values_in_double_equal_the_reference) {
    for_samples([](const Sample& sample) {
        if (sample.refused) return;
        check_close(sample.in_double(leaves<double>(sample)).value(), sample.reference(sample.inputs), 1e-12);
    });
}

BOOST_AUTO_TEST_CASE(values_in_float_equal_the_reference) {
    for_samples([](const Sample& sample) {
        if (sample.refused) return;
        double tolerance = sample.float_tolerance > 0 ? sample.float_tolerance : 1e-5;
        check_close(sample.in_float(leaves<float>(sample)).value(), sample.reference(sample.inputs), tolerance);
    });
}

BOOST_AUTO_TEST_CASE(derivatives_equal_central_differences) {
    for_samples([](const Sample& sample) {
        if (sample.refused || sample.order == 0 || !has_elements(sample)) return;
        BOOST_TEST(gradcheck(sample.in_double, leaves<double>(sample), {.order = sample.order}));
    });
}

BOOST_AUTO_TEST_CASE(recorded_derivatives_equal_unrecorded_ones) {
    for_samples([](const Sample& sample) {
        if (sample.refused || sample.order == 0) return;
        auto plain = gradients<double>(sample, false), recorded = gradients<double>(sample, true);
        for (std::size_t i = 0; i < plain.size(); ++i)
            if (plain[i].defined()) check_close(plain[i].value(), recorded[i].value(), 1e-12);
    });
}

BOOST_AUTO_TEST_CASE(derivatives_in_float_equal_those_in_double) {
    for_samples([](const Sample& sample) {
        if (sample.refused || sample.order == 0) return;
        auto narrow = gradients<float>(sample, false);
        auto wide = gradients<double>(sample, false);
        double tolerance = sample.float_tolerance > 0 ? sample.float_tolerance : 1e-4;
        for (std::size_t i = 0; i < wide.size(); ++i)
            if (wide[i].defined()) check_close(narrow[i].value(), wide[i].value(), tolerance);
    });
}

BOOST_AUTO_TEST_CASE(bad_inputs_are_refused_with_a_text_that_names_the_operation) {
    for_samples([](const Sample& sample) {
        if (!sample.refused) return;
        auto x = leaves<double>(sample);
        try {
            sample.in_double(x);
            BOOST_ERROR("was not refused");
        } catch (const std::exception& error) {
            BOOST_TEST(std::string(error.what()).starts_with("["), error.what());
        }
        for (std::size_t i = 0; i < x.size(); ++i) check_close(x[i].value(), sample.inputs[i], 0);
        BOOST_CHECK_THROW(sample.in_float(leaves<float>(sample)), std::exception);
    });
}

BOOST_AUTO_TEST_SUITE_END()
