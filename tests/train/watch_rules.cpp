#include <xtape/train/diagnosis/watch.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(watch_rules)

namespace {

// Samples of one layer and its weights, all alike, to be spoilt.
Measurements some_samples(std::size_t count = 6) {
    Measurements m;
    m.task = Task::classification;
    m.loss_operations = {"softmax_cross_entropy"};
    Batch<float> batch;
    batch.inputs = Variable<float>(Array<float>({4, 2}, 1.0F));
    batch.labels = Indices{0, 1, 0, 1};
    m.data.see_answers(batch);
    ParameterSeries weight;
    weight.name = "fc1.weight";
    weight.kind = "Linear";
    weight.shape = {4, 4};
    LayerSeries layer;
    layer.name = "relu(fc1)";
    layer.operation = "relu";
    for (std::size_t i = 0; i < count; ++i) {
        m.steps.push_back(static_cast<std::int64_t>(i) + 1);
        m.loss.push_back(0.6);
        m.penalty.push_back(0);
        m.lr.push_back(0.1);
        m.gradient_cosine.push_back(0.2);
        m.never_negative.push_back(0);
        weight.norm.push_back(2);
        weight.gradient_norm.push_back(1);
        weight.update_norm.push_back(2e-3);
        weight.alike.push_back(0);
        for (auto* series : {&layer.mean, &layer.deviation, &layer.spread, &layer.gradient}) series->push_back(1);
        layer.dead.push_back(0);
        layer.saturated.push_back(std::nan(""));
    }
    m.parameters.push_back(weight);
    m.layers.push_back(layer);
    for (int step = 1; step <= 200; ++step) m.add_loss(step, 0.6 / step);
    return m;
}

Evidence evidence_of(const Measurements& m) {
    static const History none;
    return {m, none, true, 200};
}

}    // namespace

BOOST_AUTO_TEST_CASE(rules_are_functions_of_measurements) {
    Measurements m = some_samples();
    for (const Verdict& verdict : judge(evidence_of(m)))
        BOOST_TEST(verdict.passed(), verdict.rule + ": " + verdict.message);

    m.layers[0].dead.assign(6, 0.95);
    BOOST_TEST(!dead_units(evidence_of(m)).passed());
    BOOST_TEST(dead_units(evidence_of(m), {.most = 0.99}).passed());

    m = some_samples();
    m.layers.push_back(m.layers[0]);    // the last layer may be certain
    m.layers[0].saturated.assign(6, 0.9);
    BOOST_TEST(saturated_units(evidence_of(m)).layer == "relu(fc1)");
    BOOST_TEST(!saturated_units(evidence_of(m)).passed());
    BOOST_TEST(saturated_units(evidence_of(m), {.share = 0.95}).passed());

    m = some_samples();
    for (const char* name : {"fc2.weight", "fc3.weight"}) {
        m.parameters.push_back(m.parameters[0]);
        m.parameters.back().name = name;
    }
    m.parameters[0].gradient_norm.assign(6, 1e-5);
    BOOST_TEST(!gradients_vanish(evidence_of(m)).passed());
    BOOST_TEST(gradients_explode(evidence_of(m)).passed());
    m.parameters[0].gradient_norm.assign(6, 1e5);
    BOOST_TEST(gradients_vanish(evidence_of(m)).passed());
    BOOST_TEST(!gradients_explode(evidence_of(m)).passed());

    m = some_samples();
    m.parameters[0].norm.assign(6, 40);
    BOOST_TEST(!initial_weights(evidence_of(m)).passed());
    BOOST_TEST(initial_weights(evidence_of(m), {.high = 30}).passed());

    m = some_samples();
    m.parameters[0].alike.assign(6, 1);
    BOOST_TEST(!units_alike(evidence_of(m)).passed());

    m = some_samples();
    m.parameters[0].update_norm.assign(6, 0);
    BOOST_TEST(!parameters_unchanged(evidence_of(m)).passed());

    m = some_samples();
    m.parameters[0].gradient_norm.assign(6, 0);
    BOOST_TEST(!zero_gradient(evidence_of(m)).passed());
    BOOST_TEST(no_gradient(evidence_of(m)).passed());

    m = some_samples();
    m.parameters[0].norm.back() = 0.01;
    m.curve.assign(200, 0.69);
    BOOST_TEST(!weights_collapse(evidence_of(m)).passed());
    BOOST_TEST(!not_learning(evidence_of(m)).passed());
    BOOST_TEST(!plateau(evidence_of(m)).passed());
    m.gradient_cosine.assign(6, -0.8);
    BOOST_TEST(!loss_oscillates(evidence_of(m)).passed());

    m = some_samples();
    m.layers[0].spread.assign(6, 1e-6);
    BOOST_TEST(!outputs_constant(evidence_of(m)).passed());

    m = some_samples();
    for (auto* series : {&m.layers[0].mean, &m.layers[0].spread}) series->assign(6, 1e-5);
    m.layers.push_back(m.layers[0]);    // the last layer may begin at 0
    Batch<float> batch;
    batch.inputs = Variable<float>(Array<float>({4, 2}, 1.0F));
    batch.labels = Indices{0, 1, 0, 1};
    m.data.see_inputs(batch);
    m.curve.assign(200, 0.69);
    BOOST_TEST(!activations_vanish(evidence_of(m)).passed());
    BOOST_TEST(activations_explode(evidence_of(m)).passed());
    for (LayerSeries& layer : m.layers) layer.spread.assign(6, 1e5);
    BOOST_TEST(activations_vanish(evidence_of(m)).passed());
    BOOST_TEST(!activations_explode(evidence_of(m)).passed());

    m = some_samples();
    m.loss.front() = 7;
    BOOST_TEST(!initial_loss(evidence_of(m)).passed());

    m = some_samples();
    m.curve.clear();
    for (int i = 0; i < 200; ++i) m.curve.push_back(0.65 - 0.002 * i);
    BOOST_TEST(!too_few_epochs(evidence_of(m)).passed());
}

