#include <xtape/core/shape.hpp>
#include <xtape/io/detail/formats/npy.hpp>
#include <xtape/io/npy.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

namespace xtape::io {
namespace formats {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t largest_header = std::size_t{1} << 16;

// The header is a Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class Header {
public:
    explicit Header(std::string_view text) : text_(text) {}

    std::string_view value_of(std::string_view key) const {
        for (char quote : {'\'', '"'}) {
            std::string quoted = quote + std::string(key) + quote;
            auto at = text_.find(quoted);
            if (at == std::string_view::npos) continue;
            at = text_.find_first_not_of(" :", at + quoted.size());
            if (at != std::string_view::npos) return text_.substr(at);
        }
        throw Reason("has no '" + std::string(key) + "' in its header");
    }
    std::string_view type() const {
        std::string_view text = value_of("descr");
        if (text.front() != '\'' && text.front() != '"') throw Reason("holds records; wanted plain numbers");
        auto end = text.find(text.front(), 1);
        if (end == std::string_view::npos) throw Reason("has a damaged header");
        return text.substr(1, end - 1);
    }
    bool fortran_order() const {
        std::string_view text = value_of("fortran_order");
        if (text.starts_with("True")) return true;
        if (text.starts_with("False")) return false;
        throw Reason("has a damaged header");
    }
    Shape shape() const {
        std::string_view text = value_of("shape");
        auto end = text.find(')');
        if (text.front() != '(' || end == std::string_view::npos) throw Reason("has a damaged shape");
        std::vector<std::size_t> lengths;
        for (std::size_t at = 1; at < end;) {
            at = text.find_first_not_of(" ,", at);
            if (at >= end) break;
            std::size_t length = 0;
            auto [stop, error] = std::from_chars(text.data() + at, text.data() + end, length);
            if (error != std::errc() || lengths.size() == 64) throw Reason("has a damaged shape");
            lengths.push_back(length);
            at = static_cast<std::size_t>(stop - text.data());
            if (text[at] == 'L') ++at;    // of Python 2
        }
        return Shape(lengths.begin(), lengths.end());
    }

private:
    std::string_view text_;
};

template <class T>
Array<T> from_fortran_order(const Array<T>& stored, const Shape& shape) {
    Array<T> result = empty_array<T>(shape);
    std::vector<std::size_t> index(shape.size(), 0);
    for (std::size_t i = 0; i < result.size(); ++i) {
        std::size_t at = 0;
        for (std::size_t axis = shape.size(); axis-- > 0;) at = at * shape[axis] + index[axis];
        result.storage()[i] = stored.storage()[at];
        for (std::size_t axis = shape.size(); axis-- > 0;) {
            if (++index[axis] < shape[axis]) break;
            index[axis] = 0;
        }
    }
    return result;
}

Kind kind_of(char letter, std::string_view type) {
    switch (letter) {
        case 'f': return Kind::floating;
        case 'i': return Kind::is_signed;
        case 'u': return Kind::is_unsigned;
        case 'b': return Kind::boolean;
        default: throw Reason("holds elements of NumPy's type '" + std::string(type) + "'; wanted numbers");
    }
}

}    // namespace

State::Value parse_npy(std::span<const std::byte> bytes) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!text.starts_with(magic) || text.size() < 12) throw Reason("is not in NumPy's format");
    auto byte = [&](std::size_t i) { return std::to_integer<std::size_t>(bytes[i]); };
    std::size_t version = byte(6);
    if (version < 1 || version > 3)
        throw Reason("has version " + std::to_string(version) + " of NumPy's format; wanted 1 to 3");
    std::size_t begin = version == 1 ? 10 : 12;
    std::size_t length = byte(8) | byte(9) << 8;
    if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
    if (length > largest_header || length > text.size() - begin) throw Reason("has a header longer than itself");

    Header header(text.substr(begin, length));
    std::string_view type = header.type();
    bool usual = type.size() == 3 && (type[0] == '<' || type[0] == '>' || type[0] == '|' || type[0] == '=') &&
                 type[2] >= '1' && type[2] <= '8';
    if (!usual) throw Reason("holds elements of NumPy's type '" + std::string(type) + "'; wanted numbers");
    constexpr char native = std::endian::native == std::endian::little ? '<' : '>';
    bool swapped = (type[0] == '<' || type[0] == '>') && type[0] != native;
    auto size = static_cast<std::size_t>(type[2] - '0');
    Shape shape = header.shape();
    State::Value array = to_array(kind_of(type[1], type), size, swapped, shape, bytes.subspan(begin + length));
    if (!header.fortran_order() || shape.size() < 2) return array;
    return std::visit(
        [&](const auto& v) -> State::Value {
            if constexpr (requires { v.storage().data(); } && !std::is_same_v<std::decay_t<decltype(v)>, std::string>)
                return from_fortran_order(v, shape);
            else
                return v;
        },
        array);
}

std::string npy_header(const Elements& elements) {
    std::string shape;
    for (std::size_t length : elements.shape) shape += std::to_string(length) + ", ";
    if (elements.shape.size() > 1) shape.resize(shape.size() - 2);
    if (elements.shape.size() == 1) shape.pop_back();
    std::string text = std::string("{'descr': '") + (std::endian::native == std::endian::little ? '<' : '>') +
                       (elements.kind == Kind::floating ? 'f' : 'i') + std::to_string(elements.element_bytes) +
                       "', 'fortran_order': False, 'shape': (" + shape + "), }";
    constexpr std::size_t before = 10, alignment = 64;
    text.append((alignment - (before + text.size() + 1) % alignment) % alignment, ' ');
    text += '\n';
    std::string start(magic);
    for (std::size_t part : {std::size_t{1}, std::size_t{0}, text.size() & 0xffU, text.size() >> 8})
        start += static_cast<char>(part);
    return start + text;
}

}    // namespace formats

State::Value read_npy(const std::filesystem::path& path) {
    return formats::in_operation("read_npy", path, [&] { return formats::parse_npy(formats::read_file(path)); });
}

void write_npy(const std::filesystem::path& path, const State::Value& array) {
    formats::in_operation("write_npy", path, [&] {
        formats::Elements elements = formats::elements_of(array);
        std::string header = formats::npy_header(elements);
        const std::array parts{formats::as_bytes(header), elements.bytes};
        formats::replace_file(path, parts);
    });
}

}    // namespace xtape::io
