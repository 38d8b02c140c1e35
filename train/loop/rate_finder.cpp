#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/train/loop/detail/put_back.hpp>
#include <xtape/train/loop/rate_finder.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {
namespace {

// Optimizer and loader as they were, likewise.
template <class T>
class PutBackWithOptimizer : detail::PutBack<T> {
public:
    PutBackWithOptimizer(nn::Module<T>& model, optim::Optimizer<T>& optimizer, DataLoader<T>& batches)
        : detail::PutBack<T>(model), optimizer_(optimizer), batches_(batches) {}
    ~PutBackWithOptimizer() {
        optimizer_.load_state(optimizer_state_);
        batches_.load_state(loader_state_);
    }

private:
    optim::Optimizer<T>& optimizer_;
    DataLoader<T>& batches_;
    State optimizer_state_ = optimizer_.state(), loader_state_ = batches_.state();
};

// The rate at two thirds of the longest stretch over which the losses fall (longest falling subsequence, as fastai's).
double valley(const std::vector<double>& rates, const std::vector<double>& losses) {
    const std::size_t count = losses.size();
    std::vector<std::size_t> length(count, 1);
    std::size_t end = 0;
    for (std::size_t i = 1; i < count; ++i) {
        for (std::size_t j = 0; j < i; ++j)
            if (losses[i] < losses[j]) length[i] = std::max(length[i], length[j] + 1);
        if (length[i] > length[end]) end = i;
    }
    const std::size_t start = end + 1 - std::min(length[end], end + 1);
    return rates[start + (end - start) * 2 / 3];
}

}    // namespace

template <class T>
RateFinding find_learning_rate(Trainer<T>& trainer, DataLoader<T>& batches, RateFinderOptions options) {
    auto require = [](bool right, const char* wanted) {
        if (!right) throw std::invalid_argument(std::string("[find_learning_rate] wanted ") + wanted);
    };
    require(options.low > 0 && options.low < options.high && std::isfinite(options.high), "0 < low < high");
    require(options.steps >= 10, "10 steps or more");
    require(options.smoothing >= 0 && options.smoothing < 1, "a smoothing from 0 to below 1");
    require(options.diverged > 1, "diverged above 1");
    PutBackWithOptimizer<T> put_back(trainer.model(), trainer.optimizer(), batches);
    nn::ModeGuard<T> training(trainer.model(), true);

    RateFinding result;
    double average = 0, least = 0;
    for (std::size_t step = 0; step < options.steps; ++step) {
        const Batch<T>* batch = batches.next();
        if (batch == nullptr) batch = batches.next();
        const double part = static_cast<double>(step) / static_cast<double>(options.steps - 1);
        const double rate = options.low * std::pow(options.high / options.low, part);
        // Schedule and plateau go on; what they make of the rate is taken out again.
        const double factor = trainer.optimizer().lr() / trainer.optimizer().base_lr();
        if (!(factor > 0)) break;
        trainer.optimizer().set_lr(rate / factor);
        trainer.optimizer().zero_grad();
        Variable<T> loss = trainer.objective()(trainer.model(), *batch).loss;
        const auto value = static_cast<double>(loss.item());
        if (!std::isfinite(value)) break;
        if (trainer.options().penalty) loss = loss + trainer.options().penalty();
        backward(loss);
        trainer.optimizer().step();
        average = options.smoothing * average + (1 - options.smoothing) * value;
        const double smooth = average / (1 - std::pow(options.smoothing, static_cast<double>(step + 1)));
        result.rates.push_back(rate);
        result.losses.push_back(smooth);
        least = step == 0 ? smooth : std::min(least, smooth);
        if (smooth > options.diverged * least) break;
    }
    if (result.rates.size() < 3)
        throw Error("[find_learning_rate] came to an end after " + std::to_string(result.rates.size()) +
                    " steps: the loss was not finite, or the schedule's rate is 0; look at these first");
    double steepest = 0;
    result.steepest = result.rates.front();
    for (std::size_t i = 1 + result.rates.size() / 10; i + 1 < result.rates.size();
         ++i) {    // past the first, noisy averages
        const double slope = result.losses[i + 1] - result.losses[i - 1];
        if (slope < steepest) {
            steepest = slope;
            result.steepest = result.rates[i];
        }
    }
    result.valley = valley(result.rates, result.losses);
    return result;
}

template RateFinding find_learning_rate(Trainer<float>&, DataLoader<float>&, RateFinderOptions);
template RateFinding find_learning_rate(Trainer<double>&, DataLoader<double>&, RateFinderOptions);

}    // namespace xtape::train