BOOST_AUTO_TEST_CASE(what_follows_from_something_else_is_a_note_that_says_so) {
    Measurements m = some_samples();
    m.curve.assign(200, 0.69);
    const Diagnosis stuck = judge(evidence_of(m));
    BOOST_TEST(!stuck.at("not_learning").passed());
    m.parameters[0].update_norm.assign(6, 1e-6);
    const Diagnosis slow = judge(evidence_of(m));
    BOOST_TEST(!slow.at("learning_rate_too_low").passed());
    BOOST_TEST(slow.at("not_learning").passed());
    BOOST_TEST(slow.at("not_learning").message.ends_with("This may follow from learning_rate_too_low."));
}

BOOST_AUTO_TEST_CASE(training_and_validation_are_held_against_each_other) {
    const Measurements m = some_samples();
    History fits, overfits, leaks;
    for (int epoch = 0; epoch < 6; ++epoch) {
        fits.add({{"train.accuracy", 0.95}, {"validation.loss", 0.2}, {"validation.accuracy", 0.93}});
        overfits.add({{"train.accuracy", 1}, {"validation.loss", 0.3 + 0.1 * epoch}, {"validation.accuracy", 0.7}});
        leaks.add({{"train.accuracy", 0.7}, {"validation.loss", 0.1}, {"validation.accuracy", 0.97}});
    }
    BOOST_TEST(overfitting(Evidence{m, fits, true, 200}).passed());
    BOOST_TEST(!overfitting(Evidence{m, overfits, true, 200}).passed());
    BOOST_TEST(validation_better_than_training(Evidence{m, fits, true, 200}).passed());
    BOOST_TEST(!validation_better_than_training(Evidence{m, leaks, true, 200}).passed());
    BOOST_TEST(validation_at_chance(Evidence{m, fits, true, 200}).passed());
    History wrong;
    wrong.add({{"train.accuracy", 0.51}});
    Measurements beside_the_point = m;    // a loss that falls, and is no better than chance
    beside_the_point.loss.front() = 1.2;
    beside_the_point.curve.assign(200, 0.65);
    BOOST_TEST(!accuracy_at_chance(Evidence{beside_the_point, wrong, true, 200}).passed());
    BOOST_TEST(accuracy_at_chance(Evidence{m, wrong, true, 200}).passed());
    BOOST_TEST(accuracy_at_chance(Evidence{m, fits, true, 200}).passed());
    History chance;
    chance.add({{"validation.loss", 0.70}});
    BOOST_TEST(!validation_at_chance(Evidence{m, chance, true, 200}).passed());
    BOOST_TEST(validation_at_chance(Evidence{m, chance, false, 200}).passed());    // under way
}

BOOST_AUTO_TEST_CASE(throughput_that_halves_is_noticed) {
    const Measurements m = some_samples();
    const History none;
    const Evidence steady{m, none, true, 200, std::vector<double>(12, 100.0)};
    BOOST_TEST(throughput_falls(steady).passed());
    Evidence falling = steady;
    for (std::size_t i = 6; i < 12; ++i) falling.speed[i] = 40;
    BOOST_TEST(!throughput_falls(falling).passed());
}

BOOST_AUTO_TEST_SUITE_END()
