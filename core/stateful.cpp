#include <xtape/core/error.hpp>
#include <xtape/core/stateful.hpp>

namespace xtape {

void Entry::load(const State& state) const {
    if (!load_) throw StateError("'" + name_ + "' cannot be loaded: it is const, or has no load_state(const State&)");
    load_(state);
}

}    // namespace xtape
