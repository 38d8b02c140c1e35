// World: the processes of a program that runs under MPI.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/state.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xtape::train {

namespace detail {
class Transport;
}

struct WorldOptions {
    // How long a process waits for the others before it takes one of them for dead and ends all; 0: for ever.
    double seconds = 600;
};

// The processes (ranks) that mpirun or a batch system has started, or this one alone: where it was started by itself,
// or xtape was built without MPI. Making a World starts MPI, or joins one that runs; the last thing that it does is to
// end what it has started. What follows is called by all ranks, in the same order; a rank that waits longer than the
// time limit says so and ends all with code 1. Calls come from one thread at a time.
class World {
public:
    // Throws std::invalid_argument for a negative time limit, Error where MPI cannot be started or has been ended.
    explicit World(WorldOptions options = {});
    World(const World&) = delete;
    World& operator=(const World&) = delete;
    ~World();

    // What main returns: `return train::World::run([&](train::World& world) { ... });`. 0 when `body` has returned;
    // when it throws on any rank, its message is printed and all ranks end with code 1.
    static int run(const std::function<void(World&)>& body, WorldOptions options = {});

    std::size_t rank() const;
    std::size_t size() const;
    bool is_root() const { return rank() == 0; }    // the rank that prints and writes
    // Whether xtape was built with MPI.
    static bool has_mpi();

    void barrier();
    // All ranks get what `root` has. Throws ShapeError where an array has not as many elements as the root's.
    template <class T>
    void broadcast(Array<T>& array, std::size_t root = 0);
    State broadcast(const State& state, std::size_t root = 0);
    // All ranks get the sum of what they have, in an order that MPI chooses: with another number of ranks, or on
    // another network, the last digits may differ.
    template <class T>
    void sum(Array<T>& array);
    // All ranks get what each of them has, in the order of ranks.
    std::vector<State> all_gather(const State& state);
    // The root gets what each of them has, in the order of ranks; the others get nothing.
    std::vector<State> gather(const State& state, std::size_t root = 0);
    // Whether any rank says so.
    bool any(bool here);

    // Ends all ranks with code 1, after a message.
    [[noreturn]] void abort(const std::string& message);

    // For what is built upon it.
    detail::Transport& transport() { return *transport_; }

private:
    std::unique_ptr<detail::Transport> transport_;
    std::size_t block_ = 256;    // bytes that all_gather sends at first: what the largest state so far had
};

}    // namespace xtape::train
