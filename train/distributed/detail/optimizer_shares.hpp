// An optimizer whose parameters are shared out: each rank makes the steps of some, and keeps their buffers.
#pragma once

#include <xtape/optim/optimizer.hpp>
#include <xtape/train/distributed/world.hpp>

#include <cstddef>
#include <vector>

namespace xtape::train::detail {

// The rank that each parameter belongs to: the largest ones first, each to the rank that has least so far.
template <class T>
std::vector<std::size_t> owners_of(const Parameters<T>& parameters, std::size_t ranks);

// Makes one step: each rank of its own parameters, which the others then get.
template <class T>
void step_in_shares(World& world, optim::Optimizer<T>& optimizer);

// The first rank gets the state with the buffers of all; the others get their own.
template <class T>
State gather_state(World& world, const optim::Optimizer<T>& optimizer);

}    // namespace xtape::train::detail
