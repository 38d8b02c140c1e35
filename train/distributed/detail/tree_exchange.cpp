#include <xtape/train/distributed/detail/tree_exchange.hpp>

#include <algorithm>
#include <concepts>

namespace xtape::train::detail {
namespace {

constexpr std::size_t line = 16;    // elements: parts begin at multiples of it

template <class T, class Wire>
void encode(const T* in, std::size_t count, Wire* out) {
    if constexpr (std::same_as<T, Wire>)
        std::copy_n(in, count, out);
    else
        for (std::size_t i = 0; i < count; ++i) out[i] = to_bfloat16(static_cast<float>(in[i]));
}

template <class T>
void decode(const BFloat16* in, std::size_t count, T* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = to_float(in[i]);
}

template <class T>
std::span<const std::byte> bytes(const T* data, std::size_t count) {
    return std::as_bytes(std::span(data, count));
}
template <class T>
std::span<std::byte> writable_bytes(T* data, std::size_t count) {
    return std::as_writable_bytes(std::span(data, count));
}

}    // namespace

Shares::Shares(std::size_t of, std::size_t ranks, std::size_t all, std::size_t present) : rank(of), shards(all) {
    for (std::size_t r = 0; r < ranks; ++r) {
        const auto theirs = nodes_within(share_of(r, ranks, shards), shards);
        places.push_back(nodes.size());
        present_nodes.push_back(static_cast<std::size_t>(
            std::count_if(theirs.begin(), theirs.end(), [&](Node node) { return node.first < present; })));
        nodes.insert(nodes.end(), theirs.begin(), theirs.end());
    }
}

template <class T, class Wire>
TreeExchange<T, Wire>::TreeExchange(Transport& transport, const Shares& shares, std::vector<Array<T>> mine,
                                    std::size_t count, int tag)
    : transport_(transport), shares_(shares), mine_(std::move(mine)), tag_(tag), total_(empty_array<T>({count})) {
    const std::size_t ranks = transport.size(), lines = (count + line - 1) / line;
    for (std::size_t rank = 0; rank <= ranks; ++rank)
        cut_.push_back(std::min(count, line * (rank * (lines / ranks) + std::min(rank, lines % ranks))));
    spread();
}

template <class T, class Wire>
bool TreeExchange<T, Wire>::test() {
    if (spreading_) {
        if (!spreading_->test()) return false;
        spreading_.reset();
        sum();
        gather();
    }
    if (!gathering_) return true;
    if (!gathering_->test()) return false;
    gathering_.reset();
    if constexpr (!std::same_as<T, Wire>) decode(std::as_const(wire_).data(), wire_.size(), total_.storage().data());
    return true;
}

// Sends each rank its part of this rank's nodes, one node after the other.
template <class T, class Wire>
void TreeExchange<T, Wire>::spread() {
    const std::size_t me = shares_.rank, ranks = transport_.size();
    // One node as it is needs no copy.
    const bool as_they_are = std::same_as<T, Wire> && mine_.size() <= 1;
    if (!as_they_are) out_ = Storage<Wire>(mine_.size() * (cut_.back() - part(me)));
    std::size_t theirs = 0;
    for (std::size_t rank = 0; rank < ranks; ++rank)
        if (rank != me) theirs += shares_.present_nodes[rank];
    in_ = Storage<Wire>(theirs * part(me));
    std::vector<Transport::Send> sends;
    std::vector<Transport::Receive> receives;
    Wire *out = out_.data(), *in = in_.data();
    for (std::size_t rank = 0; rank < ranks; ++rank) {
        if (rank == me) continue;
        if (const std::size_t coming = shares_.present_nodes[rank] * part(me); coming > 0) {
            receives.push_back({rank, writable_bytes(in, coming)});
            in += coming;
        }
        const std::size_t leaving = mine_.size() * part(rank);
        if (leaving == 0) continue;
        if constexpr (std::same_as<T, Wire>)
            if (as_they_are) {
                const T* node = std::as_const(mine_.front()).storage().data();
                sends.push_back({rank, bytes(node + cut_[rank], leaving)});
                continue;
            }
        sends.push_back({rank, bytes(out, leaving)});
        for (const Array<T>& node : mine_) {
            encode(node.storage().data() + cut_[rank], part(rank), out);
            out += part(rank);
        }
    }
    spreading_ = transport_.exchange(sends, receives, tag_);
}

template <class T, class Wire>
void TreeExchange<T, Wire>::sum() {
    const std::size_t me = shares_.rank, own = part(me);
    Storage<T> decoded;
    const T* in = nullptr;
    if constexpr (std::same_as<T, Wire>) {
        in = std::as_const(in_).data();
    } else {
        decoded = Storage<T>(in_.size());
        decode(std::as_const(in_).data(), in_.size(), decoded.data());
        in = std::as_const(decoded).data();
    }
    std::vector<const T*> values(shares_.nodes.size(), nullptr);
    for (std::size_t rank = 0; rank < transport_.size(); ++rank)
        for (std::size_t i = 0; i < shares_.present_nodes[rank]; ++i) {
            const T*& value = values[shares_.places[rank] + i];
            if (rank == me) {
                value = std::as_const(mine_[i]).storage().data() + cut_[me];
            } else {
                value = in;
                in += own;
            }
        }
    sum_tree<T>(shares_.nodes, values, total_.storage().data() + cut_[me], own, shares_.shards);
    in_ = {};
    out_ = {};
    mine_.clear();
}

template <class T, class Wire>
void TreeExchange<T, Wire>::gather() {
    const std::size_t me = shares_.rank;
    Wire* all = nullptr;
    if constexpr (std::same_as<T, Wire>) {
        all = total_.storage().data();
    } else {
        wire_ = Storage<Wire>(cut_.back());
        all = wire_.data();
        encode(std::as_const(total_).storage().data() + cut_[me], part(me), all + cut_[me]);
    }
    std::vector<Transport::Send> sends;
    std::vector<Transport::Receive> receives;
    for (std::size_t rank = 0; rank < transport_.size(); ++rank) {
        if (rank == me) continue;
        if (part(rank) > 0) receives.push_back({rank, writable_bytes(all + cut_[rank], part(rank))});
        if (part(me) > 0) sends.push_back({rank, bytes(all + cut_[me], part(me))});
    }
    gathering_ = transport_.exchange(sends, receives, tag_ + 1);
}

template class TreeExchange<float>;
template class TreeExchange<double>;
template class TreeExchange<float, BFloat16>;
template class TreeExchange<double, BFloat16>;

}    // namespace xtape::train::detail
