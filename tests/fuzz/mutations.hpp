// Damage to HDF5 files that no checksum gives away: numbers in their structure are changed, and the checksums over them
// are made right again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace fuzz {

using Content = std::vector<std::byte>;

// Makes the checksums of all structures right: those of superblocks, object headers, heaps, B-trees and arrays of
// chunks, wherever a signature stands.
void repair_checksums(Content& bytes);

// A sound file, and damaged copies of it.
class Mutator {
public:
    explicit Mutator(Content bytes);
    Mutator(const Mutator&) = delete;
    Mutator& operator=(const Mutator&) = delete;
    ~Mutator();

    // A copy with one to four numbers changed, mostly in its structure, and the checksums made right.
    Content mutated(std::mt19937_64& random) const;

private:
    struct Sum;
    Content bytes_;
    std::vector<std::size_t> places_;    // where structures begin
    std::vector<Sum> sums_;              // where checksums are that only a sound file shows
};

}    // namespace fuzz
