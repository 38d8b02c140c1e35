#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/train/diagnosis/detail/sampler.hpp>
#include <xtape/train/diagnosis/detail/statistics.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace xtape::train::detail {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_samples = 256;
constexpr std::size_t few_input_examples = 256;      // whose inputs are looked at in any case,
constexpr std::size_t most_input_examples = 2048;    // and in the steps that are due
constexpr std::int64_t long_silence = 200;           // examples after which a unit counts as dead

template <class T>
std::span<const T> elements(const Array<T>& array) {
    return {array.storage().data(), array.size()};
}

// The axis of a layer's units: channels of images, else the last one.
std::size_t unit_axis(const Shape& shape) { return shape.size() >= 4 ? 1 : shape.size() - 1; }

bool is_rectifier(std::string_view operation) { return operation == "relu" || operation == "relu6"; }

}    // namespace

template <class T>
Sampler<T>::Sampler(nn::Module<T>& model, const optim::Optimizer<T>* optimizer, const MeasureOptions& options,
                    Measurements& into)
    : model_(model), options_(options), into_(into) {
    std::unordered_set<const void*> optimized;
    if (optimizer != nullptr)
        for (const auto& [name, parameter] : optimizer->parameters()) optimized.insert(&parameter.node());
    std::unordered_map<std::string, std::string> kinds;
    for (const auto& [path, module] : model.named_modules()) kinds[path] = module->kind();
    std::vector<ParameterSeries> before = std::move(into_.parameters);
    into_.parameters.clear();
    for (const auto& [name, parameter] : model.named_parameters()) {
        if (!parameter.requires_grad()) continue;
        parameters_.add(name, parameter);
        auto known =
            std::find_if(before.begin(), before.end(), [&](const auto& series) { return series.name == name; });
        ParameterSeries series;
        if (known != before.end() && known->norm.size() == into_.samples()) {    // of a resumed run
            series = std::move(*known);
        } else {
            series.name = name;
            const std::size_t dot = name.rfind('.');
            series.kind = kinds[dot == std::string::npos ? "" : name.substr(0, dot)];
            for (auto* values : {&series.norm, &series.gradient_norm, &series.update_norm, &series.alike})
                values->assign(into_.samples(), none);
            series.weights.resize(into_.samples());
            series.gradients.resize(into_.samples());
        }
        series.shape = parameter.shape();
        series.optimized = optimizer == nullptr || optimized.contains(&parameter.node());
        into_.parameters.push_back(std::move(series));
    }
    while (into_.samples() >= most_samples) into_.thin();
}

template <class T>
void Sampler<T>::also(const MeasureOptions& options) {
    options_.every = std::min(options_.every, options.every);
    options_.histograms = options_.histograms || options.histograms;
}

template <class T>
bool Sampler<T>::is_due(std::int64_t step) const {
    // Many samples are behind a run that was thinned: what is left of them tells the interval.
    std::int64_t every = options_.every;
    while (step / every > static_cast<std::int64_t>(most_samples)) every *= 2;
    return step % every == 0 || (step <= 32 && std::has_single_bit(static_cast<std::uint64_t>(step)));
}

template <class T>
void Sampler<T>::begin_step(std::int64_t step, bool first_epoch) {
    step_ = step;
    first_epoch_ = first_epoch;
    due_ = is_due(step);
    next_due_ = is_due(step + 1);
    forward_seen_ = false;
    seen_.clear();
}

template <class T>
std::unique_ptr<nn::OutputWatch<T>> Sampler<T>::watch_forward() {
    if (!due_ || forward_seen_) return nullptr;
    return std::make_unique<nn::OutputWatch<T>>(
        [this](nn::Module<T>& module, const Variable<T>& output, std::size_t number) {
            // Whoever passes a part's output on is not the one that made it.
            for (const Seen& other : seen_)
                if (&other.output.node() == &output.node()) return;
            if (seen_.size() >= most_layers) return;
            std::string name = module.path();
            if (name.empty()) name = "output";
            if (number > 0) name += "." + std::to_string(number);
            seen_.push_back({std::move(name), output});
        });
}

