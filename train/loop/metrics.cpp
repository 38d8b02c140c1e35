#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/train/loop/metrics.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace xtape::train {
namespace {

template <class T>
std::size_t class_count(const char* who, const Array<T>& outputs, std::size_t examples) {
    if (outputs.dimension() != 2 || outputs.shape()[0] != examples)
        throw ShapeError("[" + std::string(who) + "] got outputs of shape " + to_string(outputs.shape()) + " for " +
                         std::to_string(examples) + " labels; wanted (" + std::to_string(examples) + ", classes)");
    return outputs.shape()[1];
}

template <class T>
std::size_t largest(const T* row, std::size_t count) {
    return static_cast<std::size_t>(std::max_element(row, row + count) - row);
}

double ratio(double part, double whole) { return whole == 0 ? std::nan("") : part / whole; }

// A metric that is a handful of sums.
template <class T, class Derived, std::size_t count>
class Sums : public Metric<T> {
public:
    std::unique_ptr<Metric<T>> fresh() const override {
        auto result = std::make_unique<Derived>(static_cast<const Derived&>(*this));
        result->sums_.fill(0);
        return result;
    }
    State state() const override {
        Array<double> sums = empty_array<double>({count});
        std::copy(sums_.begin(), sums_.end(), sums.storage().begin());
        State state;
        state.add("sums", std::move(sums));
        return state;
    }
    void load_state(const State& state) override {
        const auto& sums = state.get<Array<double>>("sums");
        if (sums.size() != count) throw StateError("[Metric] got a state of another metric");
        std::copy(sums.storage().begin(), sums.storage().end(), sums_.begin());
    }

protected:
    std::array<double, count> sums_{};
};

template <class T>
class TopK final : public Sums<T, TopK<T>, 2> {
public:
    explicit TopK(std::size_t k) : k_(k) {}
    void update(const Array<T>& outputs, const Batch<T>& batch) override {
        const std::size_t classes = class_count(k_ == 1 ? "accuracy" : "top_k", outputs, batch.labels.size());
        for (std::size_t i = 0; i < batch.labels.size(); ++i) {
            const T* row = outputs.storage().data() + i * classes;
            const auto label = static_cast<std::size_t>(batch.labels.storage()[i]);
            std::size_t before = 0;    // outputs that come before the label's
            for (std::size_t c = 0; c < classes; ++c)
                before += row[c] > row[label] || (row[c] == row[label] && c < label) || std::isnan(row[label]);
            this->sums_[0] += before < k_;
        }
        this->sums_[1] += static_cast<double>(batch.labels.size());
    }
    Quantities values() const override {
        return {{k_ == 1 ? "accuracy" : "top_" + std::to_string(k_), ratio(this->sums_[0], this->sums_[1])}};
    }

private:
    std::size_t k_;
};

template <class T>
class Confusion final : public Metric<T> {
public:
    explicit Confusion(PrecisionRecallOptions options) : options_(options) {}
    std::unique_ptr<Metric<T>> fresh() const override { return std::make_unique<Confusion>(options_); }
    void update(const Array<T>& outputs, const Batch<T>& batch) override {
        Indices more = confusion_matrix(outputs, batch.labels);
        if (counts_.size() == 0)
            counts_ = std::move(more);
        else
            for (std::size_t i = 0; i < counts_.size(); ++i) counts_.storage()[i] += more.storage()[i];
    }
    Quantities values() const override {
        const std::size_t classes = counts_.size() == 0 ? 0 : counts_.shape()[0];
        Quantities each;
        double precision = 0, recall = 0, f1 = 0, seen = 0, hits = 0, said_all = 0, is_all = 0;
        for (std::size_t c = 0; c < classes; ++c) {
            double hit = static_cast<double>(counts_(c, c)), said = 0, is = 0;
            for (std::size_t k = 0; k < classes; ++k) {
                said += static_cast<double>(counts_(k, c));
                is += static_cast<double>(counts_(c, k));
            }
            hits += hit;
            said_all += said;
            is_all += is;
            if (said + is == 0) continue;
            const double p = said == 0 ? 0 : hit / said, r = is == 0 ? 0 : hit / is, f = 2 * hit / (said + is);
            precision += p;
            recall += r;
            f1 += f;
            ++seen;
            if (!options_.per_class) continue;
            each.insert(each.end(), {{"precision_" + std::to_string(c), p},
                                     {"recall_" + std::to_string(c), r},
                                     {"f1_" + std::to_string(c), f}});
        }
        Quantities result{
            {"precision", ratio(precision, seen)}, {"recall", ratio(recall, seen)}, {"f1", ratio(f1, seen)}};
        if (options_.micro)
            result.insert(result.end(), {{"precision_micro", ratio(hits, said_all)},
                                         {"recall_micro", ratio(hits, is_all)},
                                         {"f1_micro", ratio(2 * hits, said_all + is_all)}});
        result.insert(result.end(), each.begin(), each.end());
        return result;
    }
    State state() const override {
        State state;
        state.add("counts", share(counts_));
        return state;
    }
    void load_state(const State& state) override { counts_ = share(state.get<Indices>("counts")); }

private:
    PrecisionRecallOptions options_;
    Indices counts_ = empty_array<std::int64_t>({0, 0});
};

// The probability that a positive example has a larger score than a negative one (Mann and Whitney).
double area(const std::vector<double>& scores, const std::vector<bool>& positive) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] < scores[b]; });
    double ranks = 0, positives = 0;
    for (std::size_t begin = 0, end; begin < order.size(); begin = end) {
        for (end = begin + 1; end < order.size() && scores[order[end]] == scores[order[begin]];) ++end;
        for (std::size_t i = begin; i < end; ++i)
            if (positive[order[i]]) {
                ranks += static_cast<double>(begin + end + 1) / 2;    // the mean of the ranks of a tie
                ++positives;
            }
    }
    const double negatives = static_cast<double>(scores.size()) - positives;
    return ratio(ranks - positives * (positives + 1) / 2, positives * negatives);
}

