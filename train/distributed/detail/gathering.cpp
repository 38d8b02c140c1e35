#include <xtape/train/distributed/detail/gathering.hpp>
#include <xtape/train/distributed/detail/packing.hpp>

#include <algorithm>
#include <cstring>

namespace xtape::train::detail {

// A block of each rank, which begins with the size of what it has.
class Gathering::Exchange final : public Pending {
public:
    Exchange(Transport& transport, const Bytes& mine, std::size_t block)
        : length_(sizeof(std::size_t) + block), out_(length_), all_(transport.size() * length_) {
        const std::size_t size = mine.size();
        std::memcpy(out_.data(), &size, sizeof size);
        std::copy_n(mine.begin(), std::min(size, block), out_.begin() + sizeof size);
        const std::vector<std::size_t> sizes(transport.size(), length_);
        pending_ = transport.all_gather(out_, all_, sizes);
    }
    bool test() override { return pending_->test(); }

    std::size_t size(std::size_t rank) const {
        std::size_t bytes = 0;
        std::memcpy(&bytes, all_.data() + rank * length_, sizeof bytes);
        return bytes;
    }
    std::span<const std::byte> data(std::size_t rank) const {
        return std::span(all_).subspan(rank * length_ + sizeof(std::size_t), size(rank));
    }

private:
    std::size_t length_;
    Bytes out_, all_;
    std::unique_ptr<Pending> pending_;
};

Gathering::Gathering(Transport& transport, const State& state, std::size_t& block)
    : transport_(transport),
      block_(block),
      mine_(pack(state)),
      exchange_(std::make_unique<Exchange>(transport, mine_, block)) {}

Gathering::~Gathering() {
    if (exchange_) transport_.keep(std::move(exchange_));
}

std::vector<State> Gathering::finish() {
    transport_.wait(*exchange_, "all_gather");
    std::size_t most = 0;
    for (std::size_t rank = 0; rank < transport_.size(); ++rank) most = std::max(most, exchange_->size(rank));
    if (most > block_) {
        block_ = most;
        exchange_ = std::make_unique<Exchange>(transport_, mine_, block_);
        transport_.wait(*exchange_, "all_gather");
    }
    std::vector<State> states;
    for (std::size_t rank = 0; rank < transport_.size(); ++rank) states.push_back(unpack(exchange_->data(rank)));
    exchange_.reset();
    return states;
}

}    // namespace xtape::train::detail
