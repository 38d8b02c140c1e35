#include <xtape/train/diagnosis/detail/examination.hpp>
#include <xtape/train/diagnosis/preflight.hpp>
#include <xtape/train/loop/detail/text.hpp>

#include <algorithm>
#include <stdexcept>

namespace xtape::train {
namespace {

constexpr const char* names[] = {"inputs_scale",       "targets_scale",        "labels_in_range",
                                 "classes_present",    "labels_sorted",        "validation_duplicates",
                                 "answer_in_inputs",   "initial_loss",         "penalty_raises_loss",
                                 "loss_does_not_fit",  "loss_negative",        "loss_is_a_sum",
                                 "dropout_too_strong", "overfits_tiny_subset", "no_gradient",
                                 "zero_gradient",      "not_optimized",        "initial_weights",
                                 "gradient_check",     "activations_vanish",   "activations_explode",
                                 "gradients_vanish",   "gradients_explode",    "saturated_units",
                                 "no_activation",      "examples_independent", "evaluation_deterministic",
                                 "training_differs"};

template <class T>
Diagnosis examine(nn::Module<T>& model, const Objective<T>& objective, const Dataset<T>& data,
                  const PreflightOptions<T>& options, bool shuffles) {
    if (data.size() == 0) throw Error("[preflight] got no examples");
    for (const std::string& name : options.ignore)
        if (std::find(std::begin(names), std::end(names), name) == std::end(names))
            throw std::invalid_argument("[preflight] got a rule to ignore, '" + name + "'; there is " +
                                        detail::join({std::begin(names), std::end(names)}));
    detail::Examination<T> examination(model, objective, data, options, shuffles);
    Diagnosis diagnosis;
    for (Verdict& verdict : examination.verdicts())
        if (std::find(options.ignore.begin(), options.ignore.end(), verdict.rule) == options.ignore.end())
            diagnosis.add(std::move(verdict));
    return diagnosis;
}

}    // namespace

template <class T>
Diagnosis preflight(nn::Module<T>& model, const std::type_identity_t<Objective<T>>& objective,
                    const std::type_identity_t<Dataset<T>>& data, const PreflightOptions<T>& options) {
    return examine(model, objective, data, options, false);
}

template <class T>
Diagnosis preflight(nn::Module<T>& model, const std::type_identity_t<Objective<T>>& objective,
                    const DataLoader<T>& batches, PreflightOptions<T> options) {
    return examine(model, objective, batches.data(), options, batches.options().shuffle);
}

template Diagnosis preflight(nn::Module<float>&, const Objective<float>&, const Dataset<float>&,
                             const PreflightOptions<float>&);
template Diagnosis preflight(nn::Module<double>&, const Objective<double>&, const Dataset<double>&,
                             const PreflightOptions<double>&);
template Diagnosis preflight(nn::Module<float>&, const Objective<float>&, const DataLoader<float>&,
                             PreflightOptions<float>);
template Diagnosis preflight(nn::Module<double>&, const Objective<double>&, const DataLoader<double>&,
                             PreflightOptions<double>);

}    // namespace xtape::train
