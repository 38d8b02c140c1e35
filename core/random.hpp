// Random numbers from counter-based streams: a number depends on the seed, the stream and its place in the stream
// alone, not on the number of threads.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/state.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xtape {

// One sequence of random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
// Its whole state is its key and its counter. Drawing from one stream on several threads is safe.
class Stream {
public:
    explicit Stream(std::uint64_t key = 0, std::uint64_t number = 0) : key_(key), number_(number) {}
    Stream(const Stream& other) : key_(other.key_), number_(other.number_), counter_(other.counter()) {}
    Stream& operator=(const Stream& other) {
        key_ = other.key_;
        number_ = other.number_;
        counter_ = other.counter();
        return *this;
    }

    // 32 random bits for each element.
    void bits(std::span<std::uint32_t> out);
    // Takes the next `count` times 32 bits out of the stream; they are drawn later, in parts, in any order and on any
    // thread: bits_at(place + i) for i a multiple of 64 gives what bits() would have given from element i on.
    std::uint64_t reserve_bits(std::size_t count);
    void bits_at(std::uint64_t place, std::span<std::uint32_t> out) const;
    // Uniform in [0, 1): 24 random bits for a float, 53 for a double.
    void uniform(std::span<float> out);
    void uniform(std::span<double> out);
    // Normal with mean 0 and variance 1, by Box and Muller's transformation.
    void normal(std::span<float> out);
    void normal(std::span<double> out);

    // An array of that shape, uniform in [low, high), or normal. Throw std::invalid_argument for high < low or a
    // negative deviation.
    template <class T>
    Array<T> uniform(const Shape& shape, double low = 0, double high = 1);
    template <class T>
    Array<T> normal(const Shape& shape, double mean = 0, double deviation = 1);
    // Uniform in [0, bound), without bias. Throws std::invalid_argument for bound < 1.
    std::int64_t integer(std::int64_t bound);
    // The numbers 0 .. count-1 in random order.
    Indices permutation(std::size_t count);

    // `count` streams for shards or workers, independent of each other and of this one. Their keys are drawn from this
    // stream, so a second call gives others.
    std::vector<Stream> split(std::size_t count);

    std::uint64_t key() const { return key_; }
    std::uint64_t counter() const { return counter_.load(std::memory_order_relaxed); }

    State state() const;
    // Throws StateError when the state is not a stream's; then nothing changes.
    void load_state(const State& state);

private:
    std::uint64_t reserve(std::size_t chunks) { return counter_.fetch_add(chunks, std::memory_order_relaxed); }

    std::uint64_t key_;
    std::uint64_t number_;
    std::atomic<std::uint64_t> counter_{0};    // in chunks of 64 numbers of 32 bits
};

// The streams of one seed, one for each purpose, so that drawing more for one purpose changes no other. Four are always
// there; others are made by their first use. References to them stay valid as long as the generator lives.
class Generator {
public:
    // Its state holds the streams that there are; one that a state lacks starts anew when it is loaded.
    static constexpr bool has_open_layout = true;

    explicit Generator(std::uint64_t seed = 0) { this->seed(seed); }
    Generator(const Generator& other);
    Generator& operator=(const Generator& other);
    ~Generator() = default;
    // Starts all streams anew.
    void seed(std::uint64_t seed);

    Stream& general() { return streams_[0]; }
    Stream& initialisation() { return streams_[1]; }
    Stream& dropout() { return streams_[2]; }
    Stream& shuffling() { return streams_[3]; }
    // The stream of that name ("augmentation"), which depends on the seed and the name alone: not on when it is first
    // asked for, nor on other streams. "general", "initialisation", "dropout" and "shuffling" are those above. Safe on
    // several threads. Throws std::invalid_argument for a name that is empty or has '.', '/' or a zero byte.
    Stream& stream(std::string_view name);

    // `count` generators for shards or workers, independent of each other and of this one, each with all its streams.
    // They depend on the seed and on how many were split off before: a second call gives others.
    std::vector<Generator> split(std::size_t count);

    State state() const;
    // Throws StateError when the state is not a generator's; then nothing changes.
    void load_state(const State& state);

private:
    std::array<Stream, 4> streams_;
    mutable std::mutex mutex_;    // of the map alone
    std::map<std::string, Stream, std::less<>> named_;
};

// The generator that everything uses unless it is given another: the process's, or that of a GeneratorGuard.
Generator& default_generator();

// Makes default_generator() another one on this thread for a scope, for layers, initialisers and all else.
class [[nodiscard]] GeneratorGuard {
public:
    // The generator must outlive the guard.
    explicit GeneratorGuard(Generator& generator);
    explicit GeneratorGuard(Generator&&) = delete;
    GeneratorGuard(const GeneratorGuard&) = delete;
    GeneratorGuard& operator=(const GeneratorGuard&) = delete;
    ~GeneratorGuard();

private:
    Generator* before_;
};

// default_generator().seed(number): the same seed gives the same run.
void seed(std::uint64_t number);

}    // namespace xtape
