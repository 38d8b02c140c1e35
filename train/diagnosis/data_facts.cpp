#include <xtape/core/error.hpp>
#include <xtape/train/diagnosis/data_facts.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t most_sums = std::size_t{1} << 20;    // classes times features that are told apart

// Takes away the noise of a sum of squares about the mean that is computed as a difference.
double squares_about_mean(double count, double sum, double squares) {
    return std::max(0.0, squares - sum * sum / count);
}

}    // namespace

template <class T>
void DataFacts::see_answers(const Batch<T>& batch) {
    const std::size_t count = batch.size();
    if (batch_size_ == 0) batch_size_ = count;
    if (batch.labels.size() == count && count > 0) {
        std::vector<std::int64_t> here;
        for (std::int64_t label : batch.labels.storage()) {
            if (label < 0) continue;
            const auto c = static_cast<std::size_t>(label);
            if (here.size() <= c) here.resize(c + 1);
            ++here[c];
        }
        if (class_counts_.size() < here.size()) class_counts_.resize(here.size());
        for (std::size_t c = 0; c < here.size(); ++c) {
            class_counts_[c] += here[c];
            alike_ += static_cast<double>(here[c]) * static_cast<double>(here[c] - 1);
        }
        pairs_ += static_cast<double>(count) * static_cast<double>(count - 1);
        examples_ += count;
    } else if (batch.targets.defined() && count > 0) {
        see_targets(batch.targets.value(), count);
        examples_ += count;
    }
}

template <class T>
void DataFacts::see_targets(const Array<T>& targets, std::size_t count) {
    const std::size_t length = targets.size() / count;
    target_mean_.resize(length);
    target_squares_.resize(length);
    const auto& values = targets.storage();
    for (std::size_t i = 0; i < targets.size() && whole_targets_; ++i) {
        const auto value = static_cast<double>(values[i]);
        whole_targets_ = value == std::floor(value);
        if (distinct_targets_.size() < 33 &&
            std::find(distinct_targets_.begin(), distinct_targets_.end(), value) == distinct_targets_.end())
            distinct_targets_.push_back(value);
    }
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    if (least != values.end()) {
        target_least_ = std::min(target_least_, static_cast<double>(*least));
        target_greatest_ = std::max(target_greatest_, static_cast<double>(*greatest));
    }
    const auto n = static_cast<double>(count), before = static_cast<double>(examples_);
    for (std::size_t j = 0; j < length; ++j) {
        double mean = 0, squares = 0;
        for (std::size_t i = 0; i < count; ++i) mean += static_cast<double>(values[i * length + j]);
        mean /= n;
        for (std::size_t i = 0; i < count; ++i) {
            const double away = static_cast<double>(values[i * length + j]) - mean;
            squares += away * away;
        }
        within_ += squares;
        const double apart = mean - target_mean_[j];
        target_squares_[j] += squares + apart * apart * before * n / (before + n);
        target_mean_[j] += apart * n / (before + n);
    }
    within_freedom_ += n - 1;
}

template <class T>
void DataFacts::see_inputs(const Batch<T>& batch) {
    const std::size_t count = batch.size();
    if (count == 0) return;
    const Array<T>& inputs = batch.inputs.value();
    const std::size_t features = inputs.size() / count;
    if (input_examples_ == 0) {
        features_ = features;
        origin_.assign(inputs.storage().begin(), inputs.storage().begin() + static_cast<std::ptrdiff_t>(features));
        products_.assign(features, 0);
        if (batch.targets.defined()) answer_origin_ = static_cast<double>(batch.targets.value().storage()[0]);
    }
    if (features != features_) return;    // examples of several lengths: their places mean nothing
    const bool labelled = batch.labels.size() == count;
    const bool targeted = !labelled && batch.targets.defined() && batch.targets.size() > 0;
    const std::size_t target_length = targeted ? batch.targets.size() / count : 0;
    for (std::size_t i = 0; i < count; ++i) {
        const T* x = inputs.storage().data() + i * features;
        std::size_t group = 0;
        if (labelled) group = static_cast<std::size_t>(std::max<std::int64_t>(0, batch.labels.storage()[i]));
        if ((group + 1) * features > most_sums) group = 0;
        if (group_counts_.size() <= group) {
            group_counts_.resize(group + 1);
            sums_.resize((group + 1) * features);
            sums_of_squares_.resize((group + 1) * features);
        }
        ++group_counts_[group];
        double* sums = sums_.data() + group * features;
        double* squares = sums_of_squares_.data() + group * features;
        double answer = 0;
        if (targeted) answer = static_cast<double>(batch.targets.value().storage()[i * target_length]) - answer_origin_;
        answer_sum_ += answer;
        answer_squares_ += answer * answer;
        double row = 0;
        auto low = static_cast<double>(x[0]), high = low;
        for (std::size_t j = 0; j < features; ++j) {
            const auto value = static_cast<double>(x[j]);
            const double away = value - origin_[j];
            sums[j] += away;
            squares[j] += away * away;
            if (targeted) products_[j] += away * answer;
            row += value * value;
            low = std::min(low, value);
            high = std::max(high, value);
        }
        squares_ += row;
        inputs_finite_ = inputs_finite_ && std::isfinite(row);
        least_ = std::min(least_, low);
        greatest_ = std::max(greatest_, high);
    }
    input_examples_ += count;
}

