#include <xtape/nn/ctc_loss.hpp>
#include <xtape/nn/detail/loss.hpp>
#include <xtape/ops/ctc.hpp>
#include <xtape/ops/selection.hpp>

#include <algorithm>
#include <limits>

namespace xtape::nn {

template <class T>
Variable<T> ctc_loss(const Variable<T>& log_probabilities, const IntegerArray& targets,
                     const IntegerArray& input_lengths, const IntegerArray& target_lengths, CtcOptions options) {
    Variable<T> losses = ctc(log_probabilities, targets, input_lengths, target_lengths, options.blank);
    if (options.zero_infinity) losses = where(losses == std::numeric_limits<double>::infinity(), 0.0, losses);
    if (options.reduction != Reduction::mean) return reduced("ctc_loss", losses, options.reduction);
    Array<T> shares = empty_array<T>(losses.shape());
    for (std::size_t n = 0; n < shares.size(); ++n)
        shares.storage()[n] = T(1) / static_cast<T>(std::max<std::int64_t>(1, target_lengths.storage()[n]));
    return reduced("ctc_loss", losses * Variable<T>(std::move(shares)), Reduction::mean);
}

template Variable<float> ctc_loss(const Variable<float>&, const IntegerArray&, const IntegerArray&, const IntegerArray&,
                                  CtcOptions);
template Variable<double> ctc_loss(const Variable<double>&, const IntegerArray&, const IntegerArray&,
                                   const IntegerArray&, CtcOptions);

}    // namespace xtape::nn
