// Losses of every kind, nn's and hand-written ones: a sound run is called healthy whatever it minimises, and what is
// wrong with a loss is called by its name.
#include <xtape/core/random.hpp>
#include <xtape/nn/classification_loss.hpp>
#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/regression_loss.hpp>
#include <xtape/ops/activation.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/exponential.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/index.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/softmax.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/split.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/diagnosis/preflight.hpp>
#include <xtape/train/diagnosis/watch.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <string>

using namespace xtape;
using namespace xtape::train;
namespace nn = xtape::nn;

BOOST_AUTO_TEST_SUITE(diagnosis_of_losses)

namespace {

using Kind = Objective<float>::Kind;
using V = Variable<float>;

struct Net : nn::Module<float> {
    explicit Net(std::ptrdiff_t in, std::ptrdiff_t out, double dropped = 0)
        : fc1{this, "fc1", in, 24}, fc2{this, "fc2", 24, out}, dropout{this, "dropout", dropped} {}
    nn::Linear<float> fc1, fc2;
    nn::Dropout<float> dropout;
    std::function<V(const V&)> after = [](const V& x) { return x; };
    V forward(const V& x) override { return after(fc2(dropout(relu(fc1(x))))); }
};

Dataset<float> clouds() {
    return blobs<float>({.classes = 3, .per_class = 60, .seed = 3}).map_inputs([](const Array<float>& x) {
        return Array<float>(x / 8.0F);
    });
}
Dataset<float> lines() { return linear_regression<float>({.count = 240, .features = 4}); }
Dataset<float> with_targets(const Dataset<float>& data, float scale, float offset) {
    return {data.inputs(), Array<float>(data.targets() * scale + offset)};
}

Variable<float> one_hot(const Indices& labels, std::size_t classes) {
    Array<float> result({labels.size(), classes}, 0.0F);
    for (std::size_t i = 0; i < labels.size(); ++i)
        result.storage()[i * classes + static_cast<std::size_t>(labels.storage()[i])] = 1;
    return V(result);
}

Objective<float> of_classes(std::function<V(const V&, const Indices&)> loss) {
    return {[loss](const V& outputs, const Batch<float>& batch) { return loss(outputs, batch.labels); },
            {accuracy<float>()},
            Kind::classification};
}
Objective<float> of_numbers(std::function<V(const V&, const V&)> loss) {
    return {[loss](const V& outputs, const Batch<float>& batch) { return loss(outputs, batch.targets); },
            {r_squared<float>()},
            Kind::regression};
}

struct Run {
    Diagnosis before, after;
};

Run trained(Net& net, const Objective<float>& objective, const Dataset<float>& data, double weight_decay = 0) {
    const auto parts = split(data, {.validation = 0.25, .seed = 1});
    optim::Adam<float> optimizer(net.named_parameters(), {.lr = 1e-2, .weight_decay = weight_decay});
    const DataLoader<float> shuffled(parts.train, {.batch_size = 20, .shuffle = true, .seed = 5});
    DataLoader<float> batches(parts.train, {.batch_size = 20, .shuffle = true, .seed = 5});
    DataLoader<float> validation(parts.validation, {.batch_size = 60});
    Run run;
    run.before = train::preflight(net, objective, shuffled, {.optimizer = &optimizer});
    Trainer<float> trainer(net, optimizer, objective, {.epochs = 40, .progress = Progress::none});
    trainer.add<Watch>();
    trainer.fit(batches, validation);
    run.after = trainer.diagnosis();
    return run;
}

void check_healthy(const std::string& name, const Run& run) {
    BOOST_TEST(run.before.healthy(), name + ": " + run.before.message());
    BOOST_TEST(run.after.healthy(), name + ": " + run.after.message());
}

// The rule gave a warning or an error, and no other rule of Watch did.
void check_named(const std::string& rule, const Run& run) {
    BOOST_TEST(run.after.has(rule), rule + ": " + run.after.message());
    for (const Verdict& verdict : run.after)
        BOOST_TEST((verdict.passed() || verdict.rule == rule), rule + ": " + to_string(verdict));
}

}    // namespace

BOOST_AUTO_TEST_CASE(sound_runs_are_healthy_whatever_they_minimise) {
    const std::pair<const char*, Objective<float>> objectives[] = {
        {"cross entropy", classification<float>()},
        {"log likelihood",
         of_classes([](const V& y, const Indices& labels) { return nn::nll_loss(log_softmax(y, -1), labels); })},
        {"hinge", of_classes([](const V& y, const Indices& labels) { return nn::multiclass_hinge_loss(y, labels); })},
        {"squared hinge", of_classes([](const V& y, const Indices& labels) {
             return nn::multiclass_hinge_loss(y, labels, {.squared = true});
         })},
        {"logistic", of_classes([](const V& y, const Indices& labels) {
             return nn::binary_cross_entropy_with_logits(y, one_hot(labels, 3));
         })},
        {"focal", of_classes([](const V& y, const Indices& labels) { return nn::focal_loss(y, one_hot(labels, 3)); })},
        {"by hand", of_classes([](const V& y, const Indices& labels) {
             return -mean(log(sum(softmax(y, -1) * one_hot(labels, 3), -1)));
         })},
    };
    for (const auto& [name, objective] : objectives) {
        seed(1);
        Net net(2, 3);
        check_healthy(name, trained(net, objective, clouds()));
    }
    const std::pair<const char*, Objective<float>> of_targets[] = {
        {"squares", regression<float>()},
        {"squares by hand", of_numbers([](const V& y, const V& t) { return mean(square(y - t)); })},
        {"absolute", of_numbers([](const V& y, const V& t) { return nn::l1_loss(y, t); })},
        {"Huber", of_numbers([](const V& y, const V& t) { return nn::huber_loss(y, t); })},
    };
    for (const auto& [name, objective] : of_targets) {
        seed(1);
        Net net(4, 1);
        check_healthy(name, trained(net, objective, lines()));
    }
    // An absolute error of small targets is far above their variance.
    seed(1);
    Net net(4, 1);
    check_healthy("small", trained(net, of_targets[2].second, with_targets(lines(), 0.05F, 0)));
}

