#include <xtape/core/shape.hpp>
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/inspect.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <sstream>
#include <type_traits>

namespace xtape::io {
namespace {

void add_element(Statistics& total, double value) {
    if (!std::isfinite(value)) {
        ++total.non_finite;
        return;
    }
    bool first = total.count == total.non_finite;
    total.min = first ? value : std::min(total.min, value);
    total.max = first ? value : std::max(total.max, value);
    total.mean += value;
}

// What stands after a value's path.
std::string in_words(const State::Value& value) {
    if (const auto* text = std::get_if<std::string>(&value)) {
        constexpr std::size_t longest = 60;
        return text->size() > longest
                   ? "\"" + text->substr(0, longest) + "\"... (" + std::to_string(text->size()) + " bytes)"
                   : "\"" + *text + "\"";
    }
    std::ostringstream line;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return (line << *integer, line.str());
    if (const auto* number = std::get_if<double>(&value)) return (line << *number, line.str());
    Statistics numbers = statistics(value);
    if (numbers.count == 0) return "no elements";
    line << "min " << numbers.min << ", max " << numbers.max << ", mean " << numbers.mean;
    if (numbers.non_finite > 0)
        line << ", NOT FINITE " << 100.0 * static_cast<double>(numbers.non_finite) / static_cast<double>(numbers.count)
             << " %";
    return line.str();
}

std::string in_words(const Attributes& attributes) {
    std::ostringstream text;
    for (const auto& [name, value] : attributes) {
        text << (text.tellp() == 0 ? "  [" : ", ") << name << " = ";
        std::visit([&](const auto& v) { text << v; }, value);
    }
    if (text.tellp() > 0) text << "]";
    return text.str();
}

double largest_difference(const State::Value& a, const State::Value& b) {
    return std::visit(
        [&](const auto& left) -> double {
            using V = std::decay_t<decltype(left)>;
            const V& right = std::get<V>(b);
            double largest = 0;
            if constexpr (std::is_same_v<V, std::string>)
                largest = std::numeric_limits<double>::quiet_NaN();
            else if constexpr (std::is_arithmetic_v<V>)
                largest = std::abs(static_cast<double>(left) - static_cast<double>(right));
            else
                for (std::size_t i = 0; i < left.size(); ++i)
                    largest = std::max(largest, std::abs(static_cast<double>(left.storage()[i]) -
                                                         static_cast<double>(right.storage()[i])));
            return largest;
        },
        a);
}

}    // namespace

Statistics statistics(const State::Value& value) {
    Statistics total;
    auto add = [&](double element) {
        add_element(total, element);
        ++total.count;
    };
    std::visit(
        [&](const auto& v) {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_arithmetic_v<V>)
                add(static_cast<double>(v));
            else if constexpr (!std::is_same_v<V, std::string>)
                for (auto element : v.storage()) add(static_cast<double>(element));
        },
        value);
    std::size_t finite = total.count - total.non_finite;
    if (finite > 0) total.mean /= static_cast<double>(finite);
    return total;
}

bool inspect(const std::filesystem::path& path, std::ostream& out) {
    auto tree = list_tree(path);
    for (const auto& [name, text] : read_metadata(path)) out << name << ": " << text << '\n';
    bool good = true;
    for (const TreeItem& item : tree) {
        out << item.path;
        if (!item.is_dataset) {
            out << "/" << in_words(item.attributes) << '\n';
            continue;
        }
        try {
            State::Value value = read_value(path, item.path);
            out << "  " << item.type << " " << to_string(item.shape) << "  " << in_words(value)
                << (item.is_checked ? "" : "  (no checksum)") << in_words(item.attributes) << '\n';
        } catch (const Error& error) {
            good = false;
            out << "  WRONG: " << error.what() << '\n';
        }
    }
    return good;
}

bool print_differences(const std::filesystem::path& a, const std::filesystem::path& b, std::ostream& out) {
    constexpr ReadOptions trusting{.limit = std::numeric_limits<std::uint64_t>::max()};
    State left = read_state(a, trusting), right = read_state(b, trusting);
    StateMismatch mismatch = compare_layout(left, right);
    if (!mismatch.empty()) out << b.string() << " differs from " << a.string() << '\n' << mismatch.message() << '\n';
    bool same = mismatch.empty();
    for (const auto& [name, value] : left) {
        const State::Value* other = right.find(name);
        if (other == nullptr || describe(*other) != describe(value) || identical(value, *other)) continue;
        same = false;
        out << name << ": ";
        if (std::holds_alternative<std::string>(value))
            out << in_words(value) << " and " << in_words(*other) << '\n';
        else
            out << "differs by at most " << largest_difference(value, *other) << '\n';
    }
    if (same) out << "the same values\n";
    return same;
}

int inspect_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& errors) {
    constexpr const char* usage =
        "usage: xtape-inspect FILE         print the tree, statistics and metadata, and verify the checksums\n"
        "       xtape-inspect FILE OTHER   print how two files' values differ\n"
        "exits with 1 when something is wrong or differs\n";
    if (arguments.size() == 1 && (arguments[0] == "--help" || arguments[0] == "-h")) return (out << usage, 0);
    bool is_option =
        std::any_of(arguments.begin(), arguments.end(), [](const auto& text) { return text.starts_with("-"); });
    if (arguments.empty() || arguments.size() > 2 || is_option) return (errors << usage, 2);
    try {
        bool good =
            arguments.size() == 1 ? inspect(arguments[0], out) : print_differences(arguments[0], arguments[1], out);
        return good ? 0 : 1;
    } catch (const std::exception& error) {
        errors << error.what() << '\n';
        return 1;
    }
}

}    // namespace xtape::io
