#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/train/distributed/detail/gathering.hpp>
#include <xtape/train/distributed/detail/packing.hpp>
#include <xtape/train/distributed/detail/transport.hpp>
#include <xtape/train/distributed/world.hpp>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <stdexcept>

namespace xtape::train {
namespace {

constexpr std::size_t piece = std::size_t{1} << 28;    // elements of one message, which MPI counts in 31 bits

template <class N>
std::span<std::byte> bytes_of(N& number) {
    return std::as_writable_bytes(std::span<N>(&number, 1));
}

double checked(const WorldOptions& options) {
    if (!(options.seconds >= 0))
        throw std::invalid_argument("[World] got seconds = " + std::to_string(options.seconds) + "; wanted 0 or more");
    return options.seconds;
}

void broadcast_bytes(detail::Transport& transport, std::span<std::byte> data, std::size_t root) {
    for (std::size_t begin = 0; begin < data.size(); begin += piece)
        transport.wait(transport.broadcast(data.subspan(begin, std::min(piece, data.size() - begin)), root),
                       "broadcast");
}

}    // namespace

World::World(WorldOptions options) : transport_(detail::make_transport(checked(options))) {}
World::~World() = default;

int World::run(const std::function<void(World&)>& body, WorldOptions options) {
    World world(options);
    try {
        body(world);
    } catch (const std::exception& error) {
        world.abort(error.what());
    } catch (...) {
        world.abort("an exception that is not a std::exception");
    }
    return 0;
}

std::size_t World::rank() const { return transport_->rank(); }
std::size_t World::size() const { return transport_->size(); }

void World::barrier() { transport_->wait(transport_->barrier(), "barrier"); }

template <class T>
void World::broadcast(Array<T>& array, std::size_t root) {
    std::size_t count = array.size();
    transport_->wait(transport_->broadcast(bytes_of(count), root), "broadcast");
    if (count != array.size())
        throw ShapeError("[broadcast] got an array of shape " + to_string(array.shape()) + "; the root's has " +
                         std::to_string(count) + " elements");
    if (count > 0) broadcast_bytes(*transport_, std::as_writable_bytes(std::span(array.storage().data(), count)), root);
}

State World::broadcast(const State& state, std::size_t root) {
    if (size() == 1) return state;
    detail::Bytes bytes;
    if (rank() == root) bytes = detail::pack(state);
    std::size_t count = bytes.size();
    transport_->wait(transport_->broadcast(bytes_of(count), root), "broadcast");
    bytes.resize(count);
    broadcast_bytes(*transport_, bytes, root);
    return rank() == root ? state : detail::unpack(bytes);
}

template <class T>
void World::sum(Array<T>& array) {
    T* data = array.storage().data();
    for (std::size_t begin = 0; begin < array.size(); begin += piece)
        transport_->wait(transport_->sum(std::span<T>(data + begin, std::min(piece, array.size() - begin))), "sum");
}

std::vector<State> World::all_gather(const State& state) {
    if (size() == 1) return {state};
    return detail::Gathering(*transport_, state, block_).finish();
}

std::vector<State> World::gather(const State& state, std::size_t root) {
    if (size() == 1) return {state};
    const detail::Bytes mine = detail::pack(state);
    std::size_t own = mine.size();
    std::vector<std::size_t> sizes(size());
    transport_->wait(transport_->all_gather(bytes_of(own), std::as_writable_bytes(std::span(sizes)),
                                            std::vector<std::size_t>(size(), sizeof own)),
                     "gather");
    std::vector<detail::Bytes> all(size());
    std::vector<detail::Transport::Send> sends;
    std::vector<detail::Transport::Receive> receives;
    for (std::size_t rank = 0; rank < size(); ++rank) {
        if (rank == this->rank() || (rank != root && this->rank() != root)) continue;
        if (this->rank() == root) all[rank].resize(sizes[rank]);
        const std::size_t count = this->rank() == root ? sizes[rank] : own;
        for (std::size_t begin = 0; begin < count; begin += piece) {
            const std::size_t part = std::min(piece, count - begin);
            if (this->rank() == root)
                receives.push_back({rank, std::span(all[rank]).subspan(begin, part)});
            else
                sends.push_back({rank, std::span(mine).subspan(begin, part)});
        }
    }
    transport_->wait(transport_->exchange(sends, receives, 0), "gather");
    if (this->rank() != root) return {};
    std::vector<State> states;
    for (std::size_t rank = 0; rank < size(); ++rank)
        states.push_back(detail::unpack(rank == root ? std::span<const std::byte>(mine) : all[rank]));
    return states;
}

bool World::any(bool here) {
    double count = here ? 1 : 0;
    transport_->wait(transport_->sum(std::span<double>(&count, 1)), "any");
    return count > 0;
}

void World::abort(const std::string& message) {
    transport_->abort(message);
    std::abort();    // is not reached, but GCC 12 does not know that of virtual functions
}

template void World::broadcast(Array<float>&, std::size_t);
template void World::broadcast(Array<double>&, std::size_t);
template void World::sum(Array<float>&);
template void World::sum(Array<double>&);

}    // namespace xtape::train
