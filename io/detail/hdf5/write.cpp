#include <xtape/core/shape.hpp>
#include <xtape/io/detail/hdf5/chunks.hpp>
#include <xtape/io/detail/hdf5/fletcher32.hpp>
#include <xtape/io/detail/hdf5/float16.hpp>
#include <xtape/io/detail/hdf5/types.hpp>
#include <xtape/io/detail/hdf5/write.hpp>

#include <hdf5.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <type_traits>

namespace xtape::io::hdf5 {
namespace {

// An array on its way into a file: `fill` writes elements [begin, begin + count) as the file holds them.
struct Source {
    const Shape& shape;
    Id type;
    std::size_t element_bytes;
    const std::byte* stored = nullptr;    // the elements as the file holds them, if memory has them so
    std::function<void(std::size_t begin, std::size_t count, std::byte* to)> fill;
};

Handle dataspace(const Shape& shape) {
    std::vector<hsize_t> lengths(shape.begin(), shape.end());
    hid_t id = shape.empty() ? H5Screate(H5S_SCALAR)
                             : H5Screate_simple(static_cast<int>(lengths.size()), lengths.data(), nullptr);
    return Handle(id, H5Sclose, "HDF5 cannot hold an array of shape " + to_string(shape));
}

Handle creation_list(bool compact) {
    Handle list(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "HDF5 gives no property list");
    check(H5Pset_obj_track_times(list, false), "HDF5 does not take a property");
    check(H5Pset_attr_creation_order(list, H5P_CRT_ORDER_TRACKED), "HDF5 does not take a property");
    if (compact) check(H5Pset_layout(list, H5D_COMPACT), "HDF5 does not take a property");
    return list;
}

Handle link_list() {
    Handle list(H5Pcreate(H5P_LINK_CREATE), H5Pclose, "HDF5 gives no property list");
    check(H5Pset_char_encoding(list, H5T_CSET_UTF8), "HDF5 does not take a property");
    return list;
}

Handle create(Id group, const std::string& name, Id type, Id space, Id list) {
    Handle links = link_list();
    return Handle(H5Dcreate2(group, name.c_str(), type, space, links, list, H5P_DEFAULT), H5Dclose,
                  "a dataset cannot be made");
}

void write_chunk(Id dataset, const ChunkPlace& place, std::size_t bytes, const void* buffer) {
    std::vector<hsize_t> first(place.first.begin(), place.first.end());
    check(H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, first.data(), bytes, buffer), "a chunk cannot be written");
}

// The chunk and its checksum go to the file from where they are.
void write_in_place(Id dataset, const ChunkPlace& place, const std::byte* elements, std::size_t bytes,
                    Channel& channel) {
    std::uint32_t sum = fletcher32(elements, bytes);
    std::array<std::uint8_t, 4> tail{};
    for (unsigned i = 0; i < 4; ++i) tail[i] = static_cast<std::uint8_t>(sum >> (8 * i) & 0xffU);
    Channel::Split split(channel, elements, bytes, tail);
    write_chunk(dataset, place, bytes + tail.size(), elements);
    if (!split.used() && channel.error().empty()) throw Reason("HDF5 did not hand a chunk to the file as it was given");
}

Handle write_chunked(Id group, const std::string& name, const Source& source, const DatasetOptions& options,
                     Channel& channel) {
    Shape chunk = choose_chunk(source.shape, source.element_bytes, std::max<std::size_t>(options.chunk_bytes, 1024));
    std::vector<Filter> filters;
    Handle list = creation_list(false);
    std::vector<hsize_t> lengths(chunk.begin(), chunk.end());
    check(H5Pset_chunk(list, static_cast<int>(lengths.size()), lengths.data()), "HDF5 does not take the chunks");
    if (options.compression > 0) {
        check(H5Pset_shuffle(list), "HDF5 has no shuffle filter");
        check(H5Pset_deflate(list, static_cast<unsigned>(options.compression)), "HDF5 has no deflate filter");
        filters.push_back({Filter::Kind::shuffle, static_cast<unsigned>(source.element_bytes)});
        filters.push_back({Filter::Kind::deflate, static_cast<unsigned>(options.compression)});
    }
    check(H5Pset_fletcher32(list), "HDF5 has no fletcher32 filter");
    filters.push_back({Filter::Kind::fletcher32});

    Handle dataset = create(group, name, source.type, dataspace(source.shape), list);
    std::size_t chunk_bytes = element_count(chunk) * source.element_bytes;
    Bytes buffer;
    for_each_chunk(source.shape, chunk, [&](const ChunkPlace& place) {
        std::size_t bytes = place.count * source.element_bytes;
        if (source.stored != nullptr && bytes == chunk_bytes && options.compression == 0) {
            write_in_place(dataset, place, source.stored + place.begin * source.element_bytes, bytes, channel);
        } else {
            buffer.assign(chunk_bytes, std::byte{0});
            source.fill(place.begin, place.count, buffer.data());
            Bytes packed = pack(buffer, filters);
            write_chunk(dataset, place, packed.size(), packed.data());
        }
        channel.check();
    });
    return dataset;
}

Handle write_source(Id group, const std::string& name, const Source& source, const DatasetOptions& options,
                    Channel& channel) {
    std::size_t bytes = element_count(source.shape) * source.element_bytes;
    if (bytes > largest_compact && !source.shape.empty()) return write_chunked(group, name, source, options, channel);
    Bytes buffer(bytes);
    if (bytes > 0) source.fill(0, bytes / source.element_bytes, buffer.data());
    Handle dataset = create(group, name, source.type, dataspace(source.shape), creation_list(true));
    if (bytes > 0)
        check(H5Dwrite(dataset, source.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer.data()), "cannot be written");
    return dataset;
}

template <class T>
Source plain_source(const Shape& shape, const T* elements) {
    const auto* bytes = reinterpret_cast<const std::byte*>(elements);
    return {shape, stored_type<T>(), sizeof(T), bytes, [bytes](std::size_t begin, std::size_t count, std::byte* to) {
                std::memcpy(to, bytes + begin * sizeof(T), count * sizeof(T));
            }};
}

template <class T>
Source half_source(const Shape& shape, const T* elements, Id type) {
    return {shape, type, 2, nullptr, [elements](std::size_t begin, std::size_t count, std::byte* to) {
                for (std::size_t i = 0; i < count; ++i) {
                    T value = elements[begin + i];
                    if (std::isfinite(value) && std::abs(value) >= T(65520))
                        throw Reason("the value " + std::to_string(value) +
                                     " is beyond float16, whose largest is 65504; store it in full");
                    std::uint16_t half = to_half(static_cast<float>(value));
                    std::memcpy(to + 2 * i, &half, 2);
                }
            }};
}

template <class T>
void write_array(Id group, const std::string& name, const Array<T>& array, const DatasetOptions& options,
                 Channel& channel) {
    Handle dataset;
    if (std::is_floating_point_v<T> && options.float16) {
        Handle half = half_type();
        dataset = write_source(group, name, half_source(array.shape(), array.storage().data(), half), options, channel);
        write_attribute(dataset, original_type_attribute, std::string(sizeof(T) == 4 ? "float32" : "float64"));
    } else {
        dataset = write_source(group, name, plain_source(array.shape(), array.storage().data()), options, channel);
    }
    if (array.dimension() == 0) write_attribute(dataset, array_attribute, std::int64_t{1});
}

void write_text(Id group, const std::string& name, const std::string& text, const DatasetOptions& options,
                Channel& channel) {
    Shape shape;
    if (text.size() > largest_compact) shape = {1};    // HDF5 cuts no scalar into chunks
    std::string padded = text.empty() ? std::string(1, '\0') : text;
    Handle type = text_type(padded.size());
    const auto* bytes = reinterpret_cast<const std::byte*>(padded.data());
    Source source{shape, type, padded.size(), bytes,
                  [&](std::size_t, std::size_t, std::byte* to) { std::copy_n(bytes, padded.size(), to); }};
    Handle dataset = write_source(group, name, source, options, channel);
    if (!text.empty() && text.back() == '\0')
        write_attribute(dataset, length_attribute, static_cast<std::int64_t>(text.size()));
}

}    // namespace

