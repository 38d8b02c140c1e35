// A sweep whose gradients are taken as they come.
#pragma once

#include <xtape/train/distributed/detail/buckets.hpp>

#include <cstddef>
#include <functional>

namespace xtape::train::detail {

// Sweeps a loss and calls arrive(i, gradient) as soon as the gradient of parameter i is complete, and arrive(i, null)
// after the sweep for each one that has none. The parameters are left without gradients. Sweeps on other threads that
// take their turns with this one do not meet it.
template <class T>
void sweep_gradients(const Buckets<T>& buckets, const Variable<T>& loss,
                     const std::function<void(std::size_t, const Array<T>*)>& arrive);

}    // namespace xtape::train::detail
