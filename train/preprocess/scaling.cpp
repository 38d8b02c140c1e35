#include <xtape/core/shape.hpp>
#include <xtape/train/preprocess/detail/fitting.hpp>
#include <xtape/train/preprocess/scaling.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace xtape::train {
namespace {

Array<double> filled(const Shape& shape, double value) {
    Array<double> array = empty_array<double>(shape);
    array.fill(value);
    return array;
}

// Running mean and sum of squared deviations of each of several features (Welford 1962).
class Moments {
public:
    explicit Moments(Shape shape) : mean_(filled(shape, 0)), squares_(filled(shape, 0)), counts_(mean_.size(), 0) {}

    void add(std::size_t feature, double x) {
        double& mean = mean_.storage()[feature];
        const double difference = x - mean;
        mean += difference / (counts_[feature] += 1);
        squares_.storage()[feature] += difference * (x - mean);
    }
    Array<double> mean() const { return share(mean_); }
    Array<double> deviation() const {
        Array<double> result = filled(mean_.shape(), 1);
        for (std::size_t i = 0; i < result.size(); ++i)
            result.storage()[i] = std::sqrt(squares_.storage()[i] / counts_[i]);
        return result;
    }

private:
    Array<double> mean_, squares_;
    std::vector<double> counts_;
};

template <class T>
Shape example_shape(const Dataset<T>& data) {
    const std::int64_t first = 0;
    return detail::example_of(data.fetch(Rows(&first, 1)).inputs.shape());
}

template <class T>
Moments moments(const char* who, const Dataset<T>& data) {
    detail::check_fit(who, data);
    Moments result(example_shape(data));
    detail::for_blocks(data, [&](const Array<T>& inputs) {
        const std::size_t count = detail::features(inputs);
        const T* x = inputs.storage().data();
        for (std::size_t i = 0; i < inputs.size(); ++i) result.add(i % count, static_cast<double>(x[i]));
    });
    return result;
}

}    // namespace

template <class T>
void Scaling<T>::set(Array<double> shift, Array<double> scale, double offset) {
    for (double& each : scale.storage())
        if (each == 0) each = 1;
    shift_ = std::move(shift);
    scale_ = std::move(scale);
    offset_ = offset;
    fitted_ = true;
}

template <class T>
template <bool forward>
Array<T> Scaling<T>::apply(const Array<T>& inputs) const {
    if (!fitted_) throw Error("[" + std::string(this->name()) + "] is not fitted; construct it with training data");
    const Shape& shape = inputs.shape();
    if (shape.empty() || !broadcasts_to(shift_.shape(), detail::example_of(shape)))
        this->refuse("inputs of shape " + to_string(shape) + "; was fitted on examples of shape " +
                     to_string(shift_.shape()));
    const Shape example = detail::example_of(shape);
    Array<double> shift = shift_, scale = scale_;
    if (example != shift_.shape()) {
        shift = xt::broadcast(shift_, example);
        scale = xt::broadcast(scale_, example);
    }
    Array<T> result = empty_array<T>(shape);
    const std::size_t count = shift.size();
    const T* x = inputs.storage().data();
    const double *a = std::as_const(shift).storage().data(), *b = std::as_const(scale).storage().data();
    T* y = result.size() == 0 ? nullptr : result.storage().data();
    for (std::size_t i = 0; i < result.size(); i += count)
        for (std::size_t k = 0; k < count; ++k) {
            const auto value = static_cast<double>(x[i + k]);
            y[i + k] = static_cast<T>(forward ? (value - a[k]) / b[k] + offset_ : (value - offset_) * b[k] + a[k]);
        }
    return result;
}

template <class T>
Array<T> Scaling<T>::transform(const Array<T>& inputs) const {
    return apply<true>(inputs);
}

template <class T>
Array<T> Scaling<T>::inverse(const Array<T>& outputs) const {
    return apply<false>(outputs);
}

template <class T>
State Scaling<T>::state() const {
    State state;
    state.add("kind", std::string(this->name()));
    if (!fitted_) return state;
    state.add("shift", share(shift_));
    state.add("scale", share(scale_));
    state.add("offset", offset_);
    return state;
}

