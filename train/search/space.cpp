#include <xtape/train/search/space.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <stdexcept>

namespace xtape::train {
namespace {

using Kind = Hyperparameter::Kind;

constexpr double most_exact = 0x1p53;    // integers up to here are doubles

const char* word(Kind kind) {
    constexpr std::array<const char*, 5> words{"uniform", "log_uniform", "integer", "log_integer", "choice"};
    return words[static_cast<std::size_t>(kind)];
}

std::string short_text(double number) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%g", number);
    return text.data();
}

[[noreturn]] void refuse(const Hyperparameter& h, const std::string& got, const char* wanted) {
    throw std::invalid_argument("[Space] got " + std::string(word(h.kind)) + " '" + h.name + "' " + got + "; wanted " +
                                wanted);
}

void check_choices(const Hyperparameter& h) {
    if (h.choices.empty()) refuse(h, "without choices", "at least one");
    for (std::size_t i = 0; i < h.choices.size(); ++i)
        if (std::find(h.choices.begin(), h.choices.begin() + static_cast<std::ptrdiff_t>(i), h.choices[i]) !=
            h.choices.begin() + static_cast<std::ptrdiff_t>(i))
            refuse(h, "with '" + h.choices[i] + "' twice", "choices that differ");
}

void check_range(const Hyperparameter& h) {
    const std::string got = "from " + short_text(h.low) + " to " + short_text(h.high);
    if (!std::isfinite(h.low) || !std::isfinite(h.high)) refuse(h, got, "finite limits");
    if (h.is_integer()) {
        if (std::max(std::abs(h.low), std::abs(h.high)) > most_exact) refuse(h, got, "limits within 2^53");
        if (h.low > h.high) refuse(h, got, "low <= high");
        if (h.is_log() && h.low < 1) refuse(h, got, "1 <= low");
    } else {
        if (h.low >= h.high) refuse(h, got, "low < high");
        if (h.is_log() && h.low <= 0) refuse(h, got, "0 < low");
        if (!std::isfinite(h.high - h.low)) refuse(h, got, "a range whose width is finite");
    }
}

// The ends of the interval that is drawn from: an integer has half a unit on either side.
double scaled(const Hyperparameter& h, double value) { return h.is_log() ? std::log(value) : value; }
double start(const Hyperparameter& h) { return scaled(h, h.is_integer() ? h.low - 0.5 : h.low); }
double width(const Hyperparameter& h) { return scaled(h, h.is_integer() ? h.high + 0.5 : h.high) - start(h); }

}    // namespace

double Hyperparameter::from_unit(double place) const {
    if (is_choice()) {
        const auto count = static_cast<double>(choices.size());
        return std::clamp(std::floor(place * count), 0.0, count - 1);
    }
    double value = start(*this) + place * width(*this);
    if (is_log()) value = std::exp(value);
    if (is_integer()) value = std::round(value);
    return std::clamp(value, low, high);
}

double Hyperparameter::to_unit(double value) const {
    if (is_choice()) return (value + 0.5) / static_cast<double>(choices.size());
    return std::clamp((scaled(*this, value) - start(*this)) / width(*this), 0.0, 1.0);
}

std::string Hyperparameter::text(double value) const {
    if (is_choice()) return choices[static_cast<std::size_t>(value)];
    if (is_integer()) return std::to_string(static_cast<std::int64_t>(value));
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), is_log() ? "%.6e" : "%.6g", value);
    return text.data();
}

Space& Space::add(Hyperparameter h) {
    if (h.name.empty()) throw std::invalid_argument("[Space] got an empty name; wanted one that is not");
    if (contains(h.name)) throw std::invalid_argument("[Space] got the name '" + h.name + "' twice; wanted a new one");
    h.is_choice() ? check_choices(h) : check_range(h);
    if (!h.parent.empty()) {
        const std::size_t parent = find(h.parent);
        if (parent == size() || !hyperparameters_[parent].is_choice())
            refuse(h, "under the choice '" + h.parent + "', which is not here", "a choice that was added before");
        const auto& choices = hyperparameters_[parent].choices;
        if (std::find(choices.begin(), choices.end(), h.parent_value) == choices.end())
            refuse(h, "for '" + h.parent_value + "', which '" + h.parent + "' does not have", "one of its choices");
    }
    hyperparameters_.push_back(std::move(h));
    return *this;
}

Space& Space::uniform(std::string name, double low, double high) {
    return add({.name = std::move(name), .kind = Kind::uniform, .low = low, .high = high});
}

Space& Space::log_uniform(std::string name, double low, double high) {
    return add({.name = std::move(name), .kind = Kind::log_uniform, .low = low, .high = high});
}

Space& Space::integer(std::string name, std::int64_t low, std::int64_t high) {
    return add({.name = std::move(name),
                .kind = Kind::integer,
                .low = static_cast<double>(low),
                .high = static_cast<double>(high)});
}

Space& Space::log_integer(std::string name, std::int64_t low, std::int64_t high) {
    return add({.name = std::move(name),
                .kind = Kind::log_integer,
                .low = static_cast<double>(low),
                .high = static_cast<double>(high)});
}

Space& Space::choice(std::string name, std::vector<std::string> choices) {
    return add({.name = std::move(name), .kind = Kind::choice, .choices = std::move(choices)});
}

Space& Space::when(std::string_view choice, std::string_view value, const Space& space) {
    Space result = *this;    // all of them or none
    for (Hyperparameter h : space) {
        if (h.parent.empty()) {
            h.parent = choice;
            h.parent_value = value;
        }
        result.add(std::move(h));
    }
    *this = std::move(result);
    return *this;
}

std::size_t Space::find(std::string_view name) const {
    return static_cast<std::size_t>(
        std::find_if(begin(), end(), [&](const Hyperparameter& h) { return h.name == name; }) - begin());
}

std::size_t Space::place(std::string_view name) const {
    const std::size_t i = find(name);
    if (i < size()) return i;
    std::string names;
    for (const Hyperparameter& h : hyperparameters_) names += (names.empty() ? "" : ", ") + h.name;
    throw std::out_of_range("[Space] got '" + std::string(name) + "', which is not in this space; wanted one of " +
                            (names.empty() ? "none: it is empty" : names));
}

bool Space::is_asked(std::size_t i, const std::vector<double>& values) const {
    const Hyperparameter& h = hyperparameters_[i];
    if (h.parent.empty()) return true;
    const std::size_t parent = find(h.parent);
    return is_asked(parent, values) &&
           hyperparameters_[parent].choices[static_cast<std::size_t>(values[parent])] == h.parent_value;
}

}    // namespace xtape::train