template <class T>
void Sampler<T>::after_forward(const Batch<T>& batch, const Variable<T>& outputs, const Variable<T>& loss) {
    if (first_epoch_) into_.data.see_answers(batch);
    const std::size_t looked_at = into_.data.input_examples();
    if (first_epoch_ && (looked_at < few_input_examples || (due_ && looked_at < most_input_examples)))
        into_.data.see_inputs(batch);
    if (!due_ || forward_seen_) return;
    forward_seen_ = true;    // of several batches that make a step the first is looked at
    see_modes();
    never_negative_ = outputs.defined() && outputs.size() > 0 &&
                      *std::min_element(outputs.value().storage().begin(), outputs.value().storage().end()) >= 0;
    if (into_.empty()) see_operations(outputs, loss);
    find_activations(outputs.defined() ? outputs : loss);
    std::sort(seen_.begin(), seen_.end(), [](const Seen& a, const Seen& b) { return a.output.id() < b.output.id(); });
    gradients_of_layers_->assign(seen_.size(), none);
    for (std::size_t i = 0; i < seen_.size(); ++i) {
        seen_[i].place = place_of(seen_[i]);
        if (!seen_[i].output.requires_grad()) continue;
        seen_[i].output.register_hook([found = gradients_of_layers_, i](const Variable<T>& gradient) {
            if (i < found->size())
                (*found)[i] = norm(elements(gradient.value())) / std::sqrt(static_cast<double>(gradient.size()));
        });
    }
}

// Layers that behave differently in training are to be in training.
template <class T>
void Sampler<T>::see_modes() {
    if (!model_.is_training()) return;
    for (const auto& [name, module] : model_.named_modules()) {
        const std::string kind = module->kind();
        if (module->is_training() ||
            (kind.find("BatchNorm") == std::string::npos && kind.find("Drop") == std::string::npos))
            continue;
        if (std::find(into_.in_evaluation.begin(), into_.in_evaluation.end(), name) == into_.in_evaluation.end())
            into_.in_evaluation.push_back(name);
    }
}

template <class T>
std::size_t Sampler<T>::place_of(const Seen& layer) {
    // A layer that is called several times has a series for each call.
    std::string name = layer.name;
    auto used = [&](const std::string& candidate) {
        return std::any_of(seen_.begin(), seen_.begin() + (&layer - seen_.data()),
                           [&](const Seen& other) { return into_.layers[other.place].name == candidate; });
    };
    for (int call = 2; used(name); ++call) name = layer.name + " #" + std::to_string(call);
    const auto found = std::find_if(into_.layers.begin(), into_.layers.end(),
                                    [&](const LayerSeries& series) { return series.name == name; });
    if (found != into_.layers.end()) return static_cast<std::size_t>(found - into_.layers.begin());
    LayerSeries series;
    series.name = std::move(name);
    series.operation = layer.output.operation();
    for (auto* values :
         {&series.mean, &series.deviation, &series.spread, &series.gradient, &series.dead, &series.saturated})
        values->assign(into_.samples(), none);
    series.activations.resize(into_.samples());
    into_.layers.push_back(std::move(series));
    return into_.layers.size() - 1;
}

template <class T>
void Sampler<T>::before_update(double loss, double penalty, double lr) {
    if (due_) {
        into_.steps.push_back(step_);
        into_.loss.push_back(loss);
        into_.penalty.push_back(penalty);
        into_.lr.push_back(lr);
        into_.gradient_cosine.push_back(cosine());
        into_.never_negative.push_back(never_negative_ ? 1 : 0);
        for (Seen& layer : seen_) measure_layer(layer);
        for (LayerSeries& series : into_.layers) {    // those that were not called
            if (series.mean.size() == into_.samples()) continue;
            for (auto* values :
                 {&series.mean, &series.deviation, &series.spread, &series.gradient, &series.dead, &series.saturated})
                values->push_back(none);
            series.activations.emplace_back();
        }
        measure_parameters();
        seen_.clear();
    }
    gradients_before_.clear();
    if (!next_due_) return;
    for (const auto& [name, parameter] : parameters_)
        gradients_before_.push_back(parameter.has_grad() ? share(parameter.grad()) : Array<T>());
}

template <class T>
double Sampler<T>::cosine() {
    if (gradients_before_.empty()) return none;
    double together = 0, now = 0, before = 0;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const Variable<T>& parameter = parameters_[i].parameter;
        if (!parameter.has_grad() || gradients_before_[i].size() != parameter.size()) continue;
        const auto g = elements(parameter.grad()), old = elements(gradients_before_[i]);
        together += dot(g, old);
        now += dot(g, g);
        before += dot(old, old);
    }
    return now > 0 && before > 0 ? together / std::sqrt(now) / std::sqrt(before) : none;
}

