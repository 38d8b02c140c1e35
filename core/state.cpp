#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/state.hpp>

#include <cstring>

namespace xtape {
namespace {

template <class T>
constexpr bool is_array = false;
template <class T>
constexpr bool is_array<Array<T>> = true;

State::Value shared(const State::Value& value) {
    return std::visit(
        [](const auto& v) -> State::Value {
            if constexpr (is_array<std::decay_t<decltype(v)>>)
                return share(v);
            else
                return v;
        },
        value);
}

void check_name(std::string_view name) {
    bool bad = name.empty() || name.front() == '.' || name.back() == '.' || name.find("..") != std::string_view::npos ||
               name.find('/') != std::string_view::npos || name.find('\0') != std::string_view::npos;
    if (bad)
        throw StateError("[state] got the name '" + std::string(name) +
                         "'; wanted parts that are not empty, without '/', joined by dots");
}

}    // namespace

State::State(const State& other) : index_(other.index_) {
    entries_.reserve(other.entries_.size());
    for (const auto& [name, value] : other.entries_) entries_.push_back({name, shared(value)});
}

State& State::operator=(const State& other) {
    if (this != &other) *this = State(other);
    return *this;
}

void State::add(std::string name, Value value) {
    check_name(name);
    if (index_.contains(name)) throw StateError("[state] got the name '" + name + "' twice");
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1)) {
        auto found = index_.find(std::string_view(name).substr(0, dot));
        if (found != index_.end() && found->second != group)
            throw StateError("[state] got '" + name + "' below '" + name.substr(0, dot) +
                             "', which is a value already");
    }
    for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', dot + 1))
        index_.emplace(name.substr(0, dot), group);
    index_.emplace(name, entries_.size());
    entries_.push_back({std::move(name), std::move(value)});
}

void State::add(std::string_view name, const State& child) {
    check_name(name);
    for (const auto& [path, value] : child) add(std::string(name) + "." + path, shared(value));
}

const State::Value* State::find(std::string_view name) const {
    auto found = index_.find(name);
    return found == index_.end() || found->second == group ? nullptr : &entries_[found->second].value;
}

const State::Value& State::at(std::string_view name) const {
    if (const Value* value = find(name)) return *value;
    std::string names;
    for (const auto& entry : entries_) names += (names.empty() ? "" : ", ") + entry.name;
    throw StateError("[state] wanted '" + std::string(name) + "', which is missing; there is: " + names);
}

template <class V>
const V& State::get(std::string_view name) const {
    const Value& value = at(name);
    if (const V* typed = std::get_if<V>(&value)) return *typed;
    throw StateError("[state] '" + std::string(name) + "' is " + describe(value) + "; wanted " + describe(V()));
}
template const Array<float>& State::get(std::string_view) const;
template const Array<double>& State::get(std::string_view) const;
template const Indices& State::get(std::string_view) const;
template const std::int64_t& State::get(std::string_view) const;
template const double& State::get(std::string_view) const;
template const std::string& State::get(std::string_view) const;

State State::child(std::string_view prefix) const {
    State result;
    for (const auto& [name, value] : entries_)
        if (name.size() > prefix.size() + 1 && name.starts_with(prefix) && name[prefix.size()] == '.')
            result.add(name.substr(prefix.size() + 1), shared(value));
    return result;
}

std::string describe(const State::Value& value) {
    struct {
        std::string operator()(const Array<float>& v) const { return "float32 " + to_string(v.shape()); }
        std::string operator()(const Array<double>& v) const { return "float64 " + to_string(v.shape()); }
        std::string operator()(const Indices& v) const { return "int64 " + to_string(v.shape()); }
        std::string operator()(std::int64_t) const { return "an integer"; }
        std::string operator()(double) const { return "a number"; }
        std::string operator()(const std::string&) const { return "a text"; }
    } words;
    return std::visit(words, value);
}

bool identical(const State::Value& a, const State::Value& b) {
    if (a.index() != b.index()) return false;
    return std::visit(
        [&](const auto& left) {
            using V = std::decay_t<decltype(left)>;
            const auto& right = std::get<V>(b);
            if constexpr (is_array<V>)
                return left.shape() == right.shape() &&
                       (left.size() == 0 ||    // and no memory, which memcmp must not be given
                        std::memcmp(left.storage().data(), right.storage().data(),
                                    left.size() * sizeof(typename V::value_type)) == 0);
            else if constexpr (std::is_same_v<V, std::string>)
                return left == right;
            else
                return std::memcmp(&left, &right, sizeof left) == 0;
        },
        a);
}

std::string StateMismatch::message() const {
    std::string text;
    auto list = [&](const char* title, const std::vector<std::string>& lines) {
        if (lines.empty()) return;
        if (!text.empty()) text += '\n';
        text += title;
        for (const auto& line : lines) text += "\n  " + line;
    };
    list("missing:", missing);
    list("unexpected:", unexpected);
    list("mismatched:", mismatched);
    return text;
}

StateMismatch compare_layout(const State& wanted, const State& got) {
    StateMismatch result;
    for (const auto& [name, value] : wanted) {
        const State::Value* found = got.find(name);
        if (found == nullptr)
            result.missing.push_back(name + ": wanted " + describe(value));
        else if (describe(*found) != describe(value))
            result.mismatched.push_back(name + ": got " + describe(*found) + ", wanted " + describe(value));
    }
    for (const auto& [name, value] : got)
        if (!wanted.contains(name)) result.unexpected.push_back(name + ": got " + describe(value));
    return result;
}

}    // namespace xtape
