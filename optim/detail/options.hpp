// What is done to the options that a Rule lists: their ranges are checked, they are written to a State and read back.
#pragma once

#include <xtape/core/error.hpp>
#include <xtape/core/non_finite.hpp>
#include <xtape/core/state.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace xtape::optim {

// The numbers that an option takes; the bounds themselves belong to it unless it is open there.
struct Range {
    double low;
    double high;
    bool open_low;
    bool open_high;
    const char* words;

    bool contains(double x) const { return (open_low ? x > low : x >= low) && (open_high ? x < high : x <= high); }
};
namespace detail {
inline constexpr double infinity = std::numeric_limits<double>::infinity();
}
inline constexpr Range not_negative{0, detail::infinity, false, true, "0 or more, and finite"};
inline constexpr Range finite{-detail::infinity, detail::infinity, true, true, "a finite number"};
inline constexpr Range positive{0, detail::infinity, true, true, "more than 0, and finite"};
inline constexpr Range fraction{0, 1, false, false, "0 to 1"};
inline constexpr Range below_one{0, 1, false, true, "0 or more, and below 1"};
inline constexpr Range at_least_one{1, detail::infinity, false, true, "1 or more"};

namespace detail {

inline constexpr std::array<std::pair<NonFinite, const char*>, 3> non_finite_words{
    {{NonFinite::let_through, "let_through"}, {NonFinite::skip, "skip"}, {NonFinite::raise, "raise"}}};

inline std::string in_words(double value) {
    std::ostringstream text;
    text.precision(std::numeric_limits<double>::max_digits10);
    double shorter = 0;
    for (int digits = 6; digits <= std::numeric_limits<double>::max_digits10; ++digits) {
        text.str("");
        text.precision(digits);
        text << value;
        std::istringstream(text.str()) >> shorter;
        if (shorter == value) break;
    }
    return text.str();
}

[[noreturn]] inline void refuse_option(const char* who, std::string_view option, const std::string& value,
                                       std::string_view wanted) {
    throw std::invalid_argument("[" + std::string(who) + "] got " + std::string(option) + " = " + value + "; wanted " +
                                std::string(wanted));
}

struct CheckOption {
    const char* who;
    void operator()(const char* name, double value, const Range& range) const {
        if (!range.contains(value)) refuse_option(who, name, in_words(value), range.words);
    }
    void operator()(const char* name, std::int64_t value, const Range& range) const {
        if (!range.contains(static_cast<double>(value))) refuse_option(who, name, std::to_string(value), range.words);
    }
    void operator()(const char* name, const std::array<double, 2>& pair, const Range& first,
                    const Range& second) const {
        if (!first.contains(pair[0])) refuse_option(who, name + std::string("[0]"), in_words(pair[0]), first.words);
        if (!second.contains(pair[1])) refuse_option(who, name + std::string("[1]"), in_words(pair[1]), second.words);
    }
    template <std::size_t n>
    void operator()(const char* name, const std::array<double, n>& values, const Range& each) const {
        for (std::size_t i = 0; i < n; ++i)
            if (!each.contains(values[i]))
                refuse_option(who, name + ("[" + std::to_string(i) + "]"), in_words(values[i]), each.words);
    }
    void operator()(const char*, bool) const {}
    void operator()(const char*, NonFinite) const {}
    template <class Enum, std::size_t n>
    void operator()(const char*, Enum, const std::array<std::pair<Enum, const char*>, n>&) const {}
};

struct WriteOption {
    State& state;
    std::string prefix;
    void operator()(const char* name, double value, const Range&) const { state.add(prefix + name, value); }
    void operator()(const char* name, std::int64_t value, const Range&) const { state.add(prefix + name, value); }
    void operator()(const char* name, const std::array<double, 2>& pair, const Range&, const Range&) const {
        state.add(prefix + name, Array<double>{pair[0], pair[1]});
    }
    template <std::size_t n>
    void operator()(const char* name, const std::array<double, n>& values, const Range&) const {
        Array<double> array = empty_array<double>({n});
        std::copy(values.begin(), values.end(), array.storage().begin());
        state.add(prefix + name, std::move(array));
    }
    void operator()(const char* name, bool value) const { state.add(prefix + name, std::int64_t{value}); }
    void operator()(const char* name, NonFinite value) const { (*this)(name, value, non_finite_words); }
    template <class Enum, std::size_t n>
    void operator()(const char* name, Enum value, const std::array<std::pair<Enum, const char*>, n>& words) const {
        for (const auto& [meaning, word] : words)
            if (meaning == value) state.add(prefix + name, std::string(word));
    }
};

// An entry that is missing or of another type leaves the option as it is: comparing the layouts finds it.
struct ReadOption {
    const State& state;
    std::string prefix;
    template <class V>
    const V* find(const char* name) const {
        const State::Value* value = state.find(prefix + name);
        return value == nullptr ? nullptr : std::get_if<V>(value);
    }
    void operator()(const char* name, double& value, const Range&) const {
        if (auto* found = find<double>(name)) value = *found;
    }
    void operator()(const char* name, std::int64_t& value, const Range&) const {
        if (auto* found = find<std::int64_t>(name)) value = *found;
    }
    void operator()(const char* name, std::array<double, 2>& pair, const Range&, const Range&) const {
        auto* found = find<Array<double>>(name);
        if (found != nullptr && found->size() == 2) pair = {found->storage()[0], found->storage()[1]};
    }
    template <std::size_t n>
    void operator()(const char* name, std::array<double, n>& values, const Range&) const {
        auto* found = find<Array<double>>(name);
        if (found != nullptr && found->size() == n) std::copy_n(found->storage().begin(), n, values.begin());
    }
    void operator()(const char* name, NonFinite& value) const { (*this)(name, value, non_finite_words); }
    void operator()(const char* name, bool& value) const {
        if (auto* found = find<std::int64_t>(name)) value = *found != 0;
    }
    template <class Enum, std::size_t n>
    void operator()(const char* name, Enum& value, const std::array<std::pair<Enum, const char*>, n>& words) const {
        auto* found = find<std::string>(name);
        if (found == nullptr) return;
        for (const auto& [meaning, word] : words)
            if (*found == word) {
                value = meaning;
                return;
            }
        throw StateError("[state] got " + prefix + name + " = '" + *found + "'; wanted one of its words");
    }
};

}    // namespace detail
}    // namespace xtape::optim
