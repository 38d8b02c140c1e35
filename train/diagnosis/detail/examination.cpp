#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/nn/penalty.hpp>
#include <xtape/train/diagnosis/detail/examination.hpp>
#include <xtape/train/diagnosis/detail/loss_family.hpp>
#include <xtape/train/diagnosis/detail/sampler.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace xtape::train::detail {

template <class T>
Examination<T>::Examination(nn::Module<T>& model, const Objective<T>& objective, const Dataset<T>& data,
                            const PreflightOptions<T>& options, bool shuffles)
    : model_(model),
      objective_(objective),
      data_(data),
      options_(options),
      shuffles_(shuffles),
      put_back_(model),
      batch_(some(options.examples)) {}

template <class T>
std::vector<Verdict> Examination<T>::verdicts() {
    const nn::ModeGuard<T> training(model_, true);
    measure();
    const History none;
    const Evidence evidence{measured_, none, false, 1};
    std::vector<Verdict> all{inputs_scale(evidence, options_.input_scale),
                             targets_scale(evidence, options_.targets_scale),
                             labels_in_range(),
                             classes_present(),
                             labels_sorted(),
                             validation_duplicates(),
                             answer_in_inputs(evidence, options_.leak),
                             initial_loss(),
                             penalty_raises_loss(),
                             loss_does_not_fit(evidence),
                             loss_negative(evidence),
                             loss_is_a_sum(),
                             dropout_too_strong(evidence, options_.dropout),
                             no_gradient(evidence),
                             zero_gradient(evidence),
                             not_optimized(evidence),
                             initial_weights(evidence, options_.initial_scale),
                             activations_vanish(evidence, options_.depth),
                             activations_explode(evidence, options_.depth),
                             gradients_vanish(evidence, options_.depth),
                             gradients_explode(evidence, options_.depth),
                             saturated_units(evidence, options_.saturated),
                             no_activation(evidence),
                             examples_independent(),
                             evaluation_deterministic(),
                             training_differs()};
    all.push_back(gradient_check());
    all.push_back(overfits_tiny_subset());
    return all;
}

template <class T>
std::vector<std::int64_t> Examination<T>::rows_of(std::size_t count) const {
    const std::size_t n = std::min(std::max<std::size_t>(1, count), data_.size());
    std::vector<std::int64_t> rows(n);
    for (std::size_t i = 0; i < n; ++i) rows[i] = static_cast<std::int64_t>(i * data_.size() / n);
    return rows;
}

template <class T>
void Examination<T>::measure() {
    using Kind = typename Objective<T>::Kind;
    measured_.task = objective_.kind() == Kind::classification ? Task::classification
                     : objective_.kind() == Kind::regression   ? Task::regression
                                                               : Task::other;
    Sampler<T> sampler(model_, options_.optimizer, {}, measured_);
    sampler.begin_step(1, true);
    model_.zero_grad();
    rewind();
    auto [loss, outputs] = [&] {
        const auto watch = sampler.watch_forward();
        return objective_(model_, batch_);
    }();
    sampler.after_forward(batch_, outputs, loss);
    if (outputs.defined()) classes_ = outputs.dimension() > 2 ? outputs.shape()[1] : outputs.size() / batch_.size();
    if (loss.requires_grad()) backward(loss);
    sampler.before_update(static_cast<double>(loss.item()), 0, 0);
    measured_.add_loss(1, measured_.loss.front());
    sampler.after_update();
    put_back_.load_values();
}

template <class T>
double Examination<T>::loss_of(const Batch<T>& batch) {
    const NoGrad no_grad;
    rewind();
    return static_cast<double>(objective_(model_, batch).loss.item());
}

template <class T>
Array<T> Examination<T>::outputs_of(const Variable<T>& inputs) {
    const NoGrad no_grad;
    rewind();
    return model_(inputs).value();
}

template <class T>
double Examination<T>::chance() const {
    return Evidence{measured_, History()}.chance();
}