template <class T>
void Scaling<T>::load_state(const State& state) {
    const char* who = this->name();
    if (const auto& kind = detail::wanted<std::string>(who, state, "kind"); kind != who)
        throw StateError("[" + std::string(who) + "] got the state of " + kind);
    if (!state.contains("shift")) {
        fitted_ = false;
        return;
    }
    const auto& shift = detail::wanted<Array<double>>(who, state, "shift");
    const auto& scale = detail::wanted<Array<double>>(who, state, "scale");
    const double offset = detail::wanted<double>(who, state, "offset");
    if (shift.shape() != scale.shape())
        throw StateError("[" + std::string(who) + "] got a shift of shape " + to_string(shift.shape()) +
                         " and a scale of shape " + to_string(scale.shape()));
    set(share(shift), share(scale), offset);
}

template <class T>
Center<T>::Center(const Dataset<T>& train) {
    const Moments found = moments("Center", train);
    this->set(found.mean(), filled(found.mean().shape(), 1));
}

template <class T>
Standardize<T>::Standardize(const Dataset<T>& train) {
    const Moments found = moments("Standardize", train);
    this->set(found.mean(), found.deviation());
}

template <class T>
ChannelStandardize<T>::ChannelStandardize(const Dataset<T>& train, ChannelOptions options) {
    detail::check_fit("ChannelStandardize", train);
    const Shape example = example_shape(train);
    if (options.axis < 1 || options.axis > example.size())
        this->refuse("axis " + std::to_string(options.axis) + " for examples of shape " + to_string(example) +
                     "; wanted 1 to " + std::to_string(example.size()));
    const std::size_t place = options.axis - 1;
    Shape channels(example.size(), 1);
    channels[place] = example[place];
    std::size_t inner = 1;
    for (std::size_t d = place + 1; d < example.size(); ++d) inner *= example[d];
    Moments found(channels);
    detail::for_blocks(train, [&](const Array<T>& inputs) {
        const T* x = inputs.storage().data();
        for (std::size_t i = 0; i < inputs.size(); ++i)
            found.add(i / inner % channels[place], static_cast<double>(x[i]));
    });
    this->set(found.mean(), found.deviation());
}

template <class T>
MinMax<T>::MinMax(const Dataset<T>& train, MinMaxOptions options) {
    if (!(options.low < options.high) || !std::isfinite(options.high - options.low))
        throw std::invalid_argument("[MinMax] got low = " + std::to_string(options.low) +
                                    " and high = " + std::to_string(options.high) + "; wanted low < high");
    detail::check_fit("MinMax", train);
    const double infinity = std::numeric_limits<double>::infinity();
    const Shape example = example_shape(train);
    Array<double> low = filled(example, infinity), high = filled(example, -infinity);
    detail::for_blocks(train, [&](const Array<T>& inputs) {
        const T* x = inputs.storage().data();
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            const std::size_t k = i % low.size();
            low.storage()[k] = std::min(low.storage()[k], static_cast<double>(x[i]));
            high.storage()[k] = std::max(high.storage()[k], static_cast<double>(x[i]));
        }
    });
    for (std::size_t k = 0; k < low.size(); ++k)
        high.storage()[k] = (high.storage()[k] - low.storage()[k]) / (options.high - options.low);
    this->set(std::move(low), std::move(high), options.low);
}

template <class T>
Robust<T>::Robust(const Dataset<T>& train) {
    detail::check_fit("Robust", train);
    const Array<T> inputs = train.inputs();
    const std::size_t rows = inputs.shape()[0], count = detail::features(inputs);
    Array<double> median = filled(detail::example_of(inputs.shape()), 0), spread = filled(median.shape(), 0);
    std::vector<double> column(rows);
    auto quantile = [&](double q) {
        const double place = q * static_cast<double>(rows - 1);
        const auto below = static_cast<std::size_t>(place);
        const double next = column[std::min(rows - 1, below + 1)];
        return column[below] + (place - static_cast<double>(below)) * (next - column[below]);
    };
    for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t i = 0; i < rows; ++i) column[i] = static_cast<double>(inputs.storage()[i * count + k]);
        std::sort(column.begin(), column.end());
        median.storage()[k] = quantile(0.5);
        spread.storage()[k] = quantile(0.75) - quantile(0.25);
    }
    this->set(std::move(median), std::move(spread));
}

template class Scaling<float>;
template class Scaling<double>;
template class Center<float>;
template class Center<double>;
template class Standardize<float>;
template class Standardize<double>;
template class ChannelStandardize<float>;
template class ChannelStandardize<double>;
template class MinMax<float>;
template class MinMax<double>;
template class Robust<float>;
template class Robust<double>;

}    // namespace xtape::train
