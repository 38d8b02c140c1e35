#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/fletcher32.hpp>
#include <xtape/io/detail/hdf5/read.hpp>

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

namespace xtape::io::hdf5 {

void File::take(std::uint64_t bytes) {
    if (bytes > budget)
        throw Reason("unpacks to more bytes (" + std::to_string(bytes) + " here) than the limit leaves (" +
                     std::to_string(budget) + "); raise .limit if the file is to be trusted");
    budget -= bytes;
}

bool Dataset::is_checked() const {
    return place_ == Place::header || std::any_of(filters_.begin(), filters_.end(), [](const Filter& filter) {
               return filter.kind == Filter::Kind::fletcher32;
           });
}

State::Value Dataset::layout(const State::Value* wanted) const {
    using Kind = ElementType::Kind;
    auto wants = [&]<class V>(const V*) { return wanted != nullptr && std::holds_alternative<V>(*wanted); };
    auto without_elements = [&]<class T>(const Array<T>*) -> State::Value { return make_array(Storage<T>(), shape_); };
    constexpr Array<float>* floats = nullptr;
    constexpr Array<double>* doubles = nullptr;
    constexpr Indices* integers = nullptr;
    bool scalar = shape_.empty() && !is_array_;
    switch (type_.kind) {
        case Kind::text:
        case Kind::variable_text: return std::string();
        case Kind::integer:
            if (!type_.fits(Kind::integer))
                throw Reason("holds " + type_.name + "; wanted integers that int64 can hold");
            if (scalar && !wants(integers)) return std::int64_t{0};
            return without_elements(integers);
        case Kind::float64:
            if (scalar && !wants(doubles)) return 0.0;
            return without_elements(doubles);
        case Kind::float32: return without_elements(floats);
        default:
            if (original_type_ == "float64" || (original_type_.empty() && wants(doubles)))
                return without_elements(doubles);
            return without_elements(floats);
    }
}

namespace {

template <class T>
constexpr auto kind_of = std::is_same_v<T, float>    ? ElementType::Kind::float32
                         : std::is_same_v<T, double> ? ElementType::Kind::float64
                                                     : ElementType::Kind::integer;

template <class T>
void check_fits(const ElementType& type) {
    constexpr const char* name = std::is_same_v<T, float> ? "float32" : std::is_same_v<T, double> ? "float64" : "int64";
    if (!type.fits(kind_of<T>)) throw Reason("holds " + type.name + ", which " + name + " cannot hold without loss");
}

}    // namespace

template <class T>
Array<T> Dataset::read_array() const {
    check_fits<T>(type_);
    Array<T> result = empty_array<T>(shape_);
    if (count_ == 0) return result;
    bool as_stored = type_.kind == kind_of<T> && type_.bytes == sizeof(T) && !type_.is_swapped;
    read_elements(reinterpret_cast<std::byte*>(result.storage().data()), sizeof(T), as_stored,
                  [&](const std::byte* from, std::size_t count, std::byte* to) {
                      convert(type_, from, count, reinterpret_cast<T*>(to));
                  });
    return result;
}

template <class T>
T Dataset::read_number() const {
    if (count_ != 1) throw Reason("has the shape " + to_string(shape_) + "; wanted one number");
    return read_array<T>().storage()[0];
}

std::string Dataset::read_text() const {
    if (type_.kind == ElementType::Kind::variable_text) return read_variable_text(file_.channel, offset_);
    if (type_.kind != ElementType::Kind::text) throw Reason("holds " + type_.name + "; wanted text");
    std::string text(type_.bytes, '\0');
    read_elements(reinterpret_cast<std::byte*>(text.data()), type_.bytes, true,
                  [](const std::byte*, std::size_t, std::byte*) {});
    std::size_t length = text.find_last_not_of('\0') + 1;
    if (length_ && *length_ > 0 && static_cast<std::uint64_t>(*length_) <= text.size())
        length = static_cast<std::size_t>(*length_);
    text.resize(length);
    return text;
}

template <class Convert>
void Dataset::read_elements(std::byte* to, std::size_t element_bytes, bool as_stored, const Convert& convert) const {
    if (place_ == Place::chunks)
        return for_each_chunk(
            shape_, chunk_, [&](const ChunkPlace& place) { read_chunk(place, to, element_bytes, as_stored, convert); });
    Handle type(H5Dget_type(id_), H5Tclose, "is damaged");
    Bytes buffer(as_stored ? 0 : count_ * type_.bytes);
    std::byte* raw = as_stored ? to : buffer.data();
    check(H5Dread(id_, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw), "cannot be read");
    if (!as_stored) convert(raw, count_, to);
}

template <class Convert>
void Dataset::read_chunk(const ChunkPlace& place, std::byte* to, std::size_t element_bytes, bool as_stored,
                         const Convert& convert) const {
    unsigned skipped = 0;
    haddr_t address = HADDR_UNDEF;
    hsize_t size = 0;
    const hsize_t* first = reinterpret_cast<const hsize_t*>(place.first.data());
    static_assert(sizeof(hsize_t) == sizeof(std::uint64_t));
    check(H5Dget_chunk_info_by_coord(id_, first, &skipped, &address, &size), "has a damaged list of chunks");
    std::uint64_t file_bytes = file_.channel.size();
    if (address == HADDR_UNDEF) throw Reason("lacks a chunk");
    if (size == 0 || size > file_bytes || address > file_bytes - size) throw Reason("has a chunk outside of the file");
    auto read_to = [&](void* buffer) {
        std::uint32_t mask = 0;
        check(H5Dread_chunk(id_, H5P_DEFAULT, first, &mask, buffer), "cannot be read");
    };

    std::size_t chunk_count = element_count(chunk_);
    std::size_t chunk_bytes = chunk_count * type_.bytes;
    bool only_checksum = filters_.size() == 1 && filters_[0].kind == Filter::Kind::fletcher32 && skipped == 0;
    if (as_stored && only_checksum && place.count == chunk_count && size == chunk_bytes + 4 && is_run(shape_, chunk_)) {
        std::byte* target = to + place.begin * element_bytes;
        std::array<std::uint8_t, 4> tail{};
        Channel::Split split(file_.channel, target, chunk_bytes, tail);
        read_to(target);
        std::uint32_t sum = 0;
        for (unsigned i = 0; i < 4; ++i) sum |= std::uint32_t{tail[i]} << (8 * i);
        if (!split.used()) throw Reason("cannot be read: HDF5 did not ask the file for a chunk");
        if (file_.verify && sum != fletcher32(target, chunk_bytes))
            throw Reason("does not fit its checksum: the data are damaged");
        return;
    }
    Bytes chunk(size);
    read_to(chunk.data());
    chunk = unpack(std::move(chunk), filters_, skipped, chunk_bytes, file_.verify);
    if (!as_stored) {
        Bytes converted(chunk_count * element_bytes);
        convert(chunk.data(), chunk_count, converted.data());
        chunk = std::move(converted);
    }
    place_chunk(chunk.data(), chunk_, place, to, shape_, element_bytes);
}

State::Value Dataset::read(const State::Value& as) const {
    try {
        return std::visit(
            [&](const auto& v) -> State::Value {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_same_v<V, std::string>)
                    return read_text();
                else if constexpr (std::is_arithmetic_v<V>)
                    return read_number<V>();
                else
                    return read_array<typename V::value_type>();
            },
            as);
    } catch (const Reason& reason) {
        throw Reason("'" + path_ + "' " + reason.what());
    }
}

}    // namespace xtape::io::hdf5
