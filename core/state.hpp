// State: what a stateful thing (module, optimizer, schedule, generator, ...) is made of, as named values in order.
#pragma once

#include <xtape/core/array.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace xtape {

// An ordered tree of named values. Names are dotted paths (`encoder.fc1.weight`); a part between dots is not empty and
// has no '/'. Arrays are held by sharing: making, copying and nesting states copies no elements, and a later change of
// the original does not reach the state.
class State {
public:
    using Value = std::variant<Array<float>, Array<double>, Indices, std::int64_t, double, std::string>;
    struct Entry {
        std::string name;
        Value value;
    };

    State() = default;
    State(const State& other);
    State(State&&) noexcept = default;
    State& operator=(const State& other);
    State& operator=(State&&) noexcept = default;
    ~State() = default;

    // Adds a value under a new name. Throws StateError when the name is taken, malformed, or is a group (or a value)
    // where another entry needs a value (or a group): `a` and `a.b` exclude each other.
    void add(std::string name, Value value);
    // Adds all of `child` under `name.`.
    void add(std::string_view name, const State& child);

    bool contains(std::string_view name) const { return find(name) != nullptr; }
    const Value* find(std::string_view name) const;
    // Throws StateError naming what is there when there is no such entry.
    const Value& at(std::string_view name) const;
    // The entry as a V (any alternative of Value). Throws StateError when it is missing or of another type.
    template <class V>
    const V& get(std::string_view name) const;

    // The entries under `prefix.`, their names without it.
    State child(std::string_view prefix) const;

    std::size_t size() const { return entries_.size(); }
    bool empty() const { return entries_.empty(); }
    auto begin() const { return entries_.begin(); }
    auto end() const { return entries_.end(); }

private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    std::vector<Entry> entries_;
    std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;    // a group's index is `group`
    static constexpr std::size_t group = static_cast<std::size_t>(-1);
};

// What a value is, in words: "float32 (128, 784)", "integer", "text".
std::string describe(const State::Value& value);

// The same value bit for bit (so NaN equals the same NaN, and 0 does not equal -0).
bool identical(const State::Value& a, const State::Value& b);

// Every way in which one state's layout (names, types, shapes) differs from another's.
struct StateMismatch {
    std::vector<std::string> missing;       // wanted but not there, with what was wanted
    std::vector<std::string> unexpected;    // there but not wanted
    std::vector<std::string> mismatched;    // of another type or shape: both are named
    bool empty() const { return missing.empty() && unexpected.empty() && mismatched.empty(); }
    std::string message() const;
};
StateMismatch compare_layout(const State& wanted, const State& got);

}    // namespace xtape
