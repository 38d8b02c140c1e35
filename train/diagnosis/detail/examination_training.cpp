// The checks that change parameters: whether the model can learn, and whether its derivative is right.
#include <xtape/core/backward.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/train/diagnosis/detail/examination.hpp>
#include <xtape/train/diagnosis/detail/statistics.hpp>
#include <xtape/train/diagnosis/detail/wording.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train::detail {
namespace {

template <class T>
double accuracy_of(const Array<T>& outputs, const Indices& labels) {
    if (outputs.dimension() != 2 || labels.size() != outputs.shape()[0]) return std::nan("");
    const std::size_t classes = outputs.shape()[1];
    double right = 0;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const T* row = outputs.storage().data() + i * classes;
        right += std::max_element(row, row + classes) - row == labels.storage()[i] ? 1 : 0;
    }
    return right / static_cast<double>(labels.size());
}

}    // namespace

template <class T>
Verdict Examination<T>::overfits_tiny_subset() {
    const Batch<T> batch = some(options_.subset);
    const double chance = this->chance();
    const double target = options_.subset_loss * chance;
    Check check("overfits_tiny_subset", target);
    const std::string size = std::to_string(batch.size());
    if (!(chance > 0)) return check.skip("There is no loss above 0 to begin with.");
    const nn::ModeGuard<T> modes(model_, true);
    for (const auto& [name, module] : model_.named_modules())    // learning by heart is not to be made hard
        if (module->kind().find("Drop") != std::string::npos) module->eval();
    double loss = std::nan(""), accuracy = std::nan("");
    auto fits = [&] { return loss <= target && !(accuracy < 1); };
    for (double lr : {1e-2, 1e-3}) {
        put_back_.load_values();
        optim::Adam<T> optimizer(model_.named_parameters(), {.lr = lr});
        // Round after round while the loss falls.
        double reached = std::numeric_limits<double>::infinity();
        for (int round = 0; round < 5; ++round) {
            for (std::size_t step = 0; step < options_.subset_steps; ++step) {
                optimizer.zero_grad();
                const auto result = objective_(model_, batch);
                loss = static_cast<double>(result.loss.item());
                accuracy = result.outputs.defined() ? accuracy_of(result.outputs.value(), batch.labels) : std::nan("");
                if (fits() || !std::isfinite(loss) || !result.loss.requires_grad()) break;
                backward(result.loss);
                optimizer.step();
            }
            if (fits() || !(loss < 0.8 * reached)) break;
            reached = loss;
        }
        if (fits()) break;
    }
    put_back_.load_values();
    const std::string words = "Trained with " + size +
                              " examples alone, without a penalty, the model reached a loss of " + number(loss) +
                              (std::isnan(accuracy) ? "" : " and an accuracy of " + percent(accuracy));
    if (fits()) return check.pass(loss, words + ".");
    // Of a loss that nothing is known of, the least value may be above 0.
    const bool known = Evidence{measured_, History()}.chance_is_known() || measured_.loss_operations.empty();
    const Severity severity = known ? Severity::error : Severity::note;
    return check.fail(
        severity, loss, words + ", which even so few do not need.",
        "See whether the gradient reaches every layer, labels belong to their inputs, and the model is large "
        "enough.");
}

template <class T>
Verdict Examination<T>::gradient_check() {
    Check check("gradient_check", options_.gradient_error);
    const Batch<T> batch = some(std::min<std::size_t>(32, options_.examples));
    Parameters<T> parameters = model_.named_parameters().filter([](const std::string&, const Variable<T>& parameter) {
        return parameter.requires_grad() && parameter.size() > 0;
    });
    model_.zero_grad();
    rewind();
    const Variable<T> loss = objective_(model_, batch).loss;
    if (!loss.requires_grad() || parameters.empty()) return check.skip("The loss depends on no parameter.");
    backward(loss);
    std::vector<Array<T>> gradients, values;
    for (const auto& [name, parameter] : parameters) {
        gradients.push_back(parameter.has_grad() ? share(parameter.grad()) : Array<T>(parameter.shape(), T(0)));
        values.push_back(share(parameter.value()));
    }
    put_back_.load_values();

    Stream stream(20160131);       // of its own: the directions are the same each time
    std::vector<double> errors;    // by direction
    const double noise = 10 * std::numeric_limits<T>::epsilon() * std::max(1.0, std::abs(measured_.loss.front()));
    for (int direction = 0; direction < options_.directions; ++direction) {
        // Each parameter is moved by a part of its own size.
        std::vector<Array<T>> steps;
        double slope = 0, usual = 0;    // of the loss in this direction, and the deviation of that over directions
        for (std::size_t i = 0; i < values.size(); ++i) {
            const double size = norm<T>({values[i].storage().data(), values[i].size()}) /
                                std::sqrt(static_cast<double>(values[i].size()));
            steps.push_back(stream.normal<T>(values[i].shape(), 0, std::max(size, 1e-2)));
            usual += std::pow(std::max(size, 1e-2) * norm<T>({gradients[i].storage().data(), gradients[i].size()}), 2);
            slope += dot<T>({gradients[i].storage().data(), gradients[i].size()},
                            {steps.back().storage().data(), steps.back().size()});
        }
        // A wide difference meets curvature and kinks, a narrow one rounding: the best of several counts.
        double least = std::numeric_limits<double>::infinity();
        for (double h : {1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5}) {
            auto loss_at = [&](double distance) {
                for (std::size_t i = 0; i < values.size(); ++i)
                    parameters[i].parameter.set_value(Array<T>(values[i] + static_cast<T>(distance) * steps[i]));
                return loss_of(batch);
            };
            const double numerical = (loss_at(h) - loss_at(-h)) / (2 * h), doubt = noise / h;
            const double size = std::max({std::abs(numerical), std::abs(slope), std::sqrt(usual)});
            if (size < 20 * doubt) continue;    // nothing but rounding
            least = std::min(least, std::max(0.0, std::abs(numerical - slope) - doubt) / size);
        }
        if (std::isfinite(least)) errors.push_back(least);
    }
    put_back_.load_values();
    // A kink may be on the way in one direction; a derivative that is wrong is so in all.
    const double typical = errors.empty() ? 0 : median(errors);
    const std::string words =
        "Along random directions the gradient is within " + percent(typical) + " of the difference of losses";
    if (typical > options_.gradient_error)
        return check.fail(
            Severity::error, typical, words + ".",
            "See the derivatives of operations of your own (xtape::gradcheck), and what detach() or NoGrad "
            "cut off.");
    return check.pass(typical, words + ".");
}

template Verdict Examination<float>::overfits_tiny_subset();
template Verdict Examination<double>::overfits_tiny_subset();
template Verdict Examination<float>::gradient_check();
template Verdict Examination<double>::gradient_check();

}    // namespace xtape::train::detail