template <class T>
void Sampler<T>::measure_layer(Seen& layer) {
    LayerSeries& series = into_.layers[layer.place];
    const Array<T>& y = layer.output.value();
    const std::size_t count = y.dimension() > 0 ? y.shape()[0] : 1;
    series.units = y.dimension() > 1 && count > 0 ? y.size() / count : 1;
    const Moments all = moments(elements(y));
    series.mean.push_back(all.mean);
    series.deviation.push_back(all.deviation);
    series.spread.push_back(spread_over_examples(y));
    series.gradient.push_back((*gradients_of_layers_)[static_cast<std::size_t>(&layer - seen_.data())]);
    series.saturated.push_back(saturation(series.operation, elements(y)));
    series.activations.push_back(options_.histograms ? histogram(elements(y)) : Histogram{});
    if (!is_rectifier(series.operation) || y.dimension() < 2 || y.size() == 0) {
        series.dead.push_back(none);
        return;
    }
    const std::size_t axis = unit_axis(y.shape()), units = y.shape()[axis];
    std::size_t inner = 1;
    for (std::size_t a = axis + 1; a < y.dimension(); ++a) inner *= y.shape()[a];
    std::vector<char> active(units);
    const T* values = y.storage().data();
    for (std::size_t i = 0, unit = 0; i < y.size(); i += inner, unit = unit + 1 == units ? 0 : unit + 1)
        for (std::size_t j = 0; j < inner; ++j) active[unit] |= static_cast<char>(values[i + j] > 0);
    auto& silent = series.silent;
    if (silent.size() != units) {
        silent.assign(units, 0);
        series.silent_at_first =
            static_cast<double>(std::count(active.begin(), active.end(), 0)) / static_cast<double>(units);
    }
    std::size_t dead = 0;
    for (std::size_t u = 0; u < units; ++u) {
        silent[u] = active[u] != 0 ? 0 : silent[u] + static_cast<std::int64_t>(count);
        dead += silent[u] >= long_silence ? 1 : 0;
    }
    series.dead.push_back(static_cast<double>(dead) / static_cast<double>(units));
}

template <class T>
void Sampler<T>::measure_parameters() {
    values_before_.clear();
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
        const Variable<T>& parameter = parameters_[i].parameter;
        ParameterSeries& series = into_.parameters[i];
        const auto value = elements(parameter.value());
        const bool has_gradient = parameter.has_grad();
        series.norm.push_back(norm(value));
        series.gradient_norm.push_back(has_gradient ? norm(elements(parameter.grad())) : none);
        series.alike.push_back(rows_alike(parameter.value()));
        series.weights.push_back(options_.histograms ? histogram(value) : Histogram{});
        series.gradients.push_back(options_.histograms && has_gradient ? histogram(elements(parameter.grad()))
                                                                       : Histogram{});
        values_before_.push_back(share(parameter.value()));
    }
}

template <class T>
void Sampler<T>::after_update() {
    if (!due_) return;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
        into_.parameters[i].update_norm.push_back(
            distance(elements(parameters_[i].parameter.value()), elements(values_before_[i])));
    values_before_.clear();
    if (into_.samples() >= most_samples) into_.thin();
    due_ = false;
}

template <class T>
State Sampler<T>::state() const {
    State state;
    for (std::size_t i = 0; i < gradients_before_.size(); ++i)
        state.add("gradients." + std::to_string(i), share(gradients_before_[i]));
    return state;
}

template <class T>
void Sampler<T>::load_state(const State& state) {
    std::vector<Array<T>> loaded;
    for (std::size_t i = 0; state.contains("gradients." + std::to_string(i)); ++i)
        loaded.push_back(share(state.get<Array<T>>("gradients." + std::to_string(i))));
    if (!loaded.empty() && loaded.size() != parameters_.size())
        throw StateError("[Sampler] got " + std::to_string(loaded.size()) + " gradients for " +
                         std::to_string(parameters_.size()) + " parameters");
    gradients_before_ = std::move(loaded);
}

template class Sampler<float>;
template class Sampler<double>;

}    // namespace xtape::train::detail
