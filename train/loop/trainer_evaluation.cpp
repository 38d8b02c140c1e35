// What a run measures, and what it says about it.
#include <xtape/core/mode.hpp>
#include <xtape/train/loop/detail/progress_bar.hpp>
#include <xtape/train/loop/detail/running.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace xtape::train {

template <class T>
std::vector<std::string> Trainer<T>::known_quantities(bool validated) const {
    std::vector<std::string> names{"train.loss"};
    if (options_.penalty) names.push_back("train.penalty");
    for (const auto& metric : objective_.metrics())
        for (const auto& [name, value] : metric->fresh()->values()) names.push_back("train." + name);
    if (validated) {
        names.push_back("validation.loss");
        for (const auto& metric : objective_.metrics())
            for (const auto& [name, value] : metric->fresh()->values()) names.push_back("validation." + name);
    }
    names.push_back("lr");
    return names;
}

template <class T>
Quantities Trainer<T>::evaluate(DataLoader<T>& batches) {
    return evaluate(batches, nullptr);
}

template <class T>
Quantities Trainer<T>::evaluate(DataLoader<T>& batches, Answers* answers) {
    if (answers != nullptr) answers->class_names = batches.data().class_names();
    nn::EvalGuard guard(model_);
    NoGrad no_grad;
    Running sums(objective_.metrics());
    batches.start();
    while (const Parts<T>* parts = batches.next(cut())) {
        double loss = 0;
        if (options_.team != nullptr) {
            const auto whole =
                options_.team->evaluate(*parts, [this](const Batch<T>& batch) { return objective_(model_, batch); },
                                        {.outputs = !sums.metrics.empty()});    // the same on all ranks
            loss = sums.measure(whole);
            if (answers != nullptr)
                for (const auto& shard : whole.shards) answers->add(shard.outputs, shard.answers);
        } else {
            const Batch<T>& batch = parts->shards.front();
            const auto result = objective_(model_, batch);
            loss = static_cast<double>(result.loss.item());
            sums.measure(result.outputs, batch);
            if (answers != nullptr && result.outputs.defined()) answers->add(result.outputs.value(), batch);
        }
        sums.loss += loss * static_cast<double>(parts->examples);
        sums.examples += static_cast<double>(parts->examples);
    }
    Quantities result{{"loss", sums.loss / sums.examples}};
    for (const auto& metric : sums.metrics)
        for (const auto& each : metric->values()) result.push_back(each);
    return result;
}

template <class T>
Array<T> Trainer<T>::predict(const Dataset<T>& data, std::size_t batch_size) {
    if (batch_size == 0) throw std::invalid_argument("[predict] got batch_size = 0; wanted 1 or more");
    if (data.size() == 0) throw Error("[predict] got no examples");
    nn::EvalGuard guard(model_);
    NoGrad no_grad;
    Array<T> result;
    std::vector<std::int64_t> rows;
    for (std::size_t begin = 0; begin < data.size(); begin += batch_size) {
        rows.resize(std::min(batch_size, data.size() - begin));
        std::iota(rows.begin(), rows.end(), static_cast<std::int64_t>(begin));
        const Array<T> outputs = model_(data.fetch(rows).inputs).value();
        if (begin == 0) {
            Shape shape = outputs.shape();
            if (shape.empty())
                throw ShapeError("[predict] got a model whose output has no axes; wanted one row per example");
            shape[0] = data.size();
            result = empty_array<T>(shape);
        }
        const std::size_t length = outputs.size() / rows.size();
        std::copy(outputs.storage().begin(), outputs.storage().end(),
                  result.storage().begin() + static_cast<std::ptrdiff_t>(begin * length));
    }
    return result;
}

