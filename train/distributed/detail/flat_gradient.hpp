// All gradients of a step in one array, which is what ranks exchange.
#pragma once

#include <xtape/core/parameters.hpp>
#include <xtape/core/state.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xtape::train::detail {

// Where each parameter's gradient stands in the array, how far each buffer of the model has moved, and which gradients
// there are. Parameters stand in reverse, for the sweep comes to the last ones first.
template <class T>
class FlatGradient {
public:
    // Of the parameters that require a gradient, and the buffers that are arrays.
    FlatGradient(const Parameters<T>& parameters, const State& buffers);

    struct Place {
        Variable<T> parameter;
        std::size_t begin, end;
    };
    const std::vector<Place>& places() const { return places_; }
    std::size_t size() const { return size_; }

    // Writes parameter i's gradient, or zeros where it has none.
    void write(Array<T>& flat, std::size_t i, const Array<T>* gradient) const;
    // Writes weight * (now - before) for each buffer.
    void write_buffers(Array<T>& flat, const State& before, const State& now, double weight) const;

    // Gives each parameter that has a gradient anywhere the one in the array, added to the one that it has.
    void deposit(const Array<T>& flat) const;
    // The buffers that are arrays, moved.
    State moved_buffers(const Array<T>& flat, const State& before) const;

private:
    struct BufferPlace {
        std::string name;
        std::size_t begin, size;
    };
    std::vector<Place> places_;
    std::vector<BufferPlace> buffers_;
    std::size_t flags_ = 0, size_ = 0;    // one flag for each parameter, from flags_ on
};

extern template class FlatGradient<float>;
extern template class FlatGradient<double>;

}    // namespace xtape::train::detail
