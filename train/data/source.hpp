// Where examples come from: a Batch of them, and the interface of what does not fit into memory.
#pragma once

#include <xtape/core/variable.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace xtape::train {

using Rows = std::span<const std::int64_t>;    // numbers of examples

// Some examples, in order: what a model is shown in one step. Of labels and targets one is there, or neither.
template <class T>
struct Batch {
    Variable<T> inputs = {};                            // (count, ...)
    Indices labels = empty_array<std::int64_t>({0});    // (count,), or of size 0
    Variable<T> targets = {};                           // (count, ...), or not defined()

    std::size_t size() const { return inputs.shape()[0]; }
};

// Examples that are fetched when they are needed: derive from it for data that does not fit into memory. `fetch` may be
// called on a thread of its own (a loader that prefetches), but never on two at the same time for one loader.
template <class T>
class Source {
public:
    virtual ~Source() = default;
    virtual std::size_t size() const = 0;
    virtual Batch<T> fetch(Rows rows) const = 0;
    // The labels alone, where they can be had without the inputs.
    virtual Indices labels(Rows rows) const { return std::move(fetch(rows).labels); }
};

}    // namespace xtape::train