template <class T>
Verdict Examination<T>::initial_loss() {
    Check check("initial_loss", options_.loss_ratio);
    const double loss = measured_.loss.front();
    const char* advice =
        "See whether the last layer begins with small weights, inputs and targets are normalised, and the "
        "loss is a mean over the examples.";
    if (!std::isfinite(loss))
        return check.fail(Severity::error, loss, "The first loss is " + number(loss) + ".", advice);
    double expected = std::nan(""), least = 0, most = 0;
    std::string why;
    const auto classes = static_cast<double>(classes_);
    const LossFamily family = loss_family(measured_);
    if (family == LossFamily::cross_entropy && classes > 1) {
        expected = std::log(classes);
        why = "ln " + number(classes) + " = " + number(expected);
    } else if (family == LossFamily::hinge && classes > 1) {
        expected = classes - 1;
        why = "the number of classes less 1, " + number(expected);
    } else if (measured_.task == Task::regression && family == LossFamily::squared_error) {
        // Of outputs around 0; those that begin at the mean cost the variance.
        expected = measured_.data.target_mean_square();
        most = options_.loss_ratio * options_.loss_ratio * expected;
        why = "the targets' variance of " + number(measured_.data.target_variance()) + " to their mean square of " +
              number(expected);
    }
    const std::string words = "The first loss is " + number(loss);
    if (!(expected > 0)) return check.pass(loss, words + "; what to expect of this objective is not known.");
    if (most == 0) {
        // Scores of deviation s cost about s^2 / 2 more, whatever the number of classes; few classes may fit by luck.
        most = std::max(options_.loss_ratio * expected, expected + options_.loss_excess);
        least = classes > 4 ? expected / options_.loss_ratio : 0;
    }
    if (loss > most || loss < least)
        return check.fail(Severity::warning, loss,
                          words + "; of a model that knows nothing yet one expects " + why + ".", advice);
    return check.pass(loss, words + "; expected is " + why + ".");
}

template <class T>
Verdict Examination<T>::penalty_raises_loss() {
    Check check("penalty_raises_loss", 0);
    const NoGrad no_grad;
    std::vector<double> strengths = options_.strengths;
    std::sort(strengths.begin(), strengths.end());
    const Parameters<T> parameters = model_.named_parameters();
    double before = measured_.loss.front(), least = std::numeric_limits<double>::infinity();
    std::string losses = number(before);
    for (double strength : strengths) {
        const double penalty = options_.penalty ? static_cast<double>(options_.penalty(strength).item())
                                                : strength * static_cast<double>(nn::l2_penalty(parameters).item());
        const double loss = measured_.loss.front() + penalty;
        least = std::min(least, loss - before);
        before = loss;
        losses += ", " + number(loss);
    }
    if (strengths.empty()) return check.skip("No strength was given.");
    if (!(least > 0))
        return check.fail(Severity::error, least, "With a stronger penalty the loss does not rise: " + losses + ".",
                          "See whether the penalty is added, with its right sign, and the weights are not all 0.");
    return check.pass(least, "With a stronger penalty the loss rises: " + losses + ".");
}

template Examination<float>::Examination(nn::Module<float>&, const Objective<float>&, const Dataset<float>&,
                                         const PreflightOptions<float>&, bool);
template Examination<double>::Examination(nn::Module<double>&, const Objective<double>&, const Dataset<double>&,
                                          const PreflightOptions<double>&, bool);
template std::vector<Verdict> Examination<float>::verdicts();
template std::vector<Verdict> Examination<double>::verdicts();
template std::vector<std::int64_t> Examination<float>::rows_of(std::size_t) const;
template std::vector<std::int64_t> Examination<double>::rows_of(std::size_t) const;
template double Examination<float>::loss_of(const Batch<float>&);
template double Examination<double>::loss_of(const Batch<double>&);
template Array<float> Examination<float>::outputs_of(const Variable<float>&);
template Array<double> Examination<double>::outputs_of(const Variable<double>&);
template double Examination<float>::chance() const;
template double Examination<double>::chance() const;

}    // namespace xtape::train::detail
