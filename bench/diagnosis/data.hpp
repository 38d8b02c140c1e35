// The data of a run, with what is wrong with them.
#pragma once

#include <xtape/train.hpp>

#include <cstdint>

#include "plan.hpp"

namespace xtape::bench {

using T = float;

train::Split<T> make_parts(const Plan& plan, std::uint64_t number);

}    // namespace xtape::bench