BOOST_AUTO_TEST_CASE(outputs_within_bounds_fit_targets_within_them) {
    const auto within = with_targets(lines(), 0.05F, 0.5F);    // about 0.2 to 0.8
    seed(1);
    Net net(4, 1);
    net.after = [](const V& y) { return sigmoid(y); };
    const Run fits = trained(net, regression<float>(), within);
    BOOST_TEST(!fits.before.has("loss_does_not_fit"), fits.before.message());
    BOOST_TEST(!fits.after.has("loss_does_not_fit"), fits.after.message());
    seed(1);
    Net bounded(4, 1);
    bounded.after = net.after;
    BOOST_TEST(trained(bounded, regression<float>(), lines()).after.has("loss_does_not_fit"));
    seed(1);
    Net logits(2, 3);
    logits.after = [](const V& y) { return tanh(y); };
    BOOST_TEST(trained(logits, classification<float>(), clouds()).after.has("loss_does_not_fit"));
}

BOOST_AUTO_TEST_CASE(inputs_may_be_what_is_to_be_said) {
    seed(1);
    Net net(4, 4);
    const Dataset<float> same(lines().inputs(), lines().inputs());
    check_healthy("reconstruction", trained(net, regression<float>(), same));
}

BOOST_AUTO_TEST_CASE(the_first_loss_is_held_against_that_of_outputs_around_0) {
    seed(1);
    Net net(2, 3);
    const auto hinge = of_classes([](const V& y, const Indices& l) { return nn::multiclass_hinge_loss(y, l); });
    const Diagnosis before = train::preflight(net, hinge, clouds());
    BOOST_TEST(before.at("initial_loss").message.find("the number of classes less 1, 2") != std::string::npos,
               before.message());
    Net wild(2, 3);
    wild.fc2.weight.update([](Array<float>& w) { w *= 60.0F; });
    BOOST_TEST(train::preflight(wild, hinge, clouds()).has("initial_loss"));
}

BOOST_AUTO_TEST_CASE(a_sum_over_the_batch_is_noticed) {
    seed(1);
    Net net(2, 3);
    const auto sums = of_classes([](const V& y, const Indices& labels) {
        return nn::cross_entropy(y, labels, {.reduction = nn::Reduction::sum});
    });
    const Run run = trained(net, sums, clouds());
    BOOST_TEST(run.before.at("loss_is_a_sum").value == 2, boost::test_tools::tolerance(1e-3));
    BOOST_TEST(run.before.has("loss_is_a_sum"));
    check_named("loss_is_a_sum", run);
}

BOOST_AUTO_TEST_CASE(a_loss_of_the_wrong_sign_is_noticed) {
    seed(1);
    Net net(2, 3);
    const auto wrong = of_classes([](const V& y, const Indices& labels) { return -nn::cross_entropy(y, labels); });
    const Run run = trained(net, wrong, clouds());
    BOOST_TEST(run.before.has("loss_negative"));
    check_named("loss_negative", run);
    // The likelihood of a density may well be above 1.
    seed(1);
    Net sure(4, 1);
    const auto density =
        of_numbers([](const V& y, const V& t) { return nn::gaussian_nll_loss(y, t, V(Array<float>(Shape{}, 1e-3F))); });
    BOOST_TEST(!trained(sure, density, with_targets(lines(), 0.1F, 0)).after.has("loss_negative"));
}

BOOST_AUTO_TEST_CASE(targets_far_from_a_scale_of_1_are_noticed) {
    for (const auto& [scale, offset] : {std::pair{1e4F, 0.0F}, {1.0F, 1e3F}, {1e-5F, 0.0F}}) {
        seed(1);
        Net net(4, 1);
        const Run run = trained(net, regression<float>(), with_targets(lines(), scale, offset));
        BOOST_TEST(run.before.has("targets_scale"));
        check_named("targets_scale", run);
    }
}

BOOST_AUTO_TEST_CASE(dropout_that_leaves_nothing_is_noticed) {
    seed(1);
    Net net(2, 3, 0.97);
    const Run run = trained(net, classification<float>(), clouds());
    BOOST_TEST(run.before.at("dropout_too_strong").value > 0.9);
    check_named("dropout_too_strong", run);
    seed(1);
    Net usual(2, 3, 0.5);
    const Run sound = trained(usual, classification<float>(), clouds());
    BOOST_TEST(std::abs(sound.after.at("dropout_too_strong").value - 0.5) < 0.15);
    BOOST_TEST(!sound.after.has("dropout_too_strong"));
}

BOOST_AUTO_TEST_CASE(a_decay_that_takes_the_weights_away_is_the_cause) {
    seed(1);
    Net net(2, 3);
    check_named("weights_collapse", trained(net, classification<float>(), clouds(), 1));
}

BOOST_AUTO_TEST_SUITE_END()
