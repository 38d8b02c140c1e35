// DataFacts: what a check has to know of the training examples, gathered as they come by in batches.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/train/data/source.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace xtape::train {

// Sums over examples, of which everything else follows. NaN stands for what cannot be said yet.
class DataFacts {
public:
    static constexpr bool has_open_layout = true;

    // Takes a batch's labels or targets.
    template <class T>
    void see_answers(const Batch<T>& batch);
    // Takes its inputs, together with the answers: costs a pass over them, so a part of the batches is enough.
    template <class T>
    void see_inputs(const Batch<T>& batch);

    std::size_t examples() const { return examples_; }    // whose answers were seen
    bool labelled() const { return !class_counts_.empty(); }
    const std::vector<std::int64_t>& class_counts() const { return class_counts_; }
    // The cross entropy of always saying the classes' frequencies, - sum p ln p, and the accuracy of always saying the
    // most frequent class.
    double class_entropy() const;
    double most_frequent_share() const;
    // The mean squared error of always saying the mean target: the targets' variance, averaged over their elements.
    double target_variance() const;
    double target_mean_square() const;                                 // likewise, of always saying 0
    std::size_t target_size() const { return target_mean_.size(); }    // elements of one
    double target_least() const { return target_least_; }
    double target_greatest() const { return target_greatest_; }
    std::size_t examples_in_a_batch() const { return batch_size_; }    // in the first
    // Whether all targets are whole numbers, and how many different ones there were, up to 33.
    bool whole_targets() const { return whole_targets_ && examples_ > 0 && !labelled(); }
    std::size_t distinct_targets() const { return distinct_targets_.size(); }
    // How much more alike the answers in a batch are than those of the whole set: 0 as drawn at random, 1 when each
    // batch has one class, or one target, only (the intraclass correlation).
    double batch_likeness() const;

    std::size_t input_examples() const { return input_examples_; }
    bool inputs_finite() const { return inputs_finite_; }
    double input_least() const { return least_; }
    double input_greatest() const { return greatest_; }
    double input_rms() const;
    // The greatest and the least deviation of a feature that is not constant.
    double widest_feature() const;
    double narrowest_feature() const;
    // The feature that by itself says most of the answer, and the share of the answer's variance that it explains:
    // between classes over all (eta^2), or the squared correlation with the first target.
    struct Telling {
        std::size_t feature = 0;
        double share = std::numeric_limits<double>::quiet_NaN();
    };
    Telling most_telling_feature() const;
    std::size_t features() const { return features_; }

    State state() const;
    // Throws StateError, having changed nothing, when the state is not one of these.
    void load_state(const State& state);

private:
    template <class Visit>
    static void visit(auto& self, const Visit& visit);
    template <class T>
    void see_targets(const Array<T>& targets, std::size_t count);

    std::size_t examples_ = 0;
    std::vector<std::int64_t> class_counts_;
    double pairs_ = 0, alike_ = 0;    // within batches: pairs of examples, and pairs of the same class
    std::vector<double> target_mean_, target_squares_;    // squared deviations from the mean, by element
    double within_ = 0, within_freedom_ = 0;              // squared deviations from the batch's mean
    double target_least_ = std::numeric_limits<double>::infinity();
    double target_greatest_ = -std::numeric_limits<double>::infinity();
    std::size_t batch_size_ = 0;
    bool whole_targets_ = true;
    std::vector<double> distinct_targets_;

    std::size_t input_examples_ = 0, features_ = 0;
    bool inputs_finite_ = true;
    double least_ = std::numeric_limits<double>::infinity(), greatest_ = -std::numeric_limits<double>::infinity();
    double squares_ = 0;
    std::vector<std::int64_t> group_counts_;        // examples by class; one group for targets
    std::vector<double> sums_, sums_of_squares_;    // (groups, features), about the first example
    std::vector<double> origin_;                    // the first example
    std::vector<double> products_;                  // with the target's deviation from its first
    double answer_origin_ = 0, answer_sum_ = 0, answer_squares_ = 0;
};

}    // namespace xtape::train
