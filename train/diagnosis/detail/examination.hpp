// Examination<T>: the checks of preflight, one function each; members are instantiated where they are defined.
#pragma once

#include <xtape/train/diagnosis/preflight.hpp>
#include <xtape/train/loop/detail/put_back.hpp>

#include <cstddef>
#include <vector>

namespace xtape::train::detail {

template <class T>
class Examination {
public:
    Examination(nn::Module<T>& model, const Objective<T>& objective, const Dataset<T>& data,
                const PreflightOptions<T>& options, bool shuffles);

    // All checks, those of the data first. Everything is as it was afterwards.
    std::vector<Verdict> verdicts();

private:
    // Of the data: examination_data.cpp.
    Verdict labels_in_range();
    Verdict classes_present();
    Verdict labels_sorted();
    Verdict validation_duplicates();
    // Of the model on some examples: examination.cpp.
    void measure();    // a step as in training, but for its update
    Verdict initial_loss();
    Verdict penalty_raises_loss();
    // With changed parameters: examination_training.cpp.
    Verdict overfits_tiny_subset();
    Verdict gradient_check();
    // Of evaluation: examination_evaluation.cpp.
    Verdict examples_independent();
    Verdict evaluation_deterministic();
    Verdict training_differs();
    Verdict loss_is_a_sum();

    std::vector<std::int64_t> rows_of(std::size_t count) const;    // examples, evenly spread
    Batch<T> some(std::size_t count) const { return data_.fetch(rows_of(count)); }
    void rewind() const { default_generator().load_state(random_); }
    double loss_of(const Batch<T>& batch);             // unrecorded, random streams rewound
    Array<T> outputs_of(const Variable<T>& inputs);    // likewise
    double chance() const;

    nn::Module<T>& model_;
    const Objective<T>& objective_;
    const Dataset<T>& data_;
    const PreflightOptions<T>& options_;
    bool shuffles_;
    PutBack<T> put_back_;
    State random_ = default_generator().state();
    Batch<T> batch_;
    Measurements measured_;
    std::size_t classes_ = 0;    // outputs per example, or per place of an image; 0: the objective does not show them
};

}    // namespace xtape::train::detail
