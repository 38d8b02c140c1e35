// NonFinite: what to do with gradients that are not finite.
#pragma once

namespace xtape {

// What an optimizer's step or clipping does when a gradient, or the norm of all of them, is not finite: go on with it
// as PyTorch does; leave everything as it was; or throw AnomalyError that names the parameter, likewise before anything
// has changed.
enum class NonFinite { let_through, skip, raise };

}    // namespace xtape
