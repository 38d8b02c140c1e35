// The HDF5 C library made safe to use: one thread at a time, handles that close themselves, failures as exceptions.
// Not for users: nothing here includes HDF5's headers, so that the library's headers need none either.
#pragma once

#include <xtape/io/detail/reason.hpp>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace xtape::io::hdf5 {

using Id = std::int64_t;    // HDF5's hid_t

using detail::Reason;

// HDF5 is used by one thread at a time, destructors of its handles included. May be taken again by its holder.
std::recursive_mutex& library_mutex();

// Holds the library, and keeps HDF5 from printing its error stack, for a scope.
class Session {
public:
    Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

private:
    std::lock_guard<std::recursive_mutex> lock_;
    void* printer_ = nullptr;
    void* printer_data_ = nullptr;
};

// Throws Reason: `what`, followed by HDF5's own error stack, which is emptied.
[[noreturn]] void fail(std::string_view what);

template <class Result>
Result check(Result result, std::string_view what) {
    if (result < 0) fail(what);
    return result;
}

// An HDF5 object, closed at the end of the scope.
class Handle {
public:
    using Close = int (*)(Id);

    Handle() = default;
    Handle(Id id, Close closer, std::string_view what) : id_(check(id, what)), close_(closer) {}
    Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    ~Handle() {
        if (id_ >= 0) close_(id_);
    }

    operator Id() const { return id_; }

    // Closes it now. Throws Reason when that fails.
    void close(std::string_view what) { check(close_(std::exchange(id_, -1)), what); }

private:
    Id id_ = -1;
    Close close_ = nullptr;
};

}    // namespace xtape::io::hdf5
