#include <xtape/io/detail/hdf5/float16.hpp>
#include <xtape/io/detail/hdf5/types.hpp>

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace xtape::io::hdf5 {

template <>
Id stored_type<float>() {
    return H5T_IEEE_F32LE;
}
template <>
Id stored_type<double>() {
    return H5T_IEEE_F64LE;
}
template <>
Id stored_type<std::int64_t>() {
    return H5T_STD_I64LE;
}

Handle half_type() {
    Handle type(H5Tcopy(H5T_IEEE_F32LE), H5Tclose, "HDF5 gives no type");
    check(H5Tset_fields(type, 15, 10, 5, 0, 10), "HDF5 does not take float16");
    check(H5Tset_size(type, 2), "HDF5 does not take float16");
    check(H5Tset_ebias(type, 15), "HDF5 does not take float16");
    return type;
}

Handle text_type(std::size_t bytes) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "HDF5 gives no type");
    check(H5Tset_size(type, bytes), "HDF5 does not take a text of " + std::to_string(bytes) + " bytes");
    check(H5Tset_cset(type, H5T_CSET_UTF8), "HDF5 does not take UTF-8");
    check(H5Tset_strpad(type, H5T_STR_NULLPAD), "HDF5 does not take a padding");
    return type;
}

namespace {

template <class File, class T>
void convert_all(bool swapped, const std::byte* from, std::size_t count, T* to) {
    for (std::size_t i = 0; i < count; ++i) {
        std::array<std::byte, sizeof(File)> bytes;
        std::memcpy(bytes.data(), from + i * sizeof(File), sizeof(File));
        if (swapped) std::reverse(bytes.begin(), bytes.end());
        to[i] = static_cast<T>(std::bit_cast<File>(bytes));
    }
}

template <class T>
void convert_integers(const ElementType& type, const std::byte* from, std::size_t count, T* to) {
    auto as = [&](auto zero) { convert_all<decltype(zero)>(type.is_swapped, from, count, to); };
    switch (type.bytes) {
        case 1: return type.is_signed ? as(std::int8_t{}) : as(std::uint8_t{});
        case 2: return type.is_signed ? as(std::int16_t{}) : as(std::uint16_t{});
        case 4: return type.is_signed ? as(std::int32_t{}) : as(std::uint32_t{});
        default: return type.is_signed ? as(std::int64_t{}) : as(std::uint64_t{});
    }
}

}    // namespace

bool ElementType::fits(Kind in) const {
    switch (kind) {
        case Kind::float16: return in == Kind::float32 || in == Kind::float64;
        case Kind::float32: return in == Kind::float32 || in == Kind::float64;
        case Kind::float64: return in == Kind::float64;
        case Kind::integer:
            if (in == Kind::float32) return bytes <= 2;
            if (in == Kind::float64) return bytes <= 4;
            return in == Kind::integer && (bytes < 8 || is_signed);
        default: return in == Kind::text;
    }
}

template <class T>
void convert(const ElementType& type, const std::byte* from, std::size_t count, T* to) {
    switch (type.kind) {
        case ElementType::Kind::float16:
            for (std::size_t i = 0; i < count; ++i) {
                std::uint16_t half = 0;
                std::memcpy(&half, from + 2 * i, 2);
                to[i] = static_cast<T>(from_half(half));
            }
            return;
        case ElementType::Kind::float32: return convert_all<float>(type.is_swapped, from, count, to);
        case ElementType::Kind::float64: return convert_all<double>(type.is_swapped, from, count, to);
        case ElementType::Kind::integer: return convert_integers(type, from, count, to);
        default: throw Reason("holds text; wanted numbers");
    }
}
template void convert(const ElementType&, const std::byte*, std::size_t, float*);
template void convert(const ElementType&, const std::byte*, std::size_t, double*);
template void convert(const ElementType&, const std::byte*, std::size_t, std::int64_t*);

}    // namespace xtape::io::hdf5
