// A file that takes another's place at once, or not at all.
#pragma once

#include <xtape/io/detail/reason.hpp>

#include <filesystem>
#include <utility>

namespace xtape::io::detail {

// An open file descriptor, closed at the end of the scope.
class Descriptor {
public:
    Descriptor() = default;
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~Descriptor();

    operator int() const { return number_; }
    int release() { return std::exchange(number_, -1); }

private:
    int number_ = -1;
};

// A file open for reading. Throws Reason when there is none, or it is something else.
Descriptor open_to_read(const std::filesystem::path& path);

// A temporary file beside `path`. commit() flushes it, and the folder, to the disk and gives it the name; without
// commit() it disappears. What processes that have died left in the folder is removed. All throw Reason.
class Replacement {
public:
    explicit Replacement(const std::filesystem::path& path);
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;
    ~Replacement();

    int descriptor() const { return descriptor_; }
    void copy_old_content();
    void commit(bool durable);

private:
    std::filesystem::path path_, folder_, temporary_;
    Descriptor descriptor_;
};

}    // namespace xtape::io::detail
