// The gradients of a step, divided into what ranks exchange at a time.
#pragma once

#include <xtape/core/parameters.hpp>
#include <xtape/core/state.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xtape::train::detail {

// Where each parameter's gradient stands: in which bucket, and where in it. Parameters stand in reverse, for the sweep
// comes to the last ones first. The last bucket is the tail: how far each buffer of the model has moved, and which
// gradients there are.
template <class T>
class Buckets {
public:
    // Of the parameters that require a gradient, and the buffers that are arrays. A parameter of `bytes` or more is a
    // bucket, which needs no copy of its gradient; smaller ones share buckets, each of which ends when it has as many.
    Buckets(const Parameters<T>& parameters, const State& buffers, std::size_t bytes);

    struct Place {
        Variable<T> parameter;
        std::size_t bucket, begin, size;
    };
    const std::vector<Place>& places() const { return places_; }
    std::size_t count() const { return sizes_.size(); }
    std::size_t tail() const { return count() - 1; }
    std::size_t size(std::size_t bucket) const { return sizes_[bucket]; }
    std::size_t parameters(std::size_t bucket) const { return parameters_[bucket]; }    // how many it has

    // A shard's gradients, a bucket for each element, empty so far; that of an absent shard stays so.
    using Values = std::vector<Array<T>>;
    Values empty() const { return Values(count()); }

    // Writes parameter i's gradient, or zeros where it has none.
    void write(Values& values, std::size_t i, const Array<T>* gradient) const;
    // Writes weight * (now - before) for each buffer.
    void write_buffers(Values& values, const State& before, const State& now, double weight) const;

    // Gives each parameter that has a gradient anywhere the one in the buckets, added to the one that it has.
    void deposit(const Values& total) const;
    // The buffers that are arrays, moved.
    State moved_buffers(const Values& total, const State& before) const;

private:
    struct BufferPlace {
        std::string name;
        std::size_t begin, size;    // in the tail, which ends with one flag for each parameter
    };
    Array<T>& bucket(Values& values, std::size_t number) const;

    std::vector<Place> places_;
    std::vector<BufferPlace> buffers_;
    std::vector<std::size_t> sizes_, parameters_;
    std::size_t flags_ = 0;
};

extern template class Buckets<float>;
extern template class Buckets<double>;

}    // namespace xtape::train::detail
