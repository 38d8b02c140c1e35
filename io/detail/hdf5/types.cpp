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

ElementType float_type(Id type) {
    using Kind = ElementType::Kind;
    auto is = [&](Id other) { return H5Tequal(type, other) > 0; };
    if (is(half_type())) return {Kind::float16, 2, true, false, "float16"};
    for (Id order : {Id{H5T_IEEE_F32LE}, Id{H5T_IEEE_F32BE}})
        if (is(order)) return {Kind::float32, 4, true, !is(H5T_NATIVE_FLOAT), "float32"};
    for (Id order : {Id{H5T_IEEE_F64LE}, Id{H5T_IEEE_F64BE}})
        if (is(order)) return {Kind::float64, 8, true, !is(H5T_NATIVE_DOUBLE), "float64"};
    throw Reason("holds floating-point numbers of an unusual format");
}

ElementType integer_type(Id type) {
    std::size_t bytes = H5Tget_size(type);
    H5T_order_t order = H5Tget_order(type);
    bool usual = (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8) && H5Tget_precision(type) == bytes * 8 &&
                 H5Tget_offset(type) == 0 && (order == H5T_ORDER_LE || order == H5T_ORDER_BE);
    if (!usual) throw Reason("holds integers of an unusual format");
    bool is_signed = H5Tget_sign(type) != H5T_SGN_NONE;
    return {ElementType::Kind::integer, bytes, is_signed, bytes > 1 && order != H5Tget_order(H5T_NATIVE_INT),
            (is_signed ? "int" : "uint") + std::to_string(bytes * 8)};
}

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

ElementType element_type(Id type) {
    constexpr const char* wanted = "; wanted floating-point numbers, integers or text";
    switch (H5Tget_class(type)) {
        case H5T_FLOAT: return float_type(type);
        case H5T_INTEGER: return integer_type(type);
        case H5T_STRING:
            if (H5Tis_variable_str(type) > 0) return {ElementType::Kind::variable_text, 16, true, false, "text"};
            return {ElementType::Kind::text, H5Tget_size(type), true, false, "text"};
        case H5T_BITFIELD: throw Reason(std::string("holds bit fields") + wanted);
        case H5T_OPAQUE: throw Reason(std::string("holds opaque bytes") + wanted);
        case H5T_COMPOUND: throw Reason(std::string("holds compound values") + wanted);
        case H5T_REFERENCE: throw Reason(std::string("holds references") + wanted);
        case H5T_ENUM: throw Reason(std::string("holds enumerated values") + wanted);
        case H5T_VLEN: throw Reason(std::string("holds lists of varying length") + wanted);
        case H5T_ARRAY: throw Reason(std::string("holds arrays as elements") + wanted);
        case H5T_TIME: throw Reason(std::string("holds times") + wanted);
        default: fail(std::string("holds values of an unreadable type") + wanted);
    }
}

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
