#include <algorithm>

#include "runs.hpp"

namespace xtape::bench {

const std::vector<Setting>& settings() {
    static const std::vector<Setting> all{
        {"digits, 2 layers, SGD", {.data = Data::digits, .count = 2000, .width = 32, .lr = 0.05, .epochs = 10}},
        {"digits, 8 layers, Adam",
         {.data = Data::digits, .count = 2000, .hidden = 7, .width = 32, .adam = true, .lr = 2e-3, .epochs = 12}},
        {"blobs, 2 layers, SGD", {.data = Data::blobs, .count = 600, .lr = 0.02, .epochs = 20}},
        {"blobs, 8 layers, Adam",
         {.data = Data::blobs, .count = 600, .hidden = 7, .width = 16, .adam = true, .lr = 3e-3, .epochs = 20}},
        {"circles, 2 layers, Adam", {.data = Data::circles, .count = 600, .adam = true, .lr = 1e-2, .epochs = 40}},
        {"spirals, 2 layers, Adam",
         {.data = Data::spirals, .count = 600, .width = 64, .adam = true, .lr = 1e-2, .epochs = 80}},
        {"moons, 2 layers, SGD",
         {.data = Data::moons, .count = 600, .lr = 0.1, .epochs = 40, .activation = Activation::tanh}},
        {"friedman, 2 layers, Adam",
         {.data = Data::friedman, .count = 800, .width = 32, .adam = true, .lr = 1e-2, .epochs = 40}},
    };
    return all;
}

const std::vector<Fault>& faults() {
    static const std::vector<Fault> all{
        {"learning rate too low",
         {"learning_rate_too_low", "parameters_unchanged"},
         [](Plan& plan) { plan.lr *= 1e-4; }},
        {"learning rate too high",
         {"learning_rate_too_high", "loss_not_finite", "loss_oscillates"},
         [](Plan& plan) { plan.lr *= 40; }},
        {"learning rate wildly too high",
         {"learning_rate_too_high", "loss_not_finite"},
         [](Plan& plan) { plan.lr *= 1e5; }},
        {"sorted labels, not shuffled", {"batches_sorted"}, [](Plan& plan) { plan.sorted = true; }},
        {"labels shuffled", {"validation_at_chance", "not_learning"}, [](Plan& plan) { plan.shuffled_labels = true; }},
        {"zero_grad forgotten", {"gradients_accumulate"}, [](Plan& plan) { plan.accumulating = true; }},
        {"weights all zero", {"initial_weights", "units_alike"}, [](Plan& plan) { plan.weights = 0; }},
        {"weights too small", {"initial_weights"}, [](Plan& plan) { plan.weights = 1e-3; }},
        {"weights too large", {"initial_weights", "initial_loss"}, [](Plan& plan) { plan.weights = 20; }},
        {"dead rectifiers", {"dead_units"}, [](Plan& plan) { plan.bias = -100; }},
        {"saturated sigmoids, 10 layers",
         {"saturated_units", "gradients_vanish", "initial_weights"},
         [](Plan& plan) {
             plan.hidden = 9;
             plan.activation = Activation::sigmoid;
             plan.weights = 10;
         }},
        {"inputs of scale 1e3", {"inputs_scale"}, [](Plan& plan) { plan.input_scale = 1e3; }},
        {"penalty 1e3 too strong", {"penalty_dominates"}, [](Plan& plan) { plan.penalty *= 1e3 * 10; }},
        {"wrong loss", {"loss_does_not_fit", "accuracy_at_chance"}, [](Plan& plan) { plan.wrong_loss = true; }},
        {"layer cut off by detach", {"no_gradient"}, [](Plan& plan) { plan.cut = true; }},
        {"answer in the inputs", {"answer_in_inputs"}, [](Plan& plan) { plan.leak = true; }},
        {"batch norm in evaluation",
         {"layers_in_evaluation"},
         [](Plan& plan) { plan.norm = plan.norm_in_evaluation = true; }},
        {"too few epochs",
         {"too_few_epochs"},
         [](Plan& plan) {
             plan.epochs = std::max<std::size_t>(1, plan.epochs / 15);
             plan.lr /= 3;
         }},
        {"overfitting",
         {"overfitting"},
         [](Plan& plan) {
             plan.count = 120;
             plan.width = 256;
             plan.hidden = 2;
             plan.epochs = 120;
             plan.adam = true;
             plan.lr = 3e-3;
             plan.batch = 10;
             plan.noise = true;
         }},
        {"momentum of 0.999",
         {"learning_rate_too_high", "loss_not_finite", "loss_oscillates"},
         [](Plan& plan) { plan.momentum = 0.999; },
         true},
        {"dropout of 0.97", {"dropout_too_strong"}, [](Plan& plan) { plan.dropout = 0.97; }, true},
        {"validation data not normalised",
         {"overfitting", "validation_at_chance"},
         [](Plan& plan) { plan.odd_validation = true; },
         true},
        {"gradients clipped to 1e-6", {"learning_rate_too_low"}, [](Plan& plan) { plan.clip = 1e-6; }, true},
        {"rectified outputs", {"loss_does_not_fit"}, [](Plan& plan) { plan.rectified = true; }, true},
        {"hidden layers of one unit",
         {"underfitting", "plateau", "dead_units", "not_learning"},
         [](Plan& plan) { plan.width = 1; },
         true},
        {"rate that halves every step",
         {"learning_rate_too_low", "parameters_unchanged", "too_few_epochs", "plateau"},
         [](Plan& plan) { plan.decay = 0.5; },
         true},
        {"missing values", {"inputs_scale", "loss_not_finite"}, [](Plan& plan) { plan.missing = true; }, true},
        {"inputs all zero", {"inputs_scale"}, [](Plan& plan) { plan.input_scale = 0; }, true},
        {"loss of the wrong sign", {"loss_negative"}, [](Plan& plan) { plan.negated = true; }, true},
        {"no activation functions", {"no_activation"}, [](Plan& plan) { plan.linear = true; }, true},
        {"first layer not in the optimizer", {"not_optimized"}, [](Plan& plan) { plan.omitting = true; }, true},
        {"loss summed over the batch", {"loss_is_a_sum"}, [](Plan& plan) { plan.summed = true; }, true},
        {"validation answers shuffled",
         {"validation_at_chance", "overfitting"},
         [](Plan& plan) { plan.foreign_answers = true; },
         true},
        {"softmax over the batch", {"loss_does_not_fit"}, [](Plan& plan) { plan.across_examples = true; }, true},
        {"weight decay of 1", {"weights_collapse", "not_learning"}, [](Plan& plan) { plan.weight_decay = 1; }, true},
        {"Adam's epsilon of 10", {"learning_rate_too_low"}, [](Plan& plan) { plan.epsilon = 10; }, true},
        {"rate 1000 times as high from the middle on",
         {"learning_rate_too_high", "loss_not_finite"},
         [](Plan& plan) { plan.spike = 1000; },
         true},
        {"weights 3 times as large",
         {"initial_weights", "initial_loss", "activations_explode"},
         [](Plan& plan) { plan.weights = 3; },
         true},
        {"weights 0.2 times as large",
         {"initial_weights", "activations_vanish"},
         [](Plan& plan) { plan.weights = 0.2; },
         true},
        {"rate a hundredth", {"learning_rate_too_low", "too_few_epochs"}, [](Plan& plan) { plan.lr /= 100; }, true},
        {"inputs of scale 1e-4", {"inputs_scale"}, [](Plan& plan) { plan.input_scale = 1e-4; }, true},
        {"targets of scale 1e4", {"targets_scale"}, [](Plan& plan) { plan.target_scale = 1e4; }, true},
        {"targets with an offset of 1000", {"targets_scale"}, [](Plan& plan) { plan.target_offset = 1e3; }, true},
        {"tanh before the loss", {"loss_does_not_fit"}, [](Plan& plan) { plan.bounded = true; }, true},
    };
    return all;
}

bool applies(const Setting& setting, const Fault& fault) {
    Plan plan = setting.plan;
    fault.spoil(plan);
    const bool no_rectifiers = plan.bias != 0 && plan.activation != Activation::relu;
    const bool divided_out = plan.adam && (plan.momentum != Plan().momentum || plan.clip != 0);
    const bool targets = plan.target_scale != 1 || plan.target_offset != 0;
    const bool of_classes = plan.across_examples;
    const bool regression = plan.data == Data::friedman;
    const bool of_adam = plan.epsilon != Plan().epsilon;
    const bool scaled = plan.weights == 3 || plan.weights == 0.2;    // which two layers put up with
    return !no_rectifiers && (!scaled || plan.hidden > 2) && !divided_out && (regression ? !of_classes : !targets) &&
           (plan.adam || !of_adam);
}

}    // namespace xtape::bench