void write_dataset(Id group, const std::string& name, const State::Value& value, const DatasetOptions& options,
                   Channel& channel) {
    std::visit(
        [&](const auto& v) {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_same_v<V, std::string>)
                write_text(group, name, v, options, channel);
            else if constexpr (std::is_arithmetic_v<V>)
                write_source(group, name, plain_source(Shape(), &v), options, channel);
            else
                write_array(group, name, v, options, channel);
        },
        value);
    channel.check();
}

void write_attribute(Id object, const std::string& name, const State::Value& value) {
    if (check(H5Aexists(object, name.c_str()), "an attribute cannot be looked up") > 0)
        check(H5Adelete(object, name.c_str()), "an attribute cannot be replaced");
    auto write = [&](Id type, const void* data) {
        Handle list(H5Pcreate(H5P_ATTRIBUTE_CREATE), H5Pclose, "HDF5 gives no property list");
        check(H5Pset_char_encoding(list, H5T_CSET_UTF8), "HDF5 does not take a property");
        Handle attribute(H5Acreate2(object, name.c_str(), type, dataspace(Shape()), list, H5P_DEFAULT), H5Aclose,
                         "the attribute '" + name + "' cannot be made");
        check(H5Awrite(attribute, type, data), "the attribute '" + name + "' cannot be written");
    };
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return write(stored_type<std::int64_t>(), integer);
    if (const auto* number = std::get_if<double>(&value)) return write(stored_type<double>(), number);
    const auto* text = std::get_if<std::string>(&value);
    if (text == nullptr)
        throw Reason("the attribute '" + name + "' was given " + describe(value) + "; wanted a number or a text");
    if (text->size() > 60000)
        throw Reason("the attribute '" + name + "' has " + std::to_string(text->size()) +
                     " bytes; HDF5 takes up to 60000: write a dataset");
    std::string padded = text->empty() ? std::string(1, '\0') : *text;
    Handle type = text_type(padded.size());
    // What pads a text is taken off by whoever reads it, and these zeros are its own.
    if (!text->empty() && text->back() == '\0')
        check(H5Tset_strpad(type, H5T_STR_SPACEPAD), "HDF5 does not take a padding");
    write(type, padded.data());
}

}    // namespace xtape::io::hdf5
