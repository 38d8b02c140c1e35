// Metrics: how good a model is over a whole set of examples, and not as a mean over batches.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/state.hpp>
#include <xtape/train/data/source.hpp>
#include <xtape/train/loop/history.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace xtape::train {

// Takes a model's outputs batch by batch. A metric of a user's own derives from this and goes into an Objective.
template <class T>
class Metric {
public:
    virtual ~Metric() = default;
    // A fresh one of the same kind.
    virtual std::unique_ptr<Metric> fresh() const = 0;
    virtual void update(const Array<T>& outputs, const Batch<T>& batch) = 0;
    // What it amounts to so far: one quantity or several, under short names ("accuracy"); NaN without examples.
    virtual Quantities values() const = 0;
    // What has been taken so far, for checkpoints in the middle of an epoch.
    virtual State state() const = 0;
    virtual void load_state(const State& state) = 0;
};

template <class T>
using Metrics = std::vector<std::shared_ptr<const Metric<T>>>;

// Of outputs (n, classes) and labels: the share of examples whose largest output is the label's; ties go to the first.
template <class T>
std::shared_ptr<const Metric<T>> accuracy();
// The share of examples whose label is among the k largest outputs: "top_<k>".
template <class T>
std::shared_ptr<const Metric<T>> top_k(std::size_t k);
struct PrecisionRecallOptions {
    bool per_class = false;    // also "precision_<class>", "recall_<class>", "f1_<class>"
    bool micro = false;        // also "precision_micro", ...: of all classes' counts together
};
// "precision", "recall" and "f1", means over the classes that come (macro). What divides by 0 counts as 0. (Where every
// example has one class, the three micro averages are the accuracy.)
template <class T>
std::shared_ptr<const Metric<T>> precision_recall(PrecisionRecallOptions options = {});
// "auc": the area under the ROC curve, by ranks with ties halved; with more than two classes the mean of one against
// the rest (Hand and Till 2001 take pairs). Keeps all scores.
template <class T>
std::shared_ptr<const Metric<T>> auc();

// Of outputs and targets of the same size: mean |x - t| ("mae"), the root of the mean (x - t)^2 ("rmse"), and
// 1 - sum (x - t)^2 / sum (t - mean t)^2 ("r2").
template <class T>
std::shared_ptr<const Metric<T>> mean_absolute_error();
template <class T>
std::shared_ptr<const Metric<T>> root_mean_squared_error();
template <class T>
std::shared_ptr<const Metric<T>> r_squared();

// How often each class (row) was taken for each (column). Throws ShapeError for outputs that are not (n, classes).
template <class T>
Indices confusion_matrix(const Array<T>& outputs, const IntegerArray& labels);

}    // namespace xtape::train