double DataFacts::class_entropy() const {
    if (!labelled()) return unknown;
    double entropy = 0;
    for (std::int64_t count : class_counts_) {
        const double p = static_cast<double>(count) / static_cast<double>(examples_);
        if (p > 0) entropy -= p * std::log(p);
    }
    return entropy;
}

double DataFacts::most_frequent_share() const {
    if (!labelled()) return unknown;
    return static_cast<double>(*std::max_element(class_counts_.begin(), class_counts_.end())) /
           static_cast<double>(examples_);
}

double DataFacts::target_variance() const {
    if (target_mean_.empty()) return unknown;
    double sum = 0;
    for (double squares : target_squares_) sum += squares;
    return sum / static_cast<double>(examples_) / static_cast<double>(target_squares_.size());
}

double DataFacts::target_mean_square() const {
    if (target_mean_.empty()) return unknown;
    double sum = 0;
    for (double mean : target_mean_) sum += mean * mean;
    return target_variance() + sum / static_cast<double>(target_mean_.size());
}

double DataFacts::batch_likeness() const {
    const auto n = static_cast<double>(examples_);
    if (labelled()) {
        double alike = 0;
        for (std::int64_t count : class_counts_) alike += static_cast<double>(count) * static_cast<double>(count - 1);
        const double whole = alike / (n * (n - 1));
        return pairs_ > 0 && whole < 1 ? (alike_ / pairs_ - whole) / (1 - whole) : unknown;
    }
    const double whole = target_variance() * static_cast<double>(target_squares_.size()) * n / (n - 1);
    return within_freedom_ > 0 && whole > 0 ? 1 - within_ / within_freedom_ / whole : unknown;
}

double DataFacts::input_rms() const {
    if (input_examples_ == 0 || features_ == 0) return unknown;
    return std::sqrt(squares_ / static_cast<double>(input_examples_) / static_cast<double>(features_));
}

namespace {

// The deviations of all features, over the groups together.
std::vector<double> deviations(std::size_t features, std::size_t examples, const std::vector<double>& sums,
                               const std::vector<double>& squares) {
    std::vector<double> result(features);
    const auto n = static_cast<double>(examples);
    for (std::size_t j = 0; j < features; ++j) {
        double sum = 0, square = 0;
        for (std::size_t at = j; at < sums.size(); at += features) {
            sum += sums[at];
            square += squares[at];
        }
        result[j] = std::sqrt(squares_about_mean(n, sum, square) / n);
    }
    return result;
}

}    // namespace

double DataFacts::widest_feature() const {
    if (input_examples_ < 2) return unknown;
    const auto all = deviations(features_, input_examples_, sums_, sums_of_squares_);
    return all.empty() ? unknown : *std::max_element(all.begin(), all.end());
}

double DataFacts::narrowest_feature() const {
    if (input_examples_ < 2) return unknown;
    double least = unknown;
    for (double deviation : deviations(features_, input_examples_, sums_, sums_of_squares_))
        if (deviation > 0 && !(deviation >= least)) least = deviation;
    return least;
}