template <class T>
class Auc final : public Metric<T> {
public:
    std::unique_ptr<Metric<T>> fresh() const override { return std::make_unique<Auc>(); }
    void update(const Array<T>& outputs, const Batch<T>& batch) override {
        classes_ = class_count("auc", outputs, batch.labels.size());
        for (std::size_t i = 0; i < batch.labels.size(); ++i) {
            labels_.push_back(batch.labels.storage()[i]);
            // Log-probabilities: a class's output less the logarithm of the sum over all.
            const T* row = outputs.storage().data() + i * classes_;
            const double most = static_cast<double>(row[largest(row, classes_)]);
            double sum = 0;
            for (std::size_t c = 0; c < classes_; ++c) sum += std::exp(static_cast<double>(row[c]) - most);
            for (std::size_t c = 0; c < classes_; ++c)
                scores_.push_back(static_cast<double>(row[c]) - most - std::log(sum));
        }
    }
    Quantities values() const override {
        double sum = 0, counted = 0;
        std::vector<double> scores(labels_.size());
        std::vector<bool> positive(labels_.size());
        for (std::size_t c = classes_ == 2 ? 1 : 0; c < classes_; ++c) {
            for (std::size_t i = 0; i < labels_.size(); ++i) {
                scores[i] = scores_[i * classes_ + c];
                positive[i] = labels_[i] == static_cast<std::int64_t>(c);
            }
            const double value = area(scores, positive);
            if (std::isnan(value)) continue;    // a class that does not come
            sum += value;
            ++counted;
        }
        return {{"auc", ratio(sum, counted)}};
    }
    State state() const override {
        Array<double> scores = empty_array<double>({labels_.size(), classes_});
        std::copy(scores_.begin(), scores_.end(), scores.storage().begin());
        Indices labels = empty_array<std::int64_t>({labels_.size()});
        std::copy(labels_.begin(), labels_.end(), labels.storage().begin());
        State state;
        state.add("scores", std::move(scores));
        state.add("labels", std::move(labels));
        return state;
    }
    void load_state(const State& state) override {
        const auto& scores = state.get<Array<double>>("scores");
        const auto& labels = state.get<Indices>("labels");
        if (scores.dimension() != 2 || scores.shape()[0] != labels.size())
            throw StateError("[auc] got a state whose arrays do not fit each other");
        classes_ = scores.shape()[1];
        scores_.assign(scores.storage().begin(), scores.storage().end());
        labels_.assign(labels.storage().begin(), labels.storage().end());
    }

private:
    std::size_t classes_ = 0;
    std::vector<double> scores_;
    std::vector<std::int64_t> labels_;
};

