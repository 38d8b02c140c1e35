// What each rank has, on its way to all ranks.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/train/distributed/detail/transport.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace xtape::train::detail {

// Sends a state to all ranks, in a block whose size is the same on all ranks: `block`, which grows to what the largest
// of the states needs. A state that is larger than its block takes a second exchange.
class Gathering {
public:
    Gathering(Transport& transport, const State& state, std::size_t& block);
    Gathering(const Gathering&) = delete;
    Gathering& operator=(const Gathering&) = delete;
    ~Gathering();    // what is under way still, after an exception, is left to the transport

    // Waits for the states of all ranks, and gives them in order.
    std::vector<State> finish();

private:
    class Exchange;

    Transport& transport_;
    std::size_t& block_;
    Bytes mine_;
    std::unique_ptr<Exchange> exchange_;
};

}    // namespace xtape::train::detail
