#include <xtape/core/shape.hpp>
#include <xtape/io/detail/formats/elements.hpp>
#include <xtape/io/detail/formats/json.hpp>
#include <xtape/io/safetensors.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <set>

namespace xtape::io {
namespace {

using formats::Kind;
using formats::Reason;

constexpr std::uint64_t largest_header = 100'000'000;    // the format's own limit

struct Type {
    std::string_view name;
    Kind kind;
    std::size_t bytes;
};
constexpr std::array<Type, 12> types{{{"F64", Kind::floating, 8},
                                      {"F32", Kind::floating, 4},
                                      {"F16", Kind::floating, 2},
                                      {"BF16", Kind::brain, 2},
                                      {"I64", Kind::is_signed, 8},
                                      {"I32", Kind::is_signed, 4},
                                      {"I16", Kind::is_signed, 2},
                                      {"I8", Kind::is_signed, 1},
                                      {"U64", Kind::is_unsigned, 8},
                                      {"U32", Kind::is_unsigned, 4},
                                      {"U16", Kind::is_unsigned, 2},
                                      {"U8", Kind::is_unsigned, 1}}};

struct Tensor {
    std::string name, type;
    Shape shape;
    std::uint64_t begin = 0, end = 0;
};

struct Header {
    std::vector<Tensor> tensors;
    std::map<std::string, std::string> metadata;
    std::uint64_t bytes = 0;    // of all that stands before the elements
};

template <class Visit>
void for_each_member(formats::JsonReader& json, const Visit& visit) {
    json.expect('{');
    if (json.accept('}')) return;
    std::set<std::string> seen;
    do {
        std::string key = json.string();
        if (!seen.insert(key).second) throw Reason("has the name '" + key + "' twice in its header");
        json.expect(':');
        visit(key);
    } while (json.accept(','));
    json.expect('}');
}

std::vector<std::uint64_t> read_integers(formats::JsonReader& json) {
    std::vector<std::uint64_t> values;
    json.expect('[');
    if (json.accept(']')) return values;
    do values.push_back(json.integer());
    while (json.accept(','));
    json.expect(']');
    return values;
}

Tensor read_tensor(formats::JsonReader& json, const std::string& name) {
    Tensor tensor;
    tensor.name = name;
    int parts = 0;
    for_each_member(json, [&](const std::string& key) {
        ++parts;
        if (key == "dtype") {
            tensor.type = json.string();
        } else if (key == "shape") {
            auto lengths = read_integers(json);
            if (lengths.size() > 64) throw Reason("has a tensor '" + name + "' with too many axes");
            tensor.shape = Shape(lengths.begin(), lengths.end());
        } else if (key == "data_offsets") {
            auto offsets = read_integers(json);
            if (offsets.size() != 2) throw Reason("has a tensor '" + name + "' without its two offsets");
            tensor.begin = offsets[0];
            tensor.end = offsets[1];
        } else {
            throw Reason("has a tensor '" + name + "' with an unknown '" + key + "'");
        }
    });
    if (parts != 3) throw Reason("has a tensor '" + name + "' without dtype, shape or data_offsets");
    return tensor;
}

Header read_header(std::span<const std::byte> file) {
    if (file.size() < 8) throw Reason("is no safetensors file: it is too short");
    std::uint64_t length = 0;
    for (unsigned i = 0; i < 8; ++i) length |= std::to_integer<std::uint64_t>(file[i]) << (8 * i);
    if (length > largest_header || length > file.size() - 8) throw Reason("is no safetensors file, or is cut off");
    auto text = file.subspan(8, static_cast<std::size_t>(length));
    formats::JsonReader json(std::string_view(reinterpret_cast<const char*>(text.data()), text.size()));
    Header header;
    header.bytes = 8 + length;
    for_each_member(json, [&](const std::string& key) {
        if (key == "__metadata__")
            for_each_member(json, [&](const std::string& name) { header.metadata[name] = json.string(); });
        else
            header.tensors.push_back(read_tensor(json, key));
    });
    if (!json.at_end()) throw Reason("has something after its header's JSON");

    std::stable_sort(header.tensors.begin(), header.tensors.end(), [](const Tensor& a, const Tensor& b) {
        return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::uint64_t at = 0;
    for (const Tensor& tensor : header.tensors) {
        if (tensor.begin != at || tensor.end < at)
            throw Reason("has a gap or an overlap at the tensor '" + tensor.name + "'");
        at = tensor.end;
    }
    if (at != file.size() - header.bytes) throw Reason("is longer or shorter than its tensors");
    return header;
}

Type type_of(const Tensor& tensor) {
    std::string_view wanted = tensor.type == "BOOL" ? "U8" : std::string_view(tensor.type);
    auto found = std::find_if(types.begin(), types.end(), [&](const Type& type) { return type.name == wanted; });
    if (found == types.end())
        throw Reason("has a tensor '" + tensor.name + "' of type '" + tensor.type + "', which has no place here");
    return *found;
}

}    // namespace

State read_safetensors(const std::filesystem::path& path) {
    return formats::in_operation("read_safetensors", path, [&] {
        formats::Bytes bytes = formats::read_file(path);
        std::span<const std::byte> file = bytes;
        Header header = read_header(file);
        State state;
        for (const Tensor& tensor : header.tensors) {
            Type type = type_of(tensor);
            auto elements = file.subspan(static_cast<std::size_t>(header.bytes + tensor.begin),
                                         static_cast<std::size_t>(tensor.end - tensor.begin));
            constexpr bool swapped = std::endian::native != std::endian::little;
            try {
                state.add(tensor.name, formats::to_array(type.kind, type.bytes, swapped, tensor.shape, elements));
            } catch (const Reason& reason) {
                throw Reason("'" + tensor.name + "' " + reason.what());
            }
        }
        return state;
    });
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
    return formats::in_operation("read_safetensors_metadata", path,
                                 [&] { return read_header(formats::read_file(path)).metadata; });
}

void write_safetensors(const std::filesystem::path& path, const State& tensors,
                       const std::map<std::string, std::string>& metadata) {
    formats::in_operation("write_safetensors", path, [&] {
        struct Written {
            std::string name;
            formats::Elements elements;
        };
        std::vector<Written> all;
        for (const auto& [name, value] : tensors) all.push_back({name, formats::elements_of(value)});
        // The widest first, so that every tensor is aligned.
        std::stable_sort(all.begin(), all.end(), [](const Written& a, const Written& b) {
            return a.elements.element_bytes > b.elements.element_bytes;
        });
        std::string text = "{";
        if (!metadata.empty()) {
            text += "\"__metadata__\":{";
            for (const auto& [name, value] : metadata)
                text += formats::to_json(name) + ":" + formats::to_json(value) + ",";
            text.back() = '}';
            text += ",";
        }
        std::uint64_t at = 0;
        std::vector<std::span<const std::byte>> parts(1);
        for (const auto& [name, elements] : all) {
            if (name == "__metadata__") throw Reason("got a tensor of the name '__metadata__'");
            std::string shape;
            for (std::size_t length : elements.shape) shape += (shape.empty() ? "" : ",") + std::to_string(length);
            text += formats::to_json(name) + ":{\"dtype\":\"" + (elements.kind == Kind::floating ? "F" : "I") +
                    std::to_string(elements.element_bytes * 8) + "\",\"shape\":[" + shape + "],\"data_offsets\":[" +
                    std::to_string(at) + "," + std::to_string(at + elements.bytes.size()) + "]},";
            at += elements.bytes.size();
            parts.push_back(elements.bytes);
        }
        if (text.size() > 1) text.pop_back();
        text += "}";
        text.append((8 - text.size() % 8) % 8, ' ');
        std::string length(8, '\0');
        for (unsigned i = 0; i < 8; ++i) length[i] = static_cast<char>(std::uint64_t{text.size()} >> (8 * i) & 0xffU);
        text.insert(0, length);
        parts[0] = formats::as_bytes(text);
        formats::replace_file(path, parts);
    });
}

}    // namespace xtape::io
