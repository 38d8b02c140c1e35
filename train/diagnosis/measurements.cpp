#include <xtape/core/error.hpp>
#include <xtape/train/diagnosis/measurements.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace xtape::train {
namespace {

// All series of one thing, by name: for thinning, saving and loading alike.
template <class Visit>
void visit_series(auto& parameter, const Visit& visit) requires requires {
    parameter.update_norm;
}
{
    visit("norm", parameter.norm);
    visit("gradient_norm", parameter.gradient_norm);
    visit("update_norm", parameter.update_norm);
    visit("alike", parameter.alike);
    visit("weights", parameter.weights);
    visit("gradients", parameter.gradients);
}
template <class Visit>
void visit_series(auto& layer, const Visit& visit) requires requires {
    layer.saturated;
}
{
    visit("mean", layer.mean);
    visit("deviation", layer.deviation);
    visit("spread", layer.spread);
    visit("gradient", layer.gradient);
    visit("dead", layer.dead);
    visit("saturated", layer.saturated);
    visit("activations", layer.activations);
}
template <class Visit>
void visit_series(auto& all, const Visit& visit) requires requires {
    all.layers;
}
{
    visit("steps", all.steps);
    visit("loss", all.loss);
    visit("penalty", all.penalty);
    visit("lr", all.lr);
    visit("gradient_cosine", all.gradient_cosine);
    visit("never_negative", all.never_negative);
}

template <class V>
void drop_every_second(std::vector<V>& values) {
    // Step 1, the first, stays.
    std::size_t kept = 0;
    for (std::size_t i = 0; i < values.size(); i += 2) values[kept++] = std::move(values[i]);
    values.resize(kept);
}

template <class Number>
Array<Number> as_array(const std::vector<Number>& values) {
    Array<Number> array = empty_array<Number>({values.size()});
    std::copy(values.begin(), values.end(), array.storage().begin());
    return array;
}

void save(State& state, const std::string& name, const std::vector<double>& values) {
    state.add(name, as_array(values));
}
void save(State& state, const std::string& name, const std::vector<std::int64_t>& values) {
    state.add(name, as_array(values));
}
void save(State& state, const std::string& name, const std::vector<Histogram>& histograms) {
    std::vector<double> borders;
    std::vector<std::int64_t> bins, counts;
    for (const Histogram& histogram : histograms) {
        borders.insert(borders.end(), {histogram.low, histogram.high});
        bins.push_back(static_cast<std::int64_t>(histogram.counts.size()));
        counts.insert(counts.end(), histogram.counts.begin(), histogram.counts.end());
    }
    state.add(name + ".borders", as_array(borders));
    state.add(name + ".bins", as_array(bins));
    state.add(name + ".counts", as_array(counts));
}

void save(State& state, const std::string& name, const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) state.add(name + "." + std::to_string(i), words[i]);
}

[[noreturn]] void refuse(const std::string& got) { throw StateError("[Measurements] got " + got); }

template <class Number>
std::vector<Number> numbers(const State& state, const std::string& name) {
    const auto& array = state.get<Array<Number>>(name);
    return {array.storage().begin(), array.storage().end()};
}
void load(const State& state, const std::string& name, std::vector<double>& values) {
    values = numbers<double>(state, name);
}
void load(const State& state, const std::string& name, std::vector<std::int64_t>& values) {
    values = numbers<std::int64_t>(state, name);
}
void load(const State& state, const std::string& name, std::vector<Histogram>& histograms) {
    const auto borders = numbers<double>(state, name + ".borders");
    const auto bins = numbers<std::int64_t>(state, name + ".bins");
    const auto counts = numbers<std::int64_t>(state, name + ".counts");
    if (borders.size() != 2 * bins.size()) refuse("histograms without borders, " + name);
    std::size_t begin = 0;
    for (std::size_t i = 0; i < bins.size(); ++i) {
        if (bins[i] < 0 || static_cast<std::size_t>(bins[i]) > counts.size() - begin)
            refuse("histograms with other counts than bins, " + name);
        const std::size_t end = begin + static_cast<std::size_t>(bins[i]);
        histograms.push_back(
            {borders[2 * i],
             borders[2 * i + 1],
             {counts.begin() + static_cast<std::ptrdiff_t>(begin), counts.begin() + static_cast<std::ptrdiff_t>(end)}});
        begin = end;
    }
}

void load(const State& state, const std::string& name, std::vector<std::string>& words) {
    for (std::size_t i = 0; state.contains(name + "." + std::to_string(i)); ++i)
        words.push_back(state.get<std::string>(name + "." + std::to_string(i)));
}

template <class Thing>
void save_series(State& state, const std::string& prefix, const Thing& thing) {
    visit_series(thing, [&](const char* name, const auto& values) { save(state, prefix + name, values); });
}
template <class Thing>
void load_series(const State& state, const std::string& prefix, Thing& thing, std::size_t samples) {
    visit_series(thing, [&](const char* name, auto& values) {
        load(state, prefix + name, values);
        if (values.size() != samples)
            refuse("a series of " + std::to_string(values.size()) + " values for " + std::to_string(samples) +
                   " samples, " + prefix + name);
    });
}

template <class Series>
const Series* find(const std::vector<Series>& all, std::string_view name) {
    auto found = std::find_if(all.begin(), all.end(), [&](const Series& series) { return series.name == name; });
    return found == all.end() ? nullptr : &*found;
}

}    // namespace

