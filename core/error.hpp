// The library's exceptions: a type for each kind of mistake, a text `[operation] what was got; what was wanted`.
#pragma once

#include <stdexcept>
#include <string>

namespace xtape {

// Base of the exceptions that xtape throws for misuse of arrays, graphs and files. Options out of their range are
// std::invalid_argument, indices out of range std::out_of_range, as in the standard library.
struct Error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Shapes that do not fit together, an axis that does not exist, a reshape that changes the number of elements.
struct ShapeError : Error {
    using Error::Error;
};

// A graph used against its rules: swept twice, a value changed in place, a seed missing, an input not reached.
struct GradError : Error {
    using Error::Error;
};

// A value or derivative that is not finite, found where that was asked for: AnomalyGuard, NonFinite::raise.
struct AnomalyError : Error {
    using Error::Error;
};

// A state (a checkpoint's content) that does not fit the thing that it is loaded into.
struct StateError : Error {
    using Error::Error;
};

}    // namespace xtape
