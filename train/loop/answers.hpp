// Answers: what a model said about a set of examples, as much of it as a report shows.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/train/data/source.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xtape::train {

class Answers {
public:
    struct Mistake {
        Array<double> input;    // the example
        std::int64_t is = 0, said = 0;
        double confidence = 0;    // the probability of what was said
    };
    struct Confident {    // examples for which the largest probability was in one tenth of [0, 1]
        double count = 0, confidence = 0, right = 0;    // sums
    };

    // Keeps so many of the worst mistakes.
    explicit Answers(std::size_t worst = 18) : worst_(worst) {}

    // Takes a batch. With labels and outputs (n, classes) these are scores whose softmax are probabilities; with
    // targets of the outputs' size both are kept as they are, of the first 2000 numbers. Everything else is counted
    // only.
    template <class T>
    void add(const Array<T>& outputs, const Batch<T>& batch);

    std::size_t examples() const { return examples_; }
    bool classified() const { return confusion_.size() > 0; }
    // How often each class (row) was taken for each (column); of size 0 unless classified(), or beyond 200 classes.
    const Indices& confusion() const { return confusion_; }
    const std::array<Confident, 10>& confidence() const { return confidence_; }
    // The mean distance of confidence and accuracy, over the tenths, weighted by their examples. Guo et al., "On
    // calibration of modern neural networks", 2017.
    double calibration_error() const;
    // Those in which the truth had the least probability first.
    const std::vector<Mistake>& mistakes() const { return mistakes_; }
    const std::vector<double>& predicted() const { return predicted_; }
    const std::vector<double>& actual() const { return actual_; }

    std::vector<std::string> class_names = {};    // "7" where there are none
    std::string class_name(std::int64_t label) const;

private:
    std::size_t worst_, examples_ = 0;
    Indices confusion_ = empty_array<std::int64_t>({0, 0});
    std::array<Confident, 10> confidence_{};
    std::vector<Mistake> mistakes_;
    std::vector<double> regrets_;    // of each mistake: minus the logarithm of the truth's probability
    std::vector<double> predicted_, actual_;
};

}    // namespace xtape::train
