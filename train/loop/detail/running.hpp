// What the loop sums up over an epoch, or over a set that it evaluates.
#pragma once

#include <xtape/train/loop/metrics.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <memory>
#include <vector>

namespace xtape::train {

// Sums over the epoch, from which its row in the history comes.
template <class T>
struct Trainer<T>::Running {
    explicit Running(const Metrics<T>& kinds) {
        for (const auto& kind : kinds) metrics.push_back(kind->fresh());
    }
    // Takes outputs, where there are any.
    void measure(const Variable<T>& outputs, const Batch<T>& batch) {
        if (!outputs.defined()) return;
        for (auto& metric : metrics) metric->update(outputs.value(), batch);
    }
    // Takes what a team's processes have found; returns the batch's loss.
    double measure(const typename Team<T>::Whole& whole) {
        for (const auto& shard : whole.shards)
            for (auto& metric : metrics) metric->update(shard.outputs, shard.answers);
        return whole.loss;
    }

    double loss = 0, penalty = 0, examples = 0, batches = 0;
    std::vector<std::unique_ptr<Metric<T>>> metrics;
};

}    // namespace xtape::train
