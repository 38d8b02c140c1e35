#include <xtape/core/shape.hpp>
#include <xtape/io/detail/formats/elements.hpp>
#include <xtape/io/detail/hdf5/float16.hpp>
#include <xtape/io/detail/replacement.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <type_traits>

namespace xtape::io::formats {
namespace {

template <class File, class T, class Convert>
State::Value array_of(bool swapped, const Shape& shape, std::span<const std::byte> elements, const Convert& convert) {
    Array<T> result = empty_array<T>(shape);
    T* to = result.storage().data();
    for (std::size_t i = 0; i < result.size(); ++i) {
        std::array<std::byte, sizeof(File)> bytes;
        std::memcpy(bytes.data(), elements.data() + i * sizeof(File), sizeof(File));
        if (swapped) std::reverse(bytes.begin(), bytes.end());
        to[i] = convert(std::bit_cast<File>(bytes));
    }
    return result;
}

template <class File, class T>
State::Value numbers_of(bool swapped, const Shape& shape, std::span<const std::byte> elements) {
    return array_of<File, T>(swapped, shape, elements, [](File x) { return static_cast<T>(x); });
}

std::int64_t to_signed(std::uint64_t x) {
    if (x > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
        throw Reason("holds the integer " + std::to_string(x) + ", which int64 cannot hold");
    return static_cast<std::int64_t>(x);
}

float from_brain(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}    // namespace

std::uint64_t bytes_of(const Shape& shape, std::size_t element_bytes) {
    std::uint64_t bytes = element_bytes;
    if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
    for (std::size_t length : shape) {
        if (length > (std::uint64_t{1} << 56) / bytes)
            throw Reason("holds an array of shape " + to_string(shape) + ", which no memory holds");
        bytes *= length;
    }
    return bytes;
}

State::Value to_array(Kind kind, std::size_t size, bool swapped, const Shape& shape,
                      std::span<const std::byte> elements) {
    std::uint64_t wanted = bytes_of(shape, size);
    if (elements.size() != wanted)
        throw Reason("has " + std::to_string(elements.size()) + " bytes for an array of shape " + to_string(shape) +
                     "; wanted " + std::to_string(wanted));
    auto as = [&]<class File, class T>(File, T) { return numbers_of<File, T>(swapped, shape, elements); };
    constexpr std::int64_t integer = 0;
    switch (kind) {
        case Kind::floating:
            if (size == 2) return array_of<std::uint16_t, float>(swapped, shape, elements, hdf5::from_half);
            if (size == 4) return as(float{}, float{});
            if (size == 8) return as(double{}, double{});
            break;
        case Kind::brain:
            if (size == 2) return array_of<std::uint16_t, float>(swapped, shape, elements, from_brain);
            break;
        case Kind::is_signed:
            if (size == 1) return as(std::int8_t{}, integer);
            if (size == 2) return as(std::int16_t{}, integer);
            if (size == 4) return as(std::int32_t{}, integer);
            if (size == 8) return as(integer, integer);
            break;
        case Kind::boolean:
        case Kind::is_unsigned:
            if (size == 1) return as(std::uint8_t{}, integer);
            if (size == 2) return as(std::uint16_t{}, integer);
            if (size == 4) return as(std::uint32_t{}, integer);
            if (size == 8) return array_of<std::uint64_t, std::int64_t>(swapped, shape, elements, to_signed);
            break;
    }
    throw Reason("holds elements of " + std::to_string(size) + " bytes, of a type that has no place in an array here");
}

Elements elements_of(const State::Value& value) {
    return std::visit(
        [](const auto& v) -> Elements {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<V, std::string>) {
                throw Reason("got a text; wanted numbers");
            } else if constexpr (std::is_arithmetic_v<V>) {
                return {std::as_bytes(std::span(&v, 1)), Shape(),
                        std::is_integral_v<V> ? Kind::is_signed : Kind::floating, sizeof(V)};
            } else {
                using T = typename V::value_type;
                return {std::as_bytes(std::span(v.storage().data(), v.size())), v.shape(),
                        std::is_integral_v<T> ? Kind::is_signed : Kind::floating, sizeof(T)};
            }
        },
        value);
}

Bytes read_file(const std::filesystem::path& path) {
    detail::Descriptor descriptor = detail::open_to_read(path);
    struct stat status {};
    if (fstat(descriptor, &status) != 0) throw Reason(std::string("cannot be examined: ") + std::strerror(errno));
    Bytes bytes(static_cast<std::size_t>(status.st_size));
    for (std::size_t done = 0; done < bytes.size();) {
        ssize_t got = read(descriptor, bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) throw Reason(std::string("cannot be read: ") + (got < 0 ? std::strerror(errno) : "it shrinks"));
        done += static_cast<std::size_t>(got);
    }
    return bytes;
}

void replace_file(const std::filesystem::path& path, std::span<const std::span<const std::byte>> parts) {
    detail::Replacement replacement(path);
    for (auto part : parts)
        while (!part.empty()) {
            ssize_t wrote = write(replacement.descriptor(), part.data(), part.size());
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) throw Reason(std::string("cannot be written: ") + std::strerror(wrote < 0 ? errno : EIO));
            part = part.subspan(static_cast<std::size_t>(wrote));
        }
    replacement.commit(true);
}

std::span<const std::byte> as_bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}    // namespace xtape::io::formats
