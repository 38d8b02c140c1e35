#include <xtape/train/diagnosis/detail/loss_family.hpp>

#include <limits>

namespace xtape::train::detail {

LossFamily loss_family(const Measurements& m) {
    const bool takes_log = loss_uses(m, {"log"});
    if (loss_uses(m, {"softmax_cross_entropy", "softmax_cross_entropy_of_distribution", "log_softmax", "logsumexp"}) ||
        m.output_operation == "log_softmax" || (takes_log && loss_uses(m, {"softmax"})) ||
        (takes_log && m.output_operation == "softmax"))
        return LossFamily::cross_entropy;
    // A focal loss weights it, by powers of the probability.
    if (loss_uses(m, {"pow", "pow_number"})) return LossFamily::other;
    if (loss_uses(m, {"logistic", "log_sigmoid"}) || (takes_log && loss_uses(m, {"sigmoid"})) ||
        (takes_log && m.output_operation == "sigmoid"))
        return LossFamily::logistic;
    if (m.data.labelled() && loss_uses(m, {"subtract"}) && loss_uses(m, {"gather", "index_select"}) &&
        loss_uses(m, {"relu", "maximum_number"}))
        return LossFamily::hinge;
    // Densities, divergences, and sums of several losses.
    if (takes_log || loss_uses(m, {"exp", "add", "add_number"})) return LossFamily::other;
    if (loss_uses(m, {"squared_difference"}) || (loss_uses(m, {"subtract"}) && loss_uses(m, {"square"})))
        return LossFamily::squared_error;
    if (loss_uses(m, {"subtract"}) && loss_uses(m, {"abs"})) return LossFamily::absolute_error;
    return LossFamily::other;
}

double loss_of_knowing_nothing(const Measurements& m) {
    const auto classes = static_cast<double>(m.data.class_counts().size());
    const LossFamily family = loss_family(m);
    if (m.task == Task::classification && m.data.labelled()) {
        if (family == LossFamily::cross_entropy || (family == LossFamily::logistic && classes == 2))
            return m.data.class_entropy();
        if (family == LossFamily::hinge) return classes - 1;
    }
    if (m.task == Task::regression && family == LossFamily::squared_error) return m.data.target_variance();
    return std::numeric_limits<double>::quiet_NaN();
}

}    // namespace xtape::train::detail
