// What World needs of MPI: bytes and numbers between ranks.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
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

// One rank's ways to the others. Every call is made by all ranks in the same order; what it gives is to be waited for.
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
    virtual std::unique_ptr<Pending> all_to_all(std::span<const std::byte> out, Sizes out_sizes,
                                                std::span<std::byte> in, Sizes in_sizes) = 0;
    virtual std::unique_ptr<Pending> sum(std::span<float> data) = 0;
    virtual std::unique_ptr<Pending> sum(std::span<double> data) = 0;

    // Returns when it is complete; after the time limit ends all ranks, saying what was waited for.
    virtual void wait(Pending& pending, const char* what) = 0;
    void wait(const std::unique_ptr<Pending>& pending, const char* what) { wait(*pending, what); }
    [[noreturn]] virtual void abort(const std::string& message) = 0;
};

// Of the program that mpirun or a batch system has started; otherwise, and without MPI, of one rank.
std::unique_ptr<Transport> make_transport(double seconds);
std::unique_ptr<Transport> make_lone_transport();

}    // namespace xtape::train::detail
