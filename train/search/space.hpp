// Space: the hyperparameters of a search, and the ranges that their values come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::train {

// One hyperparameter. Inside a search every value is a double: an integer exactly, a choice by its place in `choices`.
struct Hyperparameter {
    enum class Kind { uniform, log_uniform, integer, log_integer, choice };

    std::string name;
    Kind kind = Kind::uniform;
    double low = 0, high = 0;                 // of a number; integers take both ends
    std::vector<std::string> choices = {};    // of a choice
    std::string parent = {},
                parent_value = {};    // asked for only where the choice `parent` has this value; empty: always

    bool is_choice() const { return kind == Kind::choice; }
    bool is_integer() const { return kind == Kind::integer || kind == Kind::log_integer; }
    bool is_log() const { return kind == Kind::log_uniform || kind == Kind::log_integer; }

    // Between a value and its place in [0, 1], on the scale that it is drawn on: every value has an equal share of the
    // interval, and a value's place is the middle of its share.
    double from_unit(double place) const;
    double to_unit(double value) const;
    // As people read it: "1.405206e-04", "64", "relu".
    std::string text(double value) const;
};

// An ordered list of hyperparameters.
//
//     Space space;
//     space.log_uniform("lr", 1e-6, 1e-1).integer("hidden", 16, 128).choice("optimizer", {"sgd", "adam"});
//     space.when("optimizer", "sgd", Space().uniform("momentum", 0, 0.99));
//
// Each throws std::invalid_argument for a range without values, limits that are not finite, or a name that is taken or
// empty; the space is then as it was.
class Space {
public:
    // A number in [low, high), with equal density / with equal density of its logarithm (0 < low).
    Space& uniform(std::string name, double low, double high);
    Space& log_uniform(std::string name, double low, double high);
    // An integer from low to high, both included; likewise (1 <= low).
    Space& integer(std::string name, std::int64_t low, std::int64_t high);
    Space& log_integer(std::string name, std::int64_t low, std::int64_t high);
    // One of several names.
    Space& choice(std::string name, std::vector<std::string> choices);
    // All of `space`, asked for only in trials in which `choice`, which is here already, has the value `value`.
    Space& when(std::string_view choice, std::string_view value, const Space& space);
    // Any hyperparameter, checked like those above.
    Space& add(Hyperparameter hyperparameter);

    std::size_t size() const { return hyperparameters_.size(); }
    bool empty() const { return hyperparameters_.empty(); }
    auto begin() const { return hyperparameters_.begin(); }
    auto end() const { return hyperparameters_.end(); }
    const Hyperparameter& operator[](std::size_t i) const { return hyperparameters_[i]; }

    bool contains(std::string_view name) const { return find(name) != size(); }
    // The place of a hyperparameter. Throws std::out_of_range naming what is there.
    std::size_t place(std::string_view name) const;
    // Whether number i is asked for in a trial with these values.
    bool is_asked(std::size_t i, const std::vector<double>& values) const;

private:
    std::size_t find(std::string_view name) const;

    std::vector<Hyperparameter> hyperparameters_;
};

}    // namespace xtape::train
