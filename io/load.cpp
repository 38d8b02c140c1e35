#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/reason.hpp>
#include <xtape/io/detail/source.hpp>
#include <xtape/io/keras.hpp>

#include <algorithm>
#include <type_traits>

namespace xtape::io {
namespace {

using detail::Source;

State::Value shared(const State::Value& value) {
    return std::visit(
        [](const auto& v) -> State::Value {
            using V = std::decay_t<decltype(v)>;
            if constexpr (std::is_arithmetic_v<V> || std::is_same_v<V, std::string>)
                return v;
            else
                return share(v);
        },
        value);
}

bool is_below(std::string_view name, const Entry& entry) {
    const std::string& group = entry.name();
    return name.size() > group.size() && name.starts_with(group) && name[group.size()] == '.';
}

// Whether the layout of what has this name is the entry's own affair.
bool is_open(const std::vector<Entry>& entries, std::string_view name) {
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.is_open() && is_below(name, entry); });
}

// What a source holds for some entries: first its layout, then its values.
class Reading {
public:
    Reading(Source& source, const std::vector<Entry>& entries, const State& wanted, const LoadOptions& options)
        : source_(source) {
        std::vector<std::string> names = source.names();
        for (std::size_t i = 0; i < names.size(); ++i) {
            std::string name = options.rename ? options.rename(names[i]) : std::move(names[i]);
            bool transposed = options.keras && is_keras_kernel(name);
            if (options.keras) name = keras_name(std::move(name));
            auto is_here = [&](const Entry& entry) { return is_below(name, entry); };
            if (std::none_of(entries.begin(), entries.end(), is_here)) continue;
            if (options.strict || wanted.contains(name))
                add(std::move(name), i, transposed, wanted);
            else
                add_unexpected(std::move(name), i, transposed);
        }
    }

    const State& layout() const { return layout_; }
    const std::vector<std::string>& unreadable() const { return unreadable_; }

    // The values whose names `takes` accepts. Texts, and what `is_open` accepts, are limited in size.
    template <class Takes, class IsOpen>
    State read(const Takes& takes, const IsOpen& is_open) {
        std::vector<Found> taken;
        std::vector<Source::Request> requests;
        for (const auto& found : found_) {
            if (!takes(found.name)) continue;
            bool is_limited = std::holds_alternative<std::string>(found.as) || is_open(found.name);
            requests.push_back({found.index, shared(found.as), is_limited});
            taken.push_back(found);
        }
        State values;
        source_.read(requests, [&](std::size_t i, State::Value value) {
            values.add(taken[i].name, taken[i].transposed ? keras_transposed(value) : std::move(value));
        });
        return values;
    }

private:
    struct Found {
        std::string name;    // by which the entries know it
        std::size_t index;
        State::Value as;
        bool transposed;
    };

    void add(std::string name, std::size_t index, bool transposed, const State& wanted) {
        State::Value as = source_.layout(index, wanted.find(name));
        layout_.add(name, transposed ? keras_transposed(as) : shared(as));
        found_.push_back({std::move(name), index, std::move(as), transposed});
    }
    void add_unexpected(std::string name, std::size_t index, bool transposed) try {
        add(name, index, transposed, State());
    } catch (const detail::Reason& reason) {
        unreadable_.push_back(name + ": " + reason.what());
    }

    Source& source_;
    std::vector<Found> found_;
    State layout_;
    std::vector<std::string> unreadable_;
};

// Keeps what does not belong to an open entry.
void drop_open(std::vector<std::string>& lines, const std::vector<Entry>& entries) {
    std::erase_if(lines, [&](const std::string& line) { return is_open(entries, line.substr(0, line.find(':'))); });
}

// The entry's state with what the file had.
State merged(const Entry& entry, const State& before, const State& values) {
    if (entry.is_open()) return values.child(entry.name());
    State result;
    for (const auto& [name, old] : before) {
        const State::Value* value = values.find(entry.name() + "." + name);
        result.add(name, shared(value == nullptr ? old : *value));
    }
    return result;
}

void apply(const std::vector<Entry>& entries, const std::vector<State>& before, const std::vector<State>& after) {
    std::size_t reached = 0;
    try {
        for (; reached < entries.size(); ++reached) entries[reached].load(after[reached]);
    } catch (...) {
        for (std::size_t i = 0; i <= reached; ++i) try {
                entries[i].load(before[i]);
            } catch (...) {
                continue;    // it refuses even its own state: nothing more can be done, and the first reason is thrown
            }
        throw;
    }
}

}    // namespace

LoadReport load(const std::filesystem::path& path, const std::vector<Entry>& entries, const LoadOptions& options) {
    return detail::in_operation("load", path, [&] {
        std::vector<State> before, after;
        State wanted;
        for (const Entry& entry : entries) {
            before.push_back(entry.state());
            wanted.add(entry.name(), before.back());
        }
        LoadReport report;
        {
            auto source = detail::open_source(path, options);
            Reading reading(*source, entries, wanted, options);
            report = compare_layout(wanted, reading.layout());
            for (auto* lines : {&report.missing, &report.unexpected, &report.mismatched}) drop_open(*lines, entries);
            report.unexpected.insert(report.unexpected.end(), reading.unreadable().begin(), reading.unreadable().end());
            if (options.strict && !report.empty())
                throw detail::Reason("differs from what it is loaded into\n" + report.message());
            auto fits = [&](const std::string& name) {
                if (is_open(entries, name)) return true;
                const State::Value* value = wanted.find(name);
                return value != nullptr && describe(*value) == describe(reading.layout().at(name));
            };
            State values = reading.read(fits, [&](const std::string& name) { return is_open(entries, name); });
            for (std::size_t i = 0; i < entries.size(); ++i) after.push_back(merged(entries[i], before[i], values));
        }
        apply(entries, before, after);
        return report;
    });
}

}    // namespace xtape::io
