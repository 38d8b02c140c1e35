#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/fletcher32.hpp>
#include <xtape/io/detail/hdf5/parser/heaps.hpp>
#include <xtape/io/detail/hdf5/read.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

namespace xtape::io::hdf5 {

void File::take(std::uint64_t bytes) {
    if (bytes > budget)
        throw Reason("unpacks to more bytes (" + std::to_string(bytes) + " here) than the limit leaves (" +
                     std::to_string(budget) + "); raise .limits.bytes if the file is to be trusted");
    budget -= bytes;
}

bool Dataset::is_checked() const {
    if (placement_.place == Placement::Place::header) return has_checksums_;
    return std::any_of(filters_.begin(), filters_.end(),
                       [](const Filter& filter) { return filter.kind == Filter::Kind::fletcher32; });
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
bool Dataset::is_stored_as() const {
    return type_.kind == kind_of<T> && type_.bytes == sizeof(T) && !type_.is_swapped;
}

template <class T>
Array<T> Dataset::read_array() const {
    check_fits<T>(type_);
    Array<T> result = empty_array<T>(shape_);
    if (count_ == 0) return result;
    bool as_stored = is_stored_as<T>();
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
    bool is_variable = type_.kind == ElementType::Kind::variable_text;
    if (!is_variable && type_.kind != ElementType::Kind::text) throw Reason("holds " + type_.name + "; wanted text");
    std::string text(type_.bytes, '\0');
    read_elements(reinterpret_cast<std::byte*>(text.data()), type_.bytes, true,
                  [](const std::byte*, std::size_t, std::byte*) {});
    if (is_variable) return variable_text(file_.metadata, Cursor(std::as_bytes(std::span(text))));
    std::size_t length = text.find_last_not_of('\0') + 1;
    if (length_ && *length_ > 0 && static_cast<std::uint64_t>(*length_) <= text.size())
        length = static_cast<std::size_t>(*length_);
    text.resize(length);
    return text;
}

void Dataset::read_raw(std::uint64_t position, void* to, std::size_t size) const {
    if (!file_.channel.read(position, to, size)) throw Reason("cannot be read: " + file_.channel.error());
}

template <class Convert>
void Dataset::read_elements(std::byte* to, std::size_t element_bytes, bool as_stored, const Convert& convert) const {
    if (placement_.place == Placement::Place::chunks) {
        const StoredChunk* next = chunks_.data();    // in the same order, and as many
        return for_each_chunk(shape_, chunk_, [&](const ChunkPlace& place) {
            read_chunk(*next++, place, shape_, to, element_bytes, as_stored, convert);
        });
    }
    read_run(0, count_, to, as_stored, convert);
}

// Elements that are stored one after another.
template <class Convert>
void Dataset::read_run(std::size_t first, std::size_t count, std::byte* to, bool as_stored,
                       const Convert& convert) const {
    std::size_t begin = first * type_.bytes, size = count * type_.bytes;
    if (placement_.place == Placement::Place::header) {
        const std::byte* content = placement_.content.data() + begin;
        if (as_stored)
            std::copy(content, content + size, to);
        else
            convert(content, count, to);
        return;
    }
    Bytes buffer(as_stored ? 0 : size);
    std::byte* raw = as_stored ? to : buffer.data();
    read_raw(placement_.address + begin, raw, size);
    if (!as_stored) convert(raw, count, to);
}

std::size_t Dataset::block_rows() const {
    if (placement_.place == Placement::Place::chunks && !chunk_.empty()) return chunk_[0];
    constexpr std::size_t block_bytes = std::size_t{1} << 20;
    return std::clamp<std::size_t>(
        block_bytes / std::max<std::size_t>(1, bytes() / std::max<std::size_t>(1, shape_[0])), 1,
        std::max<std::size_t>(1, shape_[0]));
}

template <class T>
Array<T> Dataset::read_block(std::size_t block, bool convert_precision) const try {
    if constexpr (std::is_same_v<T, float>)
        if (convert_precision && type_.kind == ElementType::Kind::float64) {
            const Array<double> numbers = read_block<double>(block, false);
            Array<float> rounded = empty_array<float>(numbers.shape());
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                const double number = numbers.storage()[i];
                if (std::abs(number) > std::numeric_limits<float>::max() && std::isfinite(number))
                    throw Reason("holds " + std::to_string(number) + ", which is beyond float's range");
                rounded.storage()[i] = static_cast<float>(number);
            }
            return rounded;
        }
    const bool is_rounded =
        convert_precision && !std::is_same_v<T, std::int64_t> && type_.kind == ElementType::Kind::integer;
    if (!is_rounded) check_fits<T>(type_);
    std::size_t first = block * block_rows(), row = count_ / std::max<std::size_t>(1, shape_[0]);
    Shape shape = shape_;
    shape[0] = std::min(block_rows(), shape_[0] - first);
    Array<T> result = empty_array<T>(shape);
    if (result.size() == 0) return result;
    auto* to = reinterpret_cast<std::byte*>(result.storage().data());
    auto change = [&](const std::byte* from, std::size_t count, std::byte* numbers) {
        convert(type_, from, count, reinterpret_cast<T*>(numbers));
    };
    if (placement_.place == Placement::Place::chunks) {
        std::size_t blocks = (shape_[0] + block_rows() - 1) / block_rows();
        const StoredChunk* next = chunks_.data() + block * (chunks_.size() / blocks);
        for_each_chunk(shape, chunk_, [&](const ChunkPlace& place) {
            read_chunk(*next++, place, shape, to, sizeof(T), is_stored_as<T>(), change);
        });
    } else {
        read_run(first * row, result.size(), to, is_stored_as<T>(), change);
    }
    return result;
} catch (const Reason& reason) {
    throw Reason("'" + path_ + "' " + reason.what());
}
template Array<float> Dataset::read_block(std::size_t, bool) const;
template Array<double> Dataset::read_block(std::size_t, bool) const;
template Indices Dataset::read_block(std::size_t, bool) const;

template <class Convert>
void Dataset::read_chunk(const StoredChunk& stored, const ChunkPlace& place, const Shape& shape, std::byte* to,
                         std::size_t element_bytes, bool as_stored, const Convert& convert) const {
    std::size_t chunk_count = element_count(chunk_);
    std::size_t size = chunk_count * type_.bytes;
    bool only_checksum = filters_.size() == 1 && filters_[0].kind == Filter::Kind::fletcher32 && stored.skipped == 0;
    if (as_stored && only_checksum && place.count == chunk_count && stored.size == size + 4 && is_run(shape, chunk_)) {
        std::byte* target = to + place.begin * element_bytes;
        std::array<std::byte, 4> tail;
        read_raw(stored.position, target, size);
        read_raw(stored.position + size, tail.data(), tail.size());
        if (file_.verify && Cursor(tail).number(tail.size()) != fletcher32(target, size))
            throw Reason("does not fit its checksum: the data are damaged");
        return;
    }
    Bytes chunk(static_cast<std::size_t>(stored.size));
    read_raw(stored.position, chunk.data(), chunk.size());
    chunk = unpack(std::move(chunk), filters_, stored.skipped, size, file_.verify);
    if (!as_stored) {
        Bytes converted(chunk_count * element_bytes);
        convert(chunk.data(), chunk_count, converted.data());
        chunk = std::move(converted);
    }
    place_chunk(chunk.data(), chunk_, place, to, shape, element_bytes);
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
