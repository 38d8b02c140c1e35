#include <xtape/core/shape.hpp>
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/detail/hdf5/tree.hpp>
#include <xtape/io/detail/printable.hpp>
#include <xtape/io/inspect.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <ostream>
#include <sstream>
#include <type_traits>

namespace xtape::io {
namespace {

using detail::printable;

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
                   ? "\"" + printable(text->substr(0, longest)) + "\"... (" + std::to_string(text->size()) + " bytes)"
                   : "\"" + printable(*text) + "\"";
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
        text << (text.tellp() == 0 ? "  [" : ", ") << printable(name) << " = ";
        if (const auto* letters = std::get_if<std::string>(&value))
            text << printable(*letters);
        else
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

namespace {

// Prints what stands after a dataset's path. False when it cannot be read.
bool print_dataset(hdf5::File& file, const hdf5::Item& item, std::ostream& out) try {
    TreeItem described = hdf5::describe_item(file, item);
    hdf5::Dataset dataset(file, item);
    State::Value value = dataset.read(dataset.layout());
    out << "  " << described.type << " " << to_string(described.shape) << "  " << in_words(value)
        << (described.is_checked ? "" : "  (no checksum)") << in_words(described.attributes) << '\n';
    return true;
} catch (const detail::Reason& reason) {
    out << "  WRONG: " << printable(reason.what()) << '\n';
    return false;
} catch (const std::bad_alloc&) {
    out << "  WRONG: there is not enough memory for it\n";
    return false;
}

StateMismatch printable_lines(StateMismatch mismatch) {
    for (auto* lines : {&mismatch.missing, &mismatch.unexpected, &mismatch.mismatched})
        for (auto& line : *lines) line = printable(line);
    return mismatch;
}

// The datasets of a file by their dotted names, with what they hold but no elements.
struct Content {
    explicit Content(const std::filesystem::path& path) : document(path) {
        for (auto& item : hdf5::list_items(document.file())) {
            if (item.is_group) continue;
            std::string name = hdf5::name_of(item.path);
            layout.add(name, hdf5::Dataset(document.file(), item).layout());
            items.emplace(std::move(name), std::move(item));
        }
    }
    State::Value read(const std::string& name) {
        hdf5::Dataset dataset(document.file(), items.at(name));
        return dataset.read(dataset.layout());
    }

    hdf5::Document document;
    std::map<std::string, hdf5::Item> items;
    State layout;
};

}    // namespace

bool inspect(const std::filesystem::path& path, std::ostream& out) {
    return detail::in_operation("inspect", path, [&] {
        hdf5::Document document(path);
        auto items = hdf5::list_items(document.file());
        for (const auto& [name, text] : read_metadata(path)) out << printable(name) << ": " << printable(text) << '\n';
        bool good = true;
        for (const auto& item : items) {
            out << printable(item.path);
            if (!item.is_group)
                good = print_dataset(document.file(), item, out) && good;
            else
                out << "/" << in_words(hdf5::describe_item(document.file(), item).attributes) << '\n';
        }
        return good;
    });
}

bool print_differences(const std::filesystem::path& a, const std::filesystem::path& b, std::ostream& out) {
    auto open = [](const std::filesystem::path& path) {
        return detail::in_operation("inspect", path, [&] { return std::make_unique<Content>(path); });
    };
    auto left = open(a), right = open(b);
    StateMismatch mismatch = compare_layout(left->layout, right->layout);
    if (!mismatch.empty())
        out << printable(b.string()) << " differs from " << printable(a.string()) << '\n'
            << printable_lines(mismatch).message() << '\n';
    bool same = mismatch.empty();
    for (const auto& [name, layout] : left->layout) {
        const State::Value* other_layout = right->layout.find(name);
        if (other_layout == nullptr || describe(*other_layout) != describe(layout)) continue;
        auto read = [&, key = name](Content& content, const std::filesystem::path& path) {
            return detail::in_operation("inspect", path, [&] { return content.read(key); });
        };
        State::Value value = read(*left, a), other = read(*right, b);
        if (identical(value, other)) continue;
        same = false;
        out << printable(name) << ": ";
        if (std::holds_alternative<std::string>(value))
            out << in_words(value) << " and " << in_words(other) << '\n';
        else
            out << "differs by at most " << largest_difference(value, other) << '\n';
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
        errors << printable(error.what()) << '\n';
        return 1;
    }
}

}    // namespace xtape::io
