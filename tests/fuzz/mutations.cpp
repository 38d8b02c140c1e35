#include "mutations.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>

extern "C" std::uint32_t H5_checksum_metadata(const void* data, std::size_t size, std::uint32_t start);

namespace fuzz {
namespace {

std::uint64_t number_at(const Content& bytes, std::size_t at, std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i)
        value |= std::to_integer<std::uint64_t>(bytes[at + i]) << (8 * i);
    return value;
}

void put_number(Content& bytes, std::size_t at, std::size_t width, std::uint64_t value) {
    for (std::size_t i = 0; i < width && at + i < bytes.size(); ++i)
        bytes[at + i] = static_cast<std::byte>(value >> (8 * i) & 0xffU);
}

std::string_view signature_at(const Content& bytes, std::size_t at) {
    return {reinterpret_cast<const char*>(bytes.data() + at), 4};
}

// Puts the checksum of [begin, begin + size) behind it, if that is in the file.
void put_checksum(Content& bytes, std::size_t begin, std::uint64_t size) {
    if (size > bytes.size() || begin + size + 4 > bytes.size()) return;
    put_number(bytes, begin + size, 4, H5_checksum_metadata(bytes.data() + begin, size, 0));
}

void repair_header(Content& bytes, std::size_t at) {
    std::uint64_t flags = number_at(bytes, at + 5, 1);
    std::size_t begin = at + 6 + ((flags & 0x20U) != 0 ? 16 : 0) + ((flags & 0x10U) != 0 ? 4 : 0);
    std::size_t width = std::size_t{1} << (flags & 3U);
    put_checksum(bytes, at, begin + width + number_at(bytes, begin, width) - at);
    // A message of type 16 says where the next piece is and how long; it may stand anywhere in this one.
    for (std::size_t i = begin; i + 16 < std::min(bytes.size(), begin + 4096); ++i) {
        std::uint64_t piece = number_at(bytes, i, 8), size = number_at(bytes, i + 8, 8);
        if (size > 8 && size < bytes.size() && piece < bytes.size() - size && signature_at(bytes, piece) == "OCHK")
            put_checksum(bytes, piece, size - 4);
    }
}

// Of [begin, begin + size), standing at `at`: behind it, or inside, where zeros are taken for it.
struct Sum {
    std::size_t begin, size, at;
};

constexpr std::array<std::string_view, 12> signatures{"OCHK", "FRHP", "FHIB", "BTHD", "BTIN", "BTLF",
                                                      "FAHD", "FADB", "EAHD", "EAIB", "EADB", "EASB"};

std::uint32_t sum_with_zeros(Content bytes, const Sum& sum) {
    put_number(bytes, sum.at, 4, 0);
    return H5_checksum_metadata(bytes.data() + sum.begin, sum.size, 0);
}

// Where the checksums of a sound file are. How long most structures are only others know, so all lengths are tried.
std::vector<Sum> find_sums(const Content& bytes) {
    std::vector<Sum> sums;
    constexpr std::size_t longest = 4096;
    for (std::size_t at = 0; at + 24 < bytes.size(); ++at) {
        if (signature_at(bytes, at) == "FHDB")
            for (std::size_t size = 512; size <= 65536 && at + size <= bytes.size(); size *= 2)
                for (std::size_t place : {at + 17, at + 18})    // addresses of 8 bytes, offsets of 4 or 5
                    if (number_at(bytes, place, 4) == sum_with_zeros(bytes, {at, size, place}))
                        sums.push_back({at, size, place});
        if (std::find(signatures.begin(), signatures.end(), signature_at(bytes, at)) == signatures.end()) continue;
        for (std::size_t size = 8; size < longest && at + size + 4 <= bytes.size(); ++size)
            if (number_at(bytes, at + size, 4) == H5_checksum_metadata(bytes.data() + at, size, 0)) {
                sums.push_back({at, size, at + size});
                break;
            }
    }
    return sums;
}

// Places that matter: the first bytes, and what follows signatures.
std::vector<std::size_t> structures(const Content& bytes) {
    constexpr std::array<std::string_view, 20> all{"OHDR", "OCHK", "FRHP", "FHIB", "FHDB",    "BTHD", "BTIN",
                                                   "BTLF", "FAHD", "FADB", "EAHD", "EAIB",    "EADB", "EASB",
                                                   "TREE", "SNOD", "HEAP", "GCOL", "\x89HDF", "SMTB"};
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at + 4 <= bytes.size(); ++at)
        if (std::find(all.begin(), all.end(), signature_at(bytes, at)) != all.end()) places.push_back(at);
    return places;
}

}    // namespace

void repair_checksums(Content& bytes) {
    for (std::size_t at = 0; at + 16 < bytes.size(); ++at) {
        if (signature_at(bytes, at) == "OHDR") repair_header(bytes, at);
        if (signature_at(bytes, at) == "\x89HDF" && number_at(bytes, at + 8, 1) >= 2) put_checksum(bytes, at, 44);
    }
}

struct Mutator::Sum : fuzz::Sum {};

Mutator::Mutator(Content bytes) : bytes_(std::move(bytes)), places_(structures(bytes_)) {
    for (const auto& sum : find_sums(bytes_)) sums_.push_back({sum});
}
Mutator::~Mutator() = default;

Content Mutator::mutated(std::mt19937_64& random) const {
    auto below = [&](std::uint64_t most) { return most == 0 ? 0 : random() % most; };
    const auto& places = places_;
    Content changed = bytes_;
    for (std::uint64_t change = 0, count = 1 + below(4); change < count; ++change) {
        std::size_t at = below(8) == 0 || places.empty()
                             ? below(bytes_.size())
                             : places[below(places.size())] + below(below(4) == 0 ? 512 : 96);
        at = std::min(at, bytes_.size() - 1);
        std::size_t width = std::size_t{1} << below(4);
        constexpr std::array<std::uint64_t, 10> usual{0,    1,      2,          8,          0x7f,
                                                      0xff, 0xffff, 0x7fffffff, 0xffffffff, ~std::uint64_t{0}};
        std::uint64_t value = number_at(bytes_, at, width);
        switch (below(6)) {
            case 0: value ^= std::uint64_t{1} << below(8 * width); break;
            case 1: value += below(9) - 4; break;
            case 2: value = usual[below(usual.size())]; break;
            case 3: value = random(); break;
            case 4: value = below(bytes_.size()); break;
            default: value = places.empty() ? 0 : places[below(places.size())]; break;    // leads elsewhere
        }
        put_number(changed, at, width, value);
    }
    for (const Sum& sum : sums_) put_number(changed, sum.at, 4, sum_with_zeros(changed, sum));
    repair_checksums(changed);
    return changed;
}

}    // namespace fuzz
