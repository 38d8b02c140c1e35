#include <xtape/core/error.hpp>
#include <xtape/train/diagnosis/measurements.hpp>
#include <xtape/train/diagnosis/verdict.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <stdexcept>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(verdict)

namespace {

Diagnosis some() {
    Diagnosis diagnosis;
    diagnosis.add({.rule = "dead_units", .layer = "fc1", .message = "All units are alive."});
    diagnosis.add({.rule = "dead_units",
                   .severity = Severity::warning,
                   .value = 0.6,
                   .limit = 0.4,
                   .step = 200,
                   .layer = "relu(fc2)",
                   .message = "60 % of the units are 0 for every example.",
                   .advice = "Try a lower learning rate."});
    diagnosis.add({.rule = "loss_not_finite", .severity = Severity::error, .step = 210, .message = "The loss is nan."});
    return diagnosis;
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_note_is_healthy_and_what_has_more_is_not) {
    Diagnosis diagnosis;
    BOOST_TEST(diagnosis.healthy());
    diagnosis.add({.rule = "dead_units", .message = "All units are alive."});
    BOOST_TEST(diagnosis.healthy());
    BOOST_TEST(!diagnosis.has("dead_units"));
    BOOST_TEST(diagnosis.at("dead_units").passed());
    BOOST_TEST(diagnosis.exit_code() == 0);
    BOOST_TEST(diagnosis.message() == "healthy");
    diagnosis.add({.rule = "plateau", .severity = Severity::warning, .message = "It stands still."});
    BOOST_TEST(!diagnosis.healthy());
    BOOST_TEST(diagnosis.has("plateau"));
    BOOST_TEST(diagnosis.exit_code() == 1);
    diagnosis.add(some());
    BOOST_TEST(diagnosis.exit_code() == 2);
    BOOST_TEST(diagnosis.size() == 5u);
    diagnosis.add(diagnosis);
    BOOST_TEST(diagnosis.size() == 10u);
}

BOOST_AUTO_TEST_CASE(the_most_severe_verdict_of_a_rule_is_found_and_a_missing_rule_named) {
    BOOST_TEST(some().at("dead_units").layer == "relu(fc2)");
    BOOST_CHECK_EXCEPTION(some().at("dead_unit"), std::out_of_range, [](const std::exception& e) {
        return std::string(e.what()) == "[Diagnosis] got 'dead_unit'; there is dead_units, loss_not_finite";
    });
}

BOOST_AUTO_TEST_CASE(the_message_has_errors_first_with_place_and_advice) {
    BOOST_TEST(some().message() ==
               "error: loss_not_finite (step 210): The loss is nan.\n"
               "warning: dead_units (relu(fc2), step 200): 60 % of the units are 0 for every example. Try a lower "
               "learning rate.");
}

BOOST_AUTO_TEST_CASE(a_diagnosis_comes_back_from_its_state_and_refuses_another) {
    Diagnosis loaded;
    const State saved = some().state();
    loaded.load_state(saved);
    BOOST_TEST(loaded.message() == some().message());
    BOOST_TEST(loaded.at("dead_units").value == 0.6);
    BOOST_TEST(!loaded.at("loss_not_finite").layer.size());
    State wrong;
    wrong.add("0.rule", std::string("x"));
    wrong.add("0.severity", std::int64_t{7});
    wrong.add("0.step", std::int64_t{1});
    BOOST_CHECK_THROW(loaded.load_state(wrong), StateError);
    BOOST_TEST(loaded.size() == 3u);
}

BOOST_AUTO_TEST_CASE(measurements_come_back_from_their_state_and_thin_evenly) {
    Measurements all;
    ParameterSeries weight{.name = "fc1.weight", .shape = {2, 3}};
    LayerSeries layer{.name = "relu(fc1)", .operation = "relu", .units = 3};
    for (int i = 0; i < 5; ++i) {
        const double x = i;
        all.steps.push_back(i * 10 + 1);
        for (auto* series : {&all.loss, &all.penalty, &all.lr, &all.gradient_cosine, &all.never_negative, &weight.alike,
                             &layer.spread, &weight.norm, &weight.gradient_norm, &weight.update_norm, &layer.mean,
                             &layer.deviation, &layer.gradient, &layer.dead, &layer.saturated})
            series->push_back(x);
        weight.weights.push_back({-x, x, {i, 2 * i}});
        weight.gradients.emplace_back();
        layer.activations.push_back({0, 1, {7}});
    }
    all.parameters.push_back(weight);
    all.layers.push_back(layer);
    BOOST_TEST(std::isnan(weight.update_ratio(0)));
    BOOST_TEST(weight.update_ratio(2) == 1);

    const State state = all.state();
    Measurements loaded;
    loaded.load_state(state);
    BOOST_TEST(identical(loaded.state().at("parameters.0.weights.counts"), state.at("parameters.0.weights.counts")));
    BOOST_TEST(loaded.parameter("fc1.weight")->weights[3].counts.at(1) == 6);
    BOOST_TEST(loaded.parameter("fc1.weight")->shape.size() == 2u);
    BOOST_TEST(loaded.parameter("fc1.bias") == nullptr);
    BOOST_TEST(loaded.layer("relu(fc1)")->operation == "relu");

    loaded.thin();
    BOOST_TEST(loaded.steps == (std::vector<std::int64_t>{1, 21, 41}), boost::test_tools::per_element());
    BOOST_TEST(loaded.layers[0].dead == (std::vector<double>{0, 2, 4}), boost::test_tools::per_element());
    BOOST_TEST(loaded.parameters[0].weights.at(2).low == -4);

    State broken;
    for (const auto& [name, value] : state)
        if (name == "loss")
            broken.add(name, Array<double>{1.0});
        else
            broken.add(name, value);
    BOOST_CHECK_THROW(loaded.load_state(broken), StateError);
    BOOST_TEST(loaded.samples() == 3u);
}

BOOST_AUTO_TEST_CASE(the_curve_of_a_long_run_has_the_mean_of_its_steps) {
    Measurements all;
    for (std::int64_t step = 1; step <= 5000; ++step) all.add_loss(step, static_cast<double>(step));
    BOOST_TEST(all.curve_stride == 8);
    BOOST_TEST(all.curve.size() == 625u);
    BOOST_TEST(all.curve.front() == 4.5);
    BOOST_TEST(all.curve.back() == 4996.5);
}

BOOST_AUTO_TEST_SUITE_END()
