#include <xtape/train/distributed/detail/tree_exchange.hpp>

#include <algorithm>

namespace xtape::train::detail {
namespace {

constexpr std::size_t line = 16;    // elements: parts begin at multiples of it

}    // namespace

template <class T>
TreeExchange<T>::TreeExchange(Transport& transport, std::size_t shards, std::size_t present,
                              std::span<const T* const> mine, T* total, std::size_t count)
    : transport_(transport), shards_(shards), present_(present), total_(total) {
    const std::size_t ranks = transport.size();
    const std::size_t lines = (count + line - 1) / line;
    for (std::size_t rank = 0; rank <= ranks; ++rank)
        cut_.push_back(std::min(count, line * (rank * (lines / ranks) + std::min(rank, lines % ranks))));

    std::vector<std::size_t> out_sizes, in_sizes;
    const std::size_t own = part(transport.rank());
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        for (const T* node : mine) out_.insert(out_.end(), node + cut_[rank], node + cut_[rank + 1]);
        out_sizes.push_back(mine.size() * part(rank) * sizeof(T));
        const auto theirs = nodes_within(share_of(rank, ranks, shards), shards);
        nodes_.insert(nodes_.end(), theirs.begin(), theirs.end());
        in_sizes.push_back(theirs.size() * own * sizeof(T));
        sizes_.push_back(part(rank) * sizeof(T));
    }
    in_.resize(nodes_.size() * own);
    spread_ = transport.all_to_all(std::as_bytes(std::span(out_)), out_sizes, std::as_writable_bytes(std::span(in_)),
                                   in_sizes);
}

template <class T>
bool TreeExchange<T>::test() {
    if (spread_) {
        if (!spread_->test()) return false;
        spread_.reset();
        sum();
    }
    return gather_->test();
}

template <class T>
void TreeExchange<T>::sum() {
    const std::size_t own = part(transport_.rank());
    std::vector<T*> values;
    for (std::size_t i = 0; i < nodes_.size(); ++i) values.push_back(in_.data() + i * own);
    sum_tree<T>(nodes_, values, own, shards_, present_);
    gather_ = transport_.all_gather(std::as_bytes(std::span<const T>(in_.data(), own)),
                                    std::as_writable_bytes(std::span<T>(total_, cut_.back())), sizes_);
}

template class TreeExchange<float>;
template class TreeExchange<double>;

}    // namespace xtape::train::detail
