#include <xtape/train/distributed/detail/packing.hpp>

#include <cstring>
#include <type_traits>
#include <utility>

namespace xtape::train::detail {
namespace {

template <class V>
constexpr bool is_array = requires(const V& value) {
    value.storage();
};

class Writer {
public:
    void bytes(const void* data, std::size_t size) {
        const auto* begin = static_cast<const std::byte*>(data);
        out.insert(out.end(), begin, begin + size);
    }
    void number(std::size_t n) { bytes(&n, sizeof n); }
    void text(const std::string& t) {
        number(t.size());
        bytes(t.data(), t.size());
    }
    void value(const std::string& v) { text(v); }
    template <class V>
    void value(const V& v) {
        if constexpr (is_array<V>) {
            number(v.dimension());
            for (std::size_t length : v.shape()) number(length);
            bytes(v.storage().data(), v.size() * sizeof(typename V::value_type));
        } else {
            bytes(&v, sizeof v);
        }
    }
    Bytes out;
};

class Reader {
public:
    explicit Reader(std::span<const std::byte> bytes) : rest_(bytes) {}
    bool is_done() const { return rest_.empty(); }
    void bytes(void* data, std::size_t size) {
        if (size > 0) std::memcpy(data, rest_.data(), size);
        rest_ = rest_.subspan(size);
    }
    std::size_t number() {
        std::size_t n = 0;
        bytes(&n, sizeof n);
        return n;
    }
    std::string text() {
        std::string t(number(), '\0');
        bytes(t.data(), t.size());
        return t;
    }
    template <class V>
    V value() {
        if constexpr (std::is_same_v<V, std::string>) {
            return text();
        } else if constexpr (is_array<V>) {
            Shape shape(number());
            for (std::size_t& length : shape) length = number();
            V array = empty_array<typename V::value_type>(shape);
            bytes(array.storage().data(), array.size() * sizeof(typename V::value_type));
            return array;
        } else {
            V v{};
            bytes(&v, sizeof v);
            return v;
        }
    }
    // The alternative of that number.
    template <std::size_t i = 0>
    State::Value alternative(std::size_t number) {
        if constexpr (i + 1 < std::variant_size_v<State::Value>)
            if (number != i) return alternative<i + 1>(number);
        return value<std::variant_alternative_t<i, State::Value>>();
    }

private:
    std::span<const std::byte> rest_;
};

}    // namespace

Bytes pack(const State& state) {
    Writer writer;
    for (const auto& [name, value] : state) {
        writer.text(name);
        writer.number(value.index());
        std::visit([&](const auto& v) { writer.value(v); }, value);
    }
    return std::move(writer.out);
}

State unpack(std::span<const std::byte> bytes) {
    Reader reader(bytes);
    State state;
    while (!reader.is_done()) {
        std::string name = reader.text();
        state.add(std::move(name), reader.alternative(reader.number()));
    }
    return state;
}

}    // namespace xtape::train::detail
