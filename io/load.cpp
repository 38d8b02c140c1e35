#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/document.hpp>
#include <xtape/io/keras.hpp>

#include <algorithm>
#include <list>
#include <type_traits>

namespace xtape::io {

void Entry::load(const State& state) const {
    if (!load_) throw Error("[io::load] got '" + name_ + "', which is const or has no load_state(const State&)");
    load_(state);
}

namespace {

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

// A dataset of the file under the name that the entries know it by.
struct Found {
    std::string name;
    hdf5::Dataset dataset;
    bool transposed;
};

// What a file holds for some entries: first its layout, then its values.
class Reading {
public:
    Reading(hdf5::File& file, const LoadOptions& options) : file_(file), options_(options) {}

    // Finds the datasets below the entries' names.
    void find(const std::vector<Entry>& entries, const State& wanted) {
        auto is_below = [&](const std::string& name) {
            return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
                return name.starts_with(entry.name()) && name.size() > entry.name().size() &&
                       name[entry.name().size()] == '.';
            });
        };
        for (const auto& item : hdf5::list_items(file_.handle)) {
            if (item.is_group) continue;
            std::string name = hdf5::name_of(item.path);
            if (options_.rename) name = options_.rename(name);
            bool transposed = options_.keras && is_keras_kernel(name);
            if (options_.keras) name = keras_name(name);
            if (!is_below(name)) continue;
            if (!options_.strict && !wanted.contains(name))
                add_unexpected(std::move(name), item.path, transposed);
            else
                add(std::move(name), item.path, transposed, wanted);
        }
    }

    const State& layout() const { return layout_; }
    const std::vector<std::string>& unreadable() const { return unreadable_; }

    // The values whose names `takes` accepts; those of unknown size (texts, and what `is_open` accepts) are limited.
    template <class Takes, class IsOpen>
    State read(const Takes& takes, const IsOpen& is_open) {
        State values;
        for (const auto& [name, dataset, transposed] : found_) {
            if (!takes(name)) continue;
            const State::Value& as = layout_.at(name);
            if (std::holds_alternative<std::string>(as) || is_open(name)) file_.take(dataset.bytes());
            State::Value value = dataset.read(transposed ? untransposed_layout(dataset, as) : shared(as));
            values.add(name, transposed ? keras_transposed(value) : std::move(value));
        }
        return values;
    }

private:
    void add(std::string name, const std::string& path, bool transposed, const State& wanted) {
        hdf5::Dataset dataset(file_, path);
        State::Value layout = layout_of(dataset, wanted.find(name));
        layout_.add(name, transposed ? keras_transposed(layout) : std::move(layout));
        found_.push_back({std::move(name), std::move(dataset), transposed});
    }
    void add_unexpected(std::string name, const std::string& path, bool transposed) try {
        add(name, path, transposed, State());
    } catch (const hdf5::Reason& reason) {
        unreadable_.push_back(name + ": " + reason.what());
    }
    static State::Value layout_of(const hdf5::Dataset& dataset, const State::Value* wanted) try {
        return dataset.layout(wanted);
    } catch (const hdf5::Reason& reason) {
        throw hdf5::Reason("'" + dataset.path() + "' " + reason.what());
    }
    static State::Value untransposed_layout(const hdf5::Dataset& dataset, const State::Value& as) {
        return dataset.layout(&as);
    }

    hdf5::File& file_;
    const LoadOptions& options_;
    std::list<Found> found_;
    State layout_;
    std::vector<std::string> unreadable_;
};

bool is_open(const std::vector<Entry>& entries, std::string_view name) {
    return std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.takes_anything() && name.starts_with(entry.name() + ".");
    });
}

// Keeps of `unexpected` what does not belong to a State that takes anything.
void drop_open(std::vector<std::string>& lines, const std::vector<Entry>& entries) {
    std::erase_if(lines, [&](const std::string& line) { return is_open(entries, line.substr(0, line.find(':'))); });
}

// The entry's state with what the file had.
State merged(const Entry& entry, const State& before, const State& values) {
    if (entry.takes_anything()) return values.child(entry.name());
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
    return hdf5::in_operation("load", path, [&] {
        std::vector<State> before, after;
        State wanted;
        for (const Entry& entry : entries) {
            before.push_back(entry.state());
            wanted.add(entry.name(), before.back());
        }
        LoadReport report;
        {
            hdf5::Document document(path, options.verify, options.limit, options.untrusted);
            Reading reading(document.file(), options);
            reading.find(entries, wanted);
            report = compare_layout(wanted, reading.layout());
            drop_open(report.unexpected, entries);
            report.unexpected.insert(report.unexpected.end(), reading.unreadable().begin(), reading.unreadable().end());
            if (options.strict && !report.empty())
                throw hdf5::Reason("differs from what it is loaded into\n" + report.message());
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
