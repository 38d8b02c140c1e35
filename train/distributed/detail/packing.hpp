// A State as bytes, for ranks of one program.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/train/distributed/detail/transport.hpp>

#include <span>

namespace xtape::train::detail {

Bytes pack(const State& state);
State unpack(std::span<const std::byte> bytes);

}    // namespace xtape::train::detail