double ParameterSeries::update_ratio(std::size_t i) const {
    return norm.at(i) > 0 ? update_norm.at(i) / norm.at(i) : std::numeric_limits<double>::quiet_NaN();
}

const ParameterSeries* Measurements::parameter(std::string_view name) const { return find(parameters, name); }
const LayerSeries* Measurements::layer(std::string_view name) const { return find(layers, name); }

void Measurements::thin() {
    auto drop = [](const char*, auto& values) { drop_every_second(values); };
    visit_series(*this, drop);
    for (ParameterSeries& parameter : parameters) visit_series(parameter, drop);
    for (LayerSeries& layer : layers) visit_series(layer, drop);
}

void Measurements::add_loss(std::int64_t step, double value) {
    const auto place = static_cast<std::size_t>((step - 1) / curve_stride);
    const std::int64_t within = (step - 1) % curve_stride;
    if (curve.size() < place) curve.resize(place, std::numeric_limits<double>::quiet_NaN());    // steps not seen
    if (curve.size() == place)
        curve.push_back(value);
    else
        curve.back() += (value - curve.back()) / static_cast<double>(within + 1);
    if (curve.size() < 1024 || within + 1 < curve_stride) return;
    for (std::size_t i = 0; i < curve.size() / 2; ++i) curve[i] = (curve[2 * i] + curve[2 * i + 1]) / 2;
    curve.resize(curve.size() / 2);
    curve_stride *= 2;
}

State Measurements::state() const {
    State state;
    save(state, "curve", curve);
    state.add("curve_stride", curve_stride);
    state.add("task", static_cast<std::int64_t>(task));
    state.add("data", data.state());
    state.add("dropped", dropped);
    state.add("output_operation", output_operation);
    save(state, "loss_operations", loss_operations);
    save(state, "bare_layers", bare_layers);
    save(state, "in_evaluation", in_evaluation);
    save_series(state, "", *this);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::string prefix = "parameters." + std::to_string(i) + ".";
        state.add(prefix + "name", parameters[i].name);
        state.add(prefix + "kind", parameters[i].kind);
        state.add(prefix + "optimized", std::int64_t{parameters[i].optimized});
        const Shape& shape = parameters[i].shape;
        state.add(prefix + "shape", as_array(std::vector<std::int64_t>(shape.begin(), shape.end())));
        save_series(state, prefix, parameters[i]);
    }
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::string prefix = "layers." + std::to_string(i) + ".";
        state.add(prefix + "name", layers[i].name);
        state.add(prefix + "operation", layers[i].operation);
        state.add(prefix + "units", static_cast<std::int64_t>(layers[i].units));
        state.add(prefix + "silent_at_first", layers[i].silent_at_first);
        save(state, prefix + "silent", layers[i].silent);
        save_series(state, prefix, layers[i]);
    }
    return state;
}

void Measurements::load_state(const State& state) {
    Measurements loaded;
    loaded.steps = numbers<std::int64_t>(state, "steps");
    const std::size_t samples = loaded.steps.size();
    loaded.curve = numbers<double>(state, "curve");
    loaded.curve_stride = state.get<std::int64_t>("curve_stride");
    if (loaded.curve_stride < 1) refuse("a stride of " + std::to_string(loaded.curve_stride) + ", curve_stride");
    load_series(state, "", loaded, samples);
    const auto number = state.get<std::int64_t>("task");
    if (number < 0 || number > 2) refuse("the task " + std::to_string(number));
    loaded.task = static_cast<Task>(number);
    loaded.data.load_state(state.child("data"));
    loaded.dropped = state.get<double>("dropped");
    loaded.output_operation = state.get<std::string>("output_operation");
    load(state, "loss_operations", loaded.loss_operations);
    load(state, "bare_layers", loaded.bare_layers);
    load(state, "in_evaluation", loaded.in_evaluation);
    for (std::size_t i = 0; state.contains("parameters." + std::to_string(i) + ".name"); ++i) {
        const std::string prefix = "parameters." + std::to_string(i) + ".";
        ParameterSeries& parameter = loaded.parameters.emplace_back();
        parameter.name = state.get<std::string>(prefix + "name");
        parameter.kind = state.get<std::string>(prefix + "kind");
        parameter.optimized = state.get<std::int64_t>(prefix + "optimized") != 0;
        for (std::int64_t length : numbers<std::int64_t>(state, prefix + "shape")) {
            if (length < 0) refuse("a negative length, " + prefix + "shape");
            parameter.shape.push_back(static_cast<std::size_t>(length));
        }
        load_series(state, prefix, parameter, samples);
    }
    for (std::size_t i = 0; state.contains("layers." + std::to_string(i) + ".name"); ++i) {
        const std::string prefix = "layers." + std::to_string(i) + ".";
        LayerSeries& layer = loaded.layers.emplace_back();
        layer.name = state.get<std::string>(prefix + "name");
        layer.operation = state.get<std::string>(prefix + "operation");
        const auto units = state.get<std::int64_t>(prefix + "units");
        if (units < 0) refuse("a negative number of units, " + prefix + "units");
        layer.units = static_cast<std::size_t>(units);
        layer.silent_at_first = state.get<double>(prefix + "silent_at_first");
        layer.silent = numbers<std::int64_t>(state, prefix + "silent");
        load_series(state, prefix, layer, samples);
    }
    *this = std::move(loaded);
}

}    // namespace xtape::train
