// Proof that a training set-up, stopped and resumed from its checkpoint, goes on to the same bits.
#pragma once

#include <xtape/io/checkpoint.hpp>

#include <concepts>
#include <filesystem>
#include <string>
#include <vector>

namespace xtape::io {

struct ResumeOptions {
    int steps_before = 3;    // until the checkpoint
    int steps_after = 3;     // from there to the comparison
};

namespace detail {

// A checkpoint in the system's folder for temporary files, removed at the end of the scope.
class TemporaryCheckpoint {
public:
    TemporaryCheckpoint();
    TemporaryCheckpoint(const TemporaryCheckpoint&) = delete;
    TemporaryCheckpoint& operator=(const TemporaryCheckpoint&) = delete;
    ~TemporaryCheckpoint();
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

State state_of(const std::vector<Entry>& entries);

// Throws io::Error naming the first value of `resumed` that is not the same bits as in `whole`.
void require_same(const State& whole, const State& resumed, const std::string& when);

template <class Setup>
std::vector<Entry> entries_of(Setup& setup) {
    if constexpr (requires {
                      { setup.entries() } -> std::convertible_to<std::vector<Entry>>;
                  })
        return setup.entries();
    else
        return {{"run", setup}};
}

}    // namespace detail

// Runs `step` on a set-up that `make` makes, saving on the way; then loads that checkpoint into another one and runs it
// to the same point. A set-up is Stateful, or has `std::vector<io::Entry> entries()`. Throws io::Error naming the first
// value that differs: something that `step` depends on is not part of the state.
template <class Make, class Step>
void verify_resume(Make&& make, Step&& step, const ResumeOptions& options = {}) {
    detail::TemporaryCheckpoint checkpoint;
    State saved, whole;
    {
        auto setup = make();
        for (int i = 0; i < options.steps_before; ++i) step(setup);
        save(checkpoint.path(), detail::entries_of(setup), {.durable = false});
        saved = detail::state_of(detail::entries_of(setup));
        for (int i = 0; i < options.steps_after; ++i) step(setup);
        whole = detail::state_of(detail::entries_of(setup));
    }
    auto setup = make();
    load(checkpoint.path(), detail::entries_of(setup));
    detail::require_same(saved, detail::state_of(detail::entries_of(setup)), "right after loading");
    for (int i = 0; i < options.steps_after; ++i) step(setup);
    detail::require_same(whole, detail::state_of(detail::entries_of(setup)),
                         std::to_string(options.steps_after) + " steps after loading");
}

}    // namespace xtape::io