DataFacts::Telling DataFacts::most_telling_feature() const {
    Telling best;
    const auto n = static_cast<double>(input_examples_);
    const bool targeted = answer_squares_ > 0;
    std::size_t groups = 0;
    for (std::int64_t count : group_counts_) groups += count > 0 ? 1 : 0;
    if (input_examples_ < 2 || !inputs_finite_ || (!targeted && groups < 2)) return best;
    const double answers = squares_about_mean(n, answer_sum_, answer_squares_);
    for (std::size_t j = 0; j < features_; ++j) {
        double sum = 0, square = 0, between = 0;
        for (std::size_t g = 0; g < group_counts_.size(); ++g) {
            if (group_counts_[g] == 0) continue;
            const double part = sums_[g * features_ + j];
            sum += part;
            square += sums_of_squares_[g * features_ + j];
            between += part * part / static_cast<double>(group_counts_[g]);
        }
        const double all = squares_about_mean(n, sum, square);
        if (!(all > 1e-12 * square)) continue;
        double share = 0;
        if (targeted) {
            const double together = products_[j] - sum * answer_sum_ / n;
            share = answers > 0 ? together * together / (all * answers) : 0;
        } else {
            share = (between - sum * sum / n) / all;
        }
        if (!(share <= best.share)) best = {j, share};
    }
    return best;
}

template <class Visit>
void DataFacts::visit(auto& self, const Visit& visit) {
    visit("examples", self.examples_);
    visit("class_counts", self.class_counts_);
    visit("pairs", self.pairs_);
    visit("alike", self.alike_);
    visit("target_mean", self.target_mean_);
    visit("target_squares", self.target_squares_);
    visit("within", self.within_);
    visit("within_freedom", self.within_freedom_);
    visit("target_least", self.target_least_);
    visit("target_greatest", self.target_greatest_);
    visit("batch_size", self.batch_size_);
    visit("whole_targets", self.whole_targets_);
    visit("distinct_targets", self.distinct_targets_);
    visit("input_examples", self.input_examples_);
    visit("features", self.features_);
    visit("inputs_finite", self.inputs_finite_);
    visit("least", self.least_);
    visit("greatest", self.greatest_);
    visit("squares", self.squares_);
    visit("group_counts", self.group_counts_);
    visit("sums", self.sums_);
    visit("sums_of_squares", self.sums_of_squares_);
    visit("origin", self.origin_);
    visit("products", self.products_);
    visit("answer_origin", self.answer_origin_);
    visit("answer_sum", self.answer_sum_);
    visit("answer_squares", self.answer_squares_);
}

State DataFacts::state() const {
    State state;
    visit(*this, [&](const char* name, const auto& value) {
        using V = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<V, double>) {
            state.add(name, value);
        } else if constexpr (std::is_integral_v<V>) {
            state.add(name, static_cast<std::int64_t>(value));
        } else {
            auto array = empty_array<typename V::value_type>({value.size()});
            std::copy(value.begin(), value.end(), array.storage().begin());
            state.add(name, std::move(array));
        }
    });
    return state;
}

void DataFacts::load_state(const State& state) {
    DataFacts loaded;
    visit(loaded, [&](const char* name, auto& value) {
        using V = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<V, double>) {
            value = state.get<double>(name);
        } else if constexpr (std::is_integral_v<V>) {
            const auto number = state.get<std::int64_t>(name);
            if (number < 0) throw StateError(std::string("[DataFacts] got a negative count, ") + name);
            value = static_cast<V>(number);
        } else {
            const auto& array = state.get<Array<typename V::value_type>>(name);
            value.assign(array.storage().begin(), array.storage().end());
        }
    });
    const std::size_t sums = loaded.group_counts_.size() * loaded.features_;
    if (loaded.sums_.size() != sums || loaded.sums_of_squares_.size() != sums ||
        loaded.origin_.size() != loaded.features_ || loaded.products_.size() != loaded.features_ ||
        loaded.target_mean_.size() != loaded.target_squares_.size())
        throw StateError("[DataFacts] got sums that do not fit together");
    *this = std::move(loaded);
}

template void DataFacts::see_answers(const Batch<float>&);
template void DataFacts::see_answers(const Batch<double>&);
template void DataFacts::see_inputs(const Batch<float>&);
template void DataFacts::see_inputs(const Batch<double>&);

}    // namespace xtape::train
