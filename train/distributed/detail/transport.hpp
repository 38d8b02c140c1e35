// What World needs of MPI: bytes and numbers between ranks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train::detail {

using Bytes = std::vector<std::byte>;

// Something under way between the ranks. Its memory must outlive it.
class Pending {
public:
    virtual ~Pending() = default;
    // Lets it go on; whether it is complete. Throws Error.
    virtual bool test() = 0;
};

// One rank's ways to the others. Every call but exchange is made by all ranks in the same order; what it gives is to be
// waited for.
class Transport {
public:
    virtual ~Transport() = default;
    virtual std::size_t rank() const = 0;
    virtual std::size_t size() const = 0;

    using Sizes = std::span<const std::size_t>;    // bytes of each rank, in order
    virtual std::unique_ptr<Pending> barrier() = 0;
    virtual std::unique_ptr<Pending> broadcast(std::span<std::byte> data, std::size_t root) = 0;
    virtual std::unique_ptr<Pending> all_gather(std::span<const std::byte> mine, std::span<std::byte> all,
                                                Sizes sizes) = 0;
    // Messages between this rank and others. What has the same tag meets, in the order of calls; calls of different
    // tags may come in any order, another one on each rank.
    struct Send {
        std::size_t rank;
        std::span<const std::byte> data;
    };
    struct Receive {
        std::size_t rank;
        std::span<std::byte> data;
    };
    virtual std::unique_ptr<Pending> exchange(std::span<const Send> out, std::span<const Receive> in, int tag) = 0;
    virtual std::unique_ptr<Pending> sum(std::span<float> data) = 0;
    virtual std::unique_ptr<Pending> sum(std::span<double> data) = 0;

    // Returns when it is complete; after the time limit ends all ranks, saying what was waited for.
    virtual void wait(Pending& pending, const char* what) = 0;
    void wait(const std::unique_ptr<Pending>& pending, const char* what) { wait(*pending, what); }
    // Keeps what an exception has left under way, which may still be written to, as long as this is here.
    void keep(std::unique_ptr<Pending> pending) { kept_.push_back(std::move(pending)); }
    [[noreturn]] virtual void abort(const std::string& message) = 0;

private:
    std::vector<std::unique_ptr<Pending>> kept_;
};

// Of the program that mpirun or a batch system has started; otherwise, and without MPI, of one rank.
std::unique_ptr<Transport> make_transport(double seconds);
std::unique_ptr<Transport> make_lone_transport();

}    // namespace xtape::train::detail
