// What can be saved and loaded, and the names under which that happens.
#pragma once

#include <xtape/core/state.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace xtape {

// A thing that says what it is made of: `State state() const`. A State is one itself.
template <class Thing>
concept Saveable = std::same_as<std::remove_const_t<Thing>, State> || requires(const Thing& thing) {
    { thing.state() } -> std::convertible_to<State>;
};

// A thing that also takes its state back: `void load_state(const State&)`, which throws when the state does not fit and
// then changes nothing.
template <class Thing>
concept Stateful =
    Saveable<Thing> && !std::is_const_v<Thing> &&
    (std::same_as<Thing, State> || requires(Thing & thing, const State& state) { thing.load_state(state); });

// A thing whose state has different names and shapes at different times (a history, a set of named streams) says so
// with `static constexpr bool has_open_layout = true`. Then load_state alone judges what it is given.
template <class Thing>
concept OpenLayout = bool(std::remove_const_t<Thing>::has_open_layout);

// A stateful thing under the name that it has in a checkpoint. The thing is referred to, not copied: it must live as
// long as the entry, and temporaries do not compile.
class Entry {
public:
    template <Saveable Thing>
    Entry(std::string name, Thing& thing) : name_(std::move(name)) {
        auto* address = std::addressof(thing);
        if constexpr (std::same_as<std::remove_const_t<Thing>, State>) {
            state_ = [address] { return *address; };
            is_open_ = [address] { return address->empty(); };
        } else {
            state_ = [address]() -> State { return address->state(); };
            is_open_ = [] { return OpenLayout<Thing>; };
        }
        if constexpr (std::same_as<Thing, State>)
            load_ = [address](const State& state) { *address = state; };
        else if constexpr (Stateful<Thing>)
            load_ = [address](const State& state) { address->load_state(state); };
    }
    template <Saveable Thing>
    Entry(std::string name, const Thing&& temporary) = delete;    // it would be gone before the entry is used

    const std::string& name() const { return name_; }
    State state() const { return state_(); }
    // Throws what the thing's load_state throws, and StateError for a thing that can only be saved.
    void load(const State& state) const;
    // Whether it takes a state of any layout: a State without values, or an OpenLayout thing.
    bool is_open() const { return is_open_(); }

private:
    std::string name_;
    std::function<State()> state_;
    std::function<void(const State&)> load_;
    std::function<bool()> is_open_;
};

}    // namespace xtape
