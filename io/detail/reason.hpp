// How failures travel inside io: as reasons, to which the public functions add their own name and the file's.
#pragma once

#include <xtape/io/error.hpp>

#include <filesystem>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>

namespace xtape::io::detail {

// Why something in a file cannot be done.
struct Reason : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A file has taken another's place and cannot be flushed to the disk.
struct NotFlushed : Reason {
    using Reason::Reason;
};

// Runs `body`, and turns what goes wrong into io::Error (or DurabilityError) `[io::operation] 'path': reason`.
template <class Body>
decltype(auto) in_operation(std::string_view operation, const std::filesystem::path& path, Body&& body) {
    auto text = [&](const std::string& reason) {
        return "[io::" + std::string(operation) + "] '" + path.string() + "': " + reason;
    };
    try {
        return body();
    } catch (const NotFlushed& reason) {
        throw DurabilityError(text(reason.what()));
    } catch (const Reason& reason) {
        throw Error(text(reason.what()));
    } catch (const StateError& reason) {
        throw Error(text(reason.what()));
    } catch (const std::bad_alloc&) {
        throw Error(text("there is not enough memory for its content"));
    } catch (const std::length_error&) {
        throw Error(text("there is not enough memory for its content"));
    }
}

}    // namespace xtape::io::detail
