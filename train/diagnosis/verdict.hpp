// Verdict: what one check found; Diagnosis: all of them.
#pragma once

#include <xtape/core/state.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::train {

// A note is a check that was passed, or a remark; a warning is a likely mistake, an error a certain one.
enum class Severity { note, warning, error };

// "note", "warning", "error".
const char* to_string(Severity severity);

struct Verdict {
    std::string rule;    // a stable name, "dead_units": docs/babysitting.md has a paragraph on each
    Severity severity = Severity::note;
    double value = std::numeric_limits<double>::quiet_NaN();    // what was measured
    double limit = std::numeric_limits<double>::quiet_NaN();    // what it was held against
    std::optional<std::int64_t> step = {};                      // the optimizer step at which it was seen, from 1
    std::string layer = {};                                     // the layer or parameter: "fc1.weight"
    std::string message;                                        // a sentence that states the evidence
    std::string advice = {};                                    // a sentence that says what to try

    bool passed() const { return severity == Severity::note; }
};

// "warning: dead_units (relu(fc1), step 200): 60 % of the units are 0 for every example. Try a lower learning rate."
std::string to_string(const Verdict& verdict);

// Verdicts in the order in which they were found: `for (const Verdict& verdict : diagnosis)`.
class Diagnosis {
public:
    static constexpr bool has_open_layout = true;

    void add(Verdict verdict) { verdicts_.push_back(std::move(verdict)); }
    void add(const Diagnosis& other);

    // Neither a warning nor an error.
    bool healthy() const { return worst() == Severity::note; }
    Severity worst() const;
    // Whether a rule gave a warning or an error.
    bool has(std::string_view rule) const;
    // A rule's most severe verdict, the first of equals, passed or not. Throws std::out_of_range naming what there is.
    const Verdict& at(std::string_view rule) const;
    // All warnings and errors, the errors first, a line each; "healthy" when there are none.
    std::string message() const;
    // For a program to end with: 0 healthy, 1 a warning, 2 an error.
    int exit_code() const { return static_cast<int>(worst()); }

    std::size_t size() const { return verdicts_.size(); }
    bool empty() const { return verdicts_.empty(); }
    auto begin() const { return verdicts_.begin(); }
    auto end() const { return verdicts_.end(); }

    State state() const;
    // Throws StateError, having changed nothing, when the state is not a diagnosis's.
    void load_state(const State& state);

private:
    std::vector<Verdict> verdicts_;
};

}    // namespace xtape::train
