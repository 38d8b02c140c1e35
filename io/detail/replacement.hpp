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

// A folder whose names are to be flushed to the disk. It is opened before they change, so that this cannot fail
// afterwards. Throws Reason.
class FolderFlush {
public:
    explicit FolderFlush(const std::filesystem::path& folder);
    // Flushes the folder; a folder that must not be read, by flushing the whole file system of `file`, which is open in
    // it. Throws NotFlushed.
    void flush(int file) const;

private:
    Descriptor descriptor_;
};

// A temporary file beside `path`, with the owner, group and permissions of the old file as far as the process may give
// them. commit() puts it in the old file's place; without commit() it disappears. A symbolic link stays, and what it
// points to is replaced or made. What processes that have died left in the folder is removed.
//
// Until commit() returns or throws NotFlushed, nothing has changed. Everything else that goes wrong is a Reason.
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
    void create();

    std::filesystem::path path_, folder_, temporary_;    // the last is empty while there is no such file
    Descriptor descriptor_;
};

}    // namespace xtape::io::detail