enum class Deviation { absolute, root_squared, explained };

// Sums over all elements: count, |d|, d^2, and the targets' mean and squared deviations (Welford).
template <class T>
class Regression final : public Sums<T, Regression<T>, 5> {
public:
    explicit Regression(Deviation deviation) : deviation_(deviation) {}
    void update(const Array<T>& outputs, const Batch<T>& batch) override {
        const Array<T>& targets = batch.targets.value();
        if (outputs.size() != targets.size())
            throw ShapeError("[regression] got outputs of shape " + to_string(outputs.shape()) +
                             " for targets of shape " + to_string(targets.shape()));
        auto& [count, absolute, squares, mean, deviations] = this->sums_;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const auto t = static_cast<double>(targets.storage()[i]), d = static_cast<double>(outputs.storage()[i]) - t;
            absolute += std::abs(d);
            squares += d * d;
            const double step = t - mean;
            mean += step / ++count;
            deviations += step * (t - mean);
        }
    }
    Quantities values() const override {
        const auto& [count, absolute, squares, mean, deviations] = this->sums_;
        if (deviation_ == Deviation::absolute) return {{"mae", ratio(absolute, count)}};
        if (deviation_ == Deviation::root_squared) return {{"rmse", std::sqrt(ratio(squares, count))}};
        return {{"r2", 1 - ratio(squares, deviations)}};
    }

private:
    Deviation deviation_;
};

}    // namespace

template <class T>
std::shared_ptr<const Metric<T>> accuracy() {
    return std::make_shared<TopK<T>>(1);
}
template <class T>
std::shared_ptr<const Metric<T>> top_k(std::size_t k) {
    return std::make_shared<TopK<T>>(k);
}
template <class T>
std::shared_ptr<const Metric<T>> precision_recall(PrecisionRecallOptions options) {
    return std::make_shared<Confusion<T>>(options);
}
template <class T>
std::shared_ptr<const Metric<T>> auc() {
    return std::make_shared<Auc<T>>();
}
template <class T>
std::shared_ptr<const Metric<T>> mean_absolute_error() {
    return std::make_shared<Regression<T>>(Deviation::absolute);
}
template <class T>
std::shared_ptr<const Metric<T>> root_mean_squared_error() {
    return std::make_shared<Regression<T>>(Deviation::root_squared);
}
template <class T>
std::shared_ptr<const Metric<T>> r_squared() {
    return std::make_shared<Regression<T>>(Deviation::explained);
}

template <class T>
Indices confusion_matrix(const Array<T>& outputs, const IntegerArray& labels) {
    const std::size_t classes = class_count("confusion_matrix", outputs, labels.size());
    Indices counts = empty_array<std::int64_t>({classes, classes});
    counts.fill(0);
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(labels.storage()[i]);
        if (label >= classes)
            throw std::out_of_range("[confusion_matrix] got the label " + std::to_string(labels.storage()[i]) +
                                    "; wanted 0 to " + std::to_string(classes) + " less 1");
        ++counts(label, largest(outputs.storage().data() + i * classes, classes));
    }
    return counts;
}

template std::shared_ptr<const Metric<float>> accuracy();
template std::shared_ptr<const Metric<double>> accuracy();
template std::shared_ptr<const Metric<float>> top_k(std::size_t);
template std::shared_ptr<const Metric<double>> top_k(std::size_t);
template std::shared_ptr<const Metric<float>> precision_recall(PrecisionRecallOptions);
template std::shared_ptr<const Metric<double>> precision_recall(PrecisionRecallOptions);
template std::shared_ptr<const Metric<float>> auc();
template std::shared_ptr<const Metric<double>> auc();
template std::shared_ptr<const Metric<float>> mean_absolute_error();
template std::shared_ptr<const Metric<double>> mean_absolute_error();
template std::shared_ptr<const Metric<float>> root_mean_squared_error();
template std::shared_ptr<const Metric<double>> root_mean_squared_error();
template std::shared_ptr<const Metric<float>> r_squared();
template std::shared_ptr<const Metric<double>> r_squared();
template Indices confusion_matrix(const Array<float>&, const IntegerArray&);
template Indices confusion_matrix(const Array<double>&, const IntegerArray&);

}    // namespace xtape::train
