#include <xtape/core/shape.hpp>
#include <xtape/train/preprocess/detail/fitting.hpp>
#include <xtape/train/preprocess/one_hot.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace xtape::train {

template <class T>
OneHot<T>::OneHot(const Dataset<T>& train, OneHotOptions options) : unknown_as_zeros_(options.unknown_as_zeros) {
    detail::check_fit("OneHot", train);
    std::vector<std::set<double>> found;
    detail::for_blocks(train, [&](const Array<T>& inputs) {
        if (inputs.dimension() != 2)
            this->refuse("inputs of shape " + to_string(inputs.shape()) + "; wanted (n, features)");
        features_ = inputs.shape()[1];
        for (std::size_t column : options.columns)
            if (column >= features_)
                throw std::out_of_range("[OneHot] got column " + std::to_string(column) + "; wanted one below " +
                                        std::to_string(features_));
        found.resize(features_);
        for (std::size_t row = 0; row < inputs.shape()[0]; ++row)
            for (std::size_t column : options.columns) {
                const auto value = static_cast<double>(inputs(row, column));
                if (std::isnan(value))
                    throw std::out_of_range("[OneHot] got NaN in column " + std::to_string(column) +
                                            "; wanted a category");
                found[column].insert(value);
            }
    });
    for (const auto& each : found) categories_.emplace_back(each.begin(), each.end());
}

template <class T>
std::size_t OneHot<T>::width() const {
    std::size_t result = 0;
    for (const auto& categories : categories_) result += std::max<std::size_t>(1, categories.size());
    return result;
}

template <class T>
Array<T> OneHot<T>::transform(const Array<T>& inputs) const {
    if (features_ == 0) throw Error("[OneHot] is not fitted; construct it with training data");
    if (inputs.dimension() != 2 || inputs.shape()[1] != features_)
        this->refuse("inputs of shape " + to_string(inputs.shape()) + "; wanted (n, " + std::to_string(features_) +
                     ")");
    Array<T> result = empty_array<T>({inputs.shape()[0], width()});
    result.fill(T(0));
    for (std::size_t row = 0; row < inputs.shape()[0]; ++row)
        for (std::size_t column = 0, to = 0; column < features_; ++column) {
            const auto& categories = categories_[column];
            const T value = inputs(row, column);
            if (categories.empty()) {
                result(row, to++) = value;
                continue;
            }
            const auto place = std::find(categories.begin(), categories.end(), static_cast<double>(value));
            if (place != categories.end())
                result(row, to + static_cast<std::size_t>(place - categories.begin())) = T(1);
            else if (!unknown_as_zeros_)
                throw std::out_of_range("[OneHot] got the category " + std::to_string(value) + " in column " +
                                        std::to_string(column) + " of example " + std::to_string(row) +
                                        ", which training did not have; or pass {.unknown_as_zeros = true}");
            to += categories.size();
        }
    return result;
}

template <class T>
Array<T> OneHot<T>::inverse(const Array<T>& outputs) const {
    if (outputs.dimension() != 2 || outputs.shape()[1] != width())
        this->refuse("outputs of shape " + to_string(outputs.shape()) + "; wanted (n, " + std::to_string(width()) +
                     ")");
    Array<T> result = empty_array<T>({outputs.shape()[0], features_});
    for (std::size_t row = 0; row < outputs.shape()[0]; ++row)
        for (std::size_t column = 0, from = 0; column < features_; ++column) {
            const auto& categories = categories_[column];
            if (categories.empty()) {
                result(row, column) = outputs(row, from++);
                continue;
            }
            std::size_t best = 0;
            for (std::size_t k = 1; k < categories.size(); ++k)
                if (outputs(row, from + k) > outputs(row, from + best)) best = k;
            result(row, column) = static_cast<T>(categories[best]);
            from += categories.size();
        }
    return result;
}

template <class T>
State OneHot<T>::state() const {
    State state;
    state.add("kind", std::string("OneHot"));
    state.add("features", static_cast<std::int64_t>(features_));
    state.add("unknown_as_zeros", std::int64_t{unknown_as_zeros_});
    for (std::size_t column = 0; column < categories_.size(); ++column)
        if (const auto& categories = categories_[column]; !categories.empty()) {
            Array<double> values = empty_array<double>({categories.size()});
            std::copy(categories.begin(), categories.end(), values.storage().begin());
            state.add("categories." + std::to_string(column), std::move(values));
        }
    return state;
}

template <class T>
void OneHot<T>::load_state(const State& state) {
    if (const auto& kind = detail::wanted<std::string>("OneHot", state, "kind"); kind != "OneHot")
        throw StateError("[OneHot] got the state of " + kind);
    const auto features = detail::wanted<std::int64_t>("OneHot", state, "features");
    const auto unknown = detail::wanted<std::int64_t>("OneHot", state, "unknown_as_zeros");
    if (features < 0) throw StateError("[OneHot] got a state with " + std::to_string(features) + " features");
    std::vector<std::vector<double>> categories(static_cast<std::size_t>(features));
    for (std::size_t column = 0; column < categories.size(); ++column) {
        const std::string entry = "categories." + std::to_string(column);
        if (!state.contains(entry)) continue;
        const auto& values = detail::wanted<Array<double>>("OneHot", state, entry.c_str());
        categories[column].assign(values.storage().begin(), values.storage().end());
    }
    features_ = static_cast<std::size_t>(features);
    unknown_as_zeros_ = unknown != 0;
    categories_ = std::move(categories);
}

template class OneHot<float>;
template class OneHot<double>;

}    // namespace xtape::train
