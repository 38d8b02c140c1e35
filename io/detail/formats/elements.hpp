// Elements of foreign files as values of a State, and the bytes of whole files.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/detail/reason.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::io::formats {

using detail::Reason;
using Bytes = std::vector<std::byte>;

enum class Kind { floating, brain, is_signed, is_unsigned, boolean };    // brain: bfloat16

// An array of `shape` from its elements in row-major order. Throws Reason when the bytes are too few or too many, or
// the type has no place in a State.
State::Value to_array(Kind kind, std::size_t element_bytes, bool swapped, const Shape& shape,
                      std::span<const std::byte> elements);

// The number of bytes. Throws Reason when it is beyond memory.
std::uint64_t bytes_of(const Shape& shape, std::size_t element_bytes);

// A value's elements as they lie in memory, its shape, and their type. Throws Reason for a text.
struct Elements {
    std::span<const std::byte> bytes;
    Shape shape;
    Kind kind;
    std::size_t element_bytes;
};
Elements elements_of(const State::Value& value);

Bytes read_file(const std::filesystem::path& path);

// The parts, one after another, in place of a file. Throws Reason, and then the old file is as it was.
void replace_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts);

std::span<const std::byte> as_bytes(std::string_view text);

using detail::in_operation;

}    // namespace xtape::io::formats
