// Shards that need to know of each other while they are computed.
#pragma once

#include <xtape/train/distributed/detail/transport.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace xtape::train::detail {

// Computes this rank's shards side by side, each on a thread of its own, of which one runs at a time: wherever a batch
// normalisation wants the statistics of all shards (ops/detail/batch_parts.hpp), it waits for the others here and on
// the other ranks. Called by all ranks; those without shards attend the exchanges. `turn_ends(i)` is called when shard
// i has run for a while. A single shard runs on this thread.
//
// Throws what the first shard throws, and Error when the shards do not make the same exchanges.
void run_in_lockstep(Transport& transport, std::size_t& block, std::size_t all_shards, std::size_t first_shard,
                     const std::vector<std::function<void()>>& shards,
                     const std::function<void(std::size_t)>& turn_ends);

}    // namespace xtape::train::detail
