#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/detail/number.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <string>

namespace xtape {
namespace {

__extension__ typedef unsigned __int128 Wide;    // the product of two 64-bit numbers

constexpr std::size_t lanes = 16;              // counters that are worked on side by side
constexpr std::size_t chunk = 4 * lanes;       // numbers that they give
constexpr std::size_t parallel = 16 * 1024;    // numbers from which a second thread pays

// The numbers of 16 consecutive counters: the first number of each, then the second of each, and so on.
void philox(std::uint64_t key, std::uint64_t stream, std::uint64_t counter, std::uint32_t* out) {
    using Word = std::uint32_t;
    Word* __restrict c0 = out;
    Word* __restrict c1 = out + lanes;
    Word* __restrict c2 = out + 2 * lanes;
    Word* __restrict c3 = out + 3 * lanes;
    for (std::size_t l = 0; l < lanes; ++l) {
        c0[l] = static_cast<Word>(counter + l);
        c1[l] = static_cast<Word>((counter + l) >> 32);
        c2[l] = static_cast<Word>(stream);
        c3[l] = static_cast<Word>(stream >> 32);
    }
    auto k0 = static_cast<Word>(key), k1 = static_cast<Word>(key >> 32);
    for (int round = 0; round < 10; ++round) {
#pragma omp simd
        for (std::size_t l = 0; l < lanes; ++l) {
            std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0[l], p1 = std::uint64_t{0xCD9E8D57} * c2[l];
            c0[l] = static_cast<Word>(p1 >> 32) ^ c1[l] ^ k0;
            c2[l] = static_cast<Word>(p0 >> 32) ^ c3[l] ^ k1;
            c1[l] = static_cast<Word>(p1);
            c3[l] = static_cast<Word>(p0);
        }
        k0 += 0x9E3779B9;
        k1 += 0xBB67AE85;
    }
}

// Calls use(bits, begin, count) for each run of at most `chunk` 32-bit numbers out of `count` that begin at a counter.
template <class Use>
void for_chunks(std::uint64_t key, std::uint64_t stream, std::uint64_t counter, std::size_t count, const Use& use) {
    detail::parallel_for(count, parallel, [&](std::size_t begin, std::size_t end) {
        alignas(64) std::uint32_t numbers[chunk];
        for (std::size_t i = begin; i < end; i += chunk) {
            philox(key, stream, lanes * (counter + i / chunk), numbers);
            use(numbers, i, std::min(chunk, end - i));
        }
    });
}

std::size_t chunks_of(std::size_t numbers) { return (numbers + chunk - 1) / chunk; }

float to_unit(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24F; }
double to_unit(std::uint32_t low, std::uint32_t high) {
    return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

// Turns pairs of uniform numbers (the first in (0, 1]) into pairs of normal ones.
template <class T>
void box_muller(const T* u, const T* v, T* out, std::size_t pairs) {
    alignas(64) T sines[chunk];
    for (std::size_t i = 0; i < pairs; i += Lanes<T>::width) {
        auto radius = sqrt(-2 * log(Lanes<T>::load(u + i)));
        auto angle = 2 * std::numbers::pi * Lanes<T>::load(v + i);
        (radius * cos(angle)).store(out + i);
        (radius * sin(angle)).store(sines + i);
    }
    std::copy_n(sines, pairs, out + pairs);
}

template <class T>
std::span<T> elements(Array<T>& array) {
    return {array.storage().data(), array.size()};
}

}    // namespace

void Stream::bits(std::span<std::uint32_t> out) {
    for_chunks(key_, number_, reserve(chunks_of(out.size())), out.size(),
               [&](const std::uint32_t* numbers, std::size_t begin, std::size_t count) {
                   std::copy_n(numbers, count, out.data() + begin);
               });
}

std::uint64_t Stream::reserve_bits(std::size_t count) { return chunk * reserve(chunks_of(count)); }

void Stream::bits_at(std::uint64_t place, std::span<std::uint32_t> out) const {
    alignas(64) std::uint32_t numbers[chunk];
    for (std::size_t i = 0; i < out.size(); i += chunk) {
        philox(key_, number_, lanes * ((place + i) / chunk), numbers);
        std::copy_n(numbers, std::min(chunk, out.size() - i), out.data() + i);
    }
}

void Stream::uniform(std::span<float> out) {
    for_chunks(key_, number_, reserve(chunks_of(out.size())), out.size(),
               [&](const std::uint32_t* numbers, std::size_t begin, std::size_t count) {
                   for (std::size_t i = 0; i < count; ++i) out[begin + i] = to_unit(numbers[i]);
               });
}

void Stream::uniform(std::span<double> out) {
    for_chunks(key_, number_, reserve(chunks_of(2 * out.size())), 2 * out.size(),
               [&](const std::uint32_t* numbers, std::size_t begin, std::size_t count) {
                   for (std::size_t i = 0; i < count / 2; ++i)
                       out[begin / 2 + i] = to_unit(numbers[i], numbers[chunk / 2 + i]);
               });
}

void Stream::normal(std::span<float> out) {
    for_chunks(key_, number_, reserve(chunks_of(out.size())), out.size(),
               [&](const std::uint32_t* numbers, std::size_t begin, std::size_t count) {
                   alignas(64) float u[chunk / 2], v[chunk / 2], pairs[chunk];
                   for (std::size_t i = 0; i < chunk / 2; ++i) {
                       u[i] = to_unit(numbers[i]) + 0x1p-24F;
                       v[i] = to_unit(numbers[chunk / 2 + i]);
                   }
                   box_muller(u, v, pairs, chunk / 2);
                   std::copy_n(pairs, count, out.data() + begin);
               });
}

void Stream::normal(std::span<double> out) {
    for_chunks(key_, number_, reserve(chunks_of(2 * out.size())), 2 * out.size(),
               [&](const std::uint32_t* numbers, std::size_t begin, std::size_t count) {
                   alignas(64) double u[chunk / 4], v[chunk / 4], pairs[chunk / 2];
                   for (std::size_t i = 0; i < chunk / 4; ++i) {
                       u[i] = to_unit(numbers[i], numbers[chunk / 2 + i]) + 0x1p-53;
                       v[i] = to_unit(numbers[chunk / 4 + i], numbers[3 * chunk / 4 + i]);
                   }
                   box_muller(u, v, pairs, chunk / 4);
                   std::copy_n(pairs, count / 2, out.data() + begin / 2);
               });
}

template <class T>
Array<T> Stream::uniform(const Shape& shape, double low, double high) {
    if (!(low <= high))
        throw std::invalid_argument("[uniform] got low = " + detail::to_text(low) +
                                    ", high = " + detail::to_text(high) + "; wanted low <= high");
    Array<T> result = empty_array<T>(shape);
    uniform(elements(result));
    auto scale = static_cast<T>(high - low), shift = static_cast<T>(low), end = static_cast<T>(high);
    for (T& x : elements(result)) {
        x = x * scale + shift;
        if (x >= end && shift < end) x = std::nextafter(end, shift);    // rounding must not reach the end
    }
    return result;
}

template <class T>
Array<T> Stream::normal(const Shape& shape, double mean, double deviation) {
    if (!(deviation >= 0))
        throw std::invalid_argument("[normal] got deviation = " + detail::to_text(deviation) + "; wanted 0 or more");
    Array<T> result = empty_array<T>(shape);
    normal(elements(result));
    auto scale = static_cast<T>(deviation), shift = static_cast<T>(mean);
    for (T& x : elements(result)) x = x * scale + shift;
    return result;
}

template Array<float> Stream::uniform(const Shape&, double, double);
template Array<double> Stream::uniform(const Shape&, double, double);
template Array<float> Stream::normal(const Shape&, double, double);
template Array<double> Stream::normal(const Shape&, double, double);

std::int64_t Stream::integer(std::int64_t bound) {
    if (bound < 1)
        throw std::invalid_argument("[integer] got the bound " + std::to_string(bound) + "; wanted 1 or more");
    auto range = static_cast<std::uint64_t>(bound);
    std::uint64_t biased = (0 - range) % range;    // Lemire, "Fast random integer generation in an interval", 2019
    while (true) {
        std::uint32_t numbers[2];
        bits(numbers);
        auto product = static_cast<Wide>(std::uint64_t{numbers[1]} << 32 | numbers[0]) * range;
        if (static_cast<std::uint64_t>(product) >= biased) return static_cast<std::int64_t>(product >> 64);
    }
}

Indices Stream::permutation(std::size_t count) {
    Indices order = empty_array<std::int64_t>({count});
    std::int64_t* begin = order.storage().data();
    std::iota(begin, begin + count, std::int64_t{0});
    for (std::size_t i = count; i > 1; --i)
        std::swap(begin[i - 1], begin[static_cast<std::size_t>(integer(static_cast<std::int64_t>(i)))]);
    return order;
}

std::vector<Stream> Stream::split(std::size_t count) {
    std::vector<std::uint32_t> words(2 * count);
    bits(words);
    std::vector<Stream> streams;
    for (std::size_t i = 0; i < count; ++i)
        streams.emplace_back(std::uint64_t{words[2 * i + 1]} << 32 | words[2 * i], number_);
    return streams;
}

State Stream::state() const {
    State state;
    state.add("key", static_cast<std::int64_t>(key_));
    state.add("number", static_cast<std::int64_t>(number_));
    state.add("counter", static_cast<std::int64_t>(counter()));
    return state;
}

void Stream::load_state(const State& state) {
    auto read = [&](const char* name) { return static_cast<std::uint64_t>(state.get<std::int64_t>(name)); };
    std::uint64_t key = read("key"), number = read("number"), counter = read("counter");
    key_ = key;
    number_ = number;
    counter_ = counter;
}

}    // namespace xtape
