// Connectionist temporal classification: sequences of labels without an alignment.
#pragma once

#include <xtape/core/indices.hpp>
#include <xtape/core/variable.hpp>

#include <cstdint>

namespace xtape {

// y = -log of the probability of all paths that spell an example's labels: paths of `input_length` steps that, with
// repeats merged and then blanks taken out, are the labels. dy/dx_tk = -(probability that such a path is at label k at
// step t); infinite with gradient 0 where there is none. x are logarithms of probabilities. Shapes (time, batch,
// classes); targets (batch, most) of which target_lengths (batch,) count, or all labels one after another;
// input_lengths (batch,) -> (batch,). Throws ShapeError for others, std::out_of_range for a label that is no class or
// the blank, std::invalid_argument for lengths that do not fit. Graves et al., "Connectionist temporal classification",
// 2006.
template <class T>
Variable<T> ctc(const Variable<T>& log_probabilities, const IntegerArray& targets, const IntegerArray& input_lengths,
                const IntegerArray& target_lengths, std::int64_t blank = 0);

}    // namespace xtape
