#include <xtape/io/detail/hdf5/fletcher32.hpp>

#include <bit>
#include <cstring>

// With w[0..n) the words, the two sums are a = sum w[i] and b = sum (n - i) w[i], both modulo 65535.
//
// The words are taken in rows of `lanes`. A lane keeps a column's sum and, row by row, the sum of that sum, which are a
// and b of the column; from them b of the whole follows, since word (row, lane) has weight
// lanes * (rows - row) - lane. Swapping the bytes of a word is a multiplication by 256 modulo 65535, so the words are
// summed in the machine's order and the sums are multiplied at the end.
namespace xtape::io::hdf5 {
namespace {

constexpr std::size_t lanes = 64;
constexpr std::size_t most_rows = 256;    // 65535 * 256 * 257 / 2 fits in 32 bits
constexpr std::uint64_t modulus = 65535;

using Words = std::uint16_t __attribute__((vector_size(lanes * 2 / 4)));
using Sums = std::uint32_t __attribute__((vector_size(lanes * 4 / 4)));

struct Pair {
    std::uint64_t a = 0, b = 0;    // both below the modulus
    bool any = false;              // whether a word is not zero
};

// a and b of `rows` rows, starting from zero.
Pair sum_rows(const std::byte* bytes, std::size_t rows) {
    Sums a[4]{}, b[4]{};
    for (std::size_t row = 0; row < rows; ++row)
        for (std::size_t part = 0; part < 4; ++part) {
            Words words;
            std::memcpy(&words, bytes + (row * 4 + part) * sizeof words, sizeof words);
            a[part] += __builtin_convertvector(words, Sums);
            b[part] += a[part];
        }
    Pair sum;
    for (std::size_t part = 0; part < 4; ++part)
        for (std::size_t i = 0; i < lanes / 4; ++i) {
            std::uint64_t lane = part * (lanes / 4) + i;
            sum.a += a[part][i];
            sum.b += lanes * std::uint64_t{b[part][i]} + (modulus - lane) * (a[part][i] % modulus);
        }
    return {sum.a % modulus, sum.b % modulus, sum.a != 0};
}

}    // namespace

std::uint32_t fletcher32(const void* data, std::size_t size) {
    const auto* bytes = static_cast<const std::byte*>(data);
    Pair sum;
    auto append = [&](Pair next, std::uint64_t words) {
        sum.b = (sum.b + words % modulus * sum.a + next.b) % modulus;
        sum.a = (sum.a + next.a) % modulus;
        sum.any |= next.any;
    };

    constexpr std::size_t row_bytes = lanes * 2;
    while (size >= row_bytes) {
        std::size_t rows = size / row_bytes < most_rows ? size / row_bytes : most_rows;
        append(sum_rows(bytes, rows), rows * lanes);
        bytes += rows * row_bytes;
        size -= rows * row_bytes;
    }
    for (; size > 0; size -= size > 1 ? 2 : 1, bytes += 2) {
        std::uint16_t word = 0;
        std::memcpy(&word, bytes, size > 1 ? 2 : 1);
        append({word % modulus, word % modulus, word != 0}, 1);
    }
    if constexpr (std::endian::native == std::endian::little) {
        sum.a = sum.a * 256 % modulus;
        sum.b = sum.b * 256 % modulus;
    }
    // HDF5 folds carries instead of dividing: its zero is 65535 unless every word is zero.
    auto folded = [&](std::uint64_t x) { return static_cast<std::uint32_t>(x == 0 && sum.any ? modulus : x); };
    return folded(sum.b) << 16 | folded(sum.a);
}

}    // namespace xtape::io::hdf5
