#include <xtape/train/search/cross_validation.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace xtape::train {

template <class T>
Evaluate cross_validated(const Dataset<T>& data, const FoldOptions& options,
                         std::function<double(Trial& trial, const Split<T>& fold)> evaluate) {
    if (!evaluate) throw std::invalid_argument("[cross_validated] got no function to evaluate a fold");
    const auto folds = std::make_shared<const std::vector<Split<T>>>(k_fold(data, options));
    return [folds, evaluate = std::move(evaluate)](Trial& trial) {
        double sum = 0, mean = 0;
        for (std::size_t k = 0; k < folds->size(); ++k) {
            sum += evaluate(trial, (*folds)[k]);
            mean = sum / static_cast<double>(k + 1);
            if (!trial.report(static_cast<std::int64_t>(k + 1), mean)) break;
        }
        return mean;
    };
}

template Evaluate cross_validated(const Dataset<float>&, const FoldOptions&,
                                  std::function<double(Trial&, const Split<float>&)>);
template Evaluate cross_validated(const Dataset<double>&, const FoldOptions&,
                                  std::function<double(Trial&, const Split<double>&)>);

}    // namespace xtape::train
