// Team<T>: processes that train one model together, as a Trainer sees them.
#pragma once

#include <xtape/core/stateful.hpp>
#include <xtape/nn/module.hpp>
#include <xtape/optim/optimizer.hpp>
#include <xtape/train/data/loader.hpp>
#include <xtape/train/loop/objective.hpp>

#include <functional>
#include <vector>

namespace xtape::train {

// Every process runs the same Trainer with the same data, and works on its shards of each batch; what a Trainer then
// knows is the same in all of them. DataParallel is one over MPI. All members, but the first two, are called by all
// processes at the same place.
template <class T>
class Team {
public:
    using Measure = std::function<typename Objective<T>::Result(const Batch<T>& batch)>;

    struct Shard {
        Array<T> outputs;
        Batch<T> answers;    // without inputs
    };
    // What all shards of a batch have given.
    struct Whole {
        double loss = 0;                   // the mean over the batch
        std::vector<Shard> shards = {};    // in order, those with examples; none where no outputs are wanted
        bool stop = false;                 // some process wants to
        double seconds = 0;                // the leader's
    };
    struct Wanted {
        double scale = 1;        // of the gradient
        bool outputs = false;    // and those of the model
        bool stop = false;       // this process wants to stop after this batch
        double seconds = 0;      // that the run has taken here
    };

    virtual ~Team() = default;
    virtual bool leads() const = 0;    // it alone prints and writes
    virtual Cut cut() const = 0;

    // Gives these the leader's state, before the first step.
    virtual void begin(const std::vector<Entry>& entries) = 0;
    // Measures the shards of a batch, and adds scale * d(mean loss of the batch)/dp to the gradient of each parameter.
    virtual Whole add_gradient(nn::Module<T>& model, const Parts<T>& parts, const Measure& measure, Wanted wanted) = 0;
    // The same without a gradient.
    virtual Whole evaluate(const Parts<T>& parts, const Measure& measure, Wanted wanted) = 0;
    virtual void step(optim::Optimizer<T>& optimizer) = 0;
    // The leader's is complete, whoever has which part of it; the others' need not be.
    virtual State optimizer_state(const optim::Optimizer<T>& optimizer) = 0;
};

}    // namespace xtape::train