template <class T>
std::vector<std::pair<std::string, std::string>> Trainer<T>::describe() const {
    std::vector<std::pair<std::string, std::string>> rows;
    std::string optimizer;
    for (const auto& [name, value] : optimizer_.state().child("groups.0")) {
        if (const auto* number = std::get_if<double>(&value)) optimizer += ", " + name + " " + detail::exact(*number);
        if (const auto* number = std::get_if<std::int64_t>(&value))
            optimizer += ", " + name + " " + std::to_string(*number);
    }
    rows.emplace_back("optimizer", std::string(optimizer_.name()) + optimizer);
    rows.emplace_back("schedule", options_.schedule || options_.plateau ? "yes" : "none");
    if (options_.steps > 0)
        rows.emplace_back("steps", std::to_string(options_.steps));
    else
        rows.emplace_back("epochs", std::to_string(options_.epochs));
    if (batches_ != nullptr) {
        rows.emplace_back("batch size", std::to_string(batches_->options().batch_size));
        rows.emplace_back("training examples", std::to_string(batches_->data().size()));
    }
    if (validation_ != nullptr) rows.emplace_back("validation examples", std::to_string(validation_->data().size()));
    if (options_.accumulate > 1) rows.emplace_back("batches a step", std::to_string(options_.accumulate));
    if (options_.clip_norm > 0) rows.emplace_back("gradients clipped to", detail::exact(options_.clip_norm));
    if (options_.ema || options_.swa_from) rows.emplace_back("weights averaged", options_.ema ? "EMA" : "SWA");
    rows.emplace_back("penalty", options_.penalty ? "yes" : "none");
    rows.emplace_back("parameters", std::to_string(model_.parameter_count()));
    return rows;
}

template <class T>
std::string Trainer<T>::last_words(const detail::ProgressBar& bar) const {
    std::string text;
    if (interrupted_)
        text = "Interrupted after step " + std::to_string(steps_) + "; it can go on from there.\n";
    else if (!stopped_.empty())
        text = "Stopped: " + stopped_ + ".\n";
    for (const char* name : {"validation.accuracy", "validation.loss", "train.loss"}) {
        if (!history_.contains(name)) continue;
        char best[96] = "";
        bool any = false;
        for (double value : history_.values(name)) any = any || !std::isnan(value);
        if (any)
            std::snprintf(best, sizeof best, "Best %s: %.4g, in epoch %zu of %zu.\n", name, history_.best(name),
                          history_.best_epoch(name) + 1, history_.epochs());
        text += best;
        break;
    }
    char speed[96];
    std::snprintf(speed, sizeof speed, "Time: %s, to step %lld.\n%.0f examples per second.\n",
                  detail::duration(bar.seconds()).c_str(), static_cast<long long>(steps_), bar.examples_per_second());
    text += speed;
    const Diagnosis found = diagnosis();
    if (!found.empty()) text += "Diagnosis: " + found.message() + "\n";
    text += saved_.empty() ? "No checkpoint" : "Checkpoint: " + saved_.string();
    std::vector<std::string> names;
    for (const auto& log : logs()) names.push_back(log.string());
    text += names.empty() ? "; no logs.\n" : "; logs: " + detail::join(names) + "\n";
    return text;
}

template <class T>
std::vector<std::filesystem::path> Trainer<T>::logs() const {
    std::vector<std::filesystem::path> result;
    for (const auto& callback : callbacks_)
        if (!callback->log().empty()) result.push_back(callback->log());
    return result;
}

// The other members are instantiated where they are defined.
template std::vector<std::string> Trainer<float>::known_quantities(bool) const;
template Quantities Trainer<float>::evaluate(DataLoader<float>&);
template Quantities Trainer<float>::evaluate(DataLoader<float>&, Answers*);
template std::vector<std::pair<std::string, std::string>> Trainer<float>::describe() const;
template Array<float> Trainer<float>::predict(const Dataset<float>&, std::size_t);
template std::vector<std::filesystem::path> Trainer<float>::logs() const;
template std::string Trainer<float>::last_words(const detail::ProgressBar&) const;
template std::vector<std::string> Trainer<double>::known_quantities(bool) const;
template Quantities Trainer<double>::evaluate(DataLoader<double>&);
template Quantities Trainer<double>::evaluate(DataLoader<double>&, Answers*);
template std::vector<std::pair<std::string, std::string>> Trainer<double>::describe() const;
template Array<double> Trainer<double>::predict(const Dataset<double>&, std::size_t);
template std::vector<std::filesystem::path> Trainer<double>::logs() const;
template std::string Trainer<double>::last_words(const detail::ProgressBar&) const;

}    // namespace xtape::train
