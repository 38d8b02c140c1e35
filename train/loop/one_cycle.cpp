#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/one_cycle.hpp>

#include <cmath>
#include <optional>
#include <stdexcept>

namespace xtape::train {
namespace {

template <class T>
bool has_momentum(optim::Optimizer<T>& optimizer, double momentum) try {
    optimizer.set_momentum(momentum);
    return true;
} catch (const std::invalid_argument&) {
    return false;
}

template <class T>
void set_cycle(Trainer<T>& trainer, const DataLoader<T>& batches, const FitOneCycleOptions& options) {
    if (!(options.max_lr >= 0) || !std::isfinite(options.max_lr))
        throw std::invalid_argument("[fit_one_cycle] got max_lr = " + detail::exact(options.max_lr) +
                                    "; wanted a number above 0, or 0 for the optimizer's own");
    const optim::OneCycleOptions cycle{.steps = trainer.total_steps(batches),
                                       .pct_start = options.pct_start,
                                       .anneal = options.anneal,
                                       .three_phase = options.three_phase,
                                       .div_factor = options.div_factor,
                                       .final_div_factor = options.final_div_factor,
                                       .base_momentum = options.base_momentum,
                                       .max_momentum = options.max_momentum};
    const optim::Schedule rate = optim::one_cycle(cycle), momentum = optim::one_cycle_momentum(cycle);
    std::optional<optim::Schedule> cycled;
    if (options.cycle_momentum && has_momentum(trainer.optimizer(), momentum(trainer.steps()))) cycled = momentum;
    if (options.max_lr > 0) trainer.optimizer().set_lr(options.max_lr);
    trainer.set_schedules(rate, cycled);
}

}    // namespace

template <class T>
const History& fit_one_cycle(Trainer<T>& trainer, DataLoader<T>& batches, FitOneCycleOptions options) {
    set_cycle(trainer, batches, options);
    return trainer.fit(batches);
}

template <class T>
const History& fit_one_cycle(Trainer<T>& trainer, DataLoader<T>& batches, DataLoader<T>& validation,
                             FitOneCycleOptions options) {
    set_cycle(trainer, batches, options);
    return trainer.fit(batches, validation);
}

template const History& fit_one_cycle(Trainer<float>&, DataLoader<float>&, FitOneCycleOptions);
template const History& fit_one_cycle(Trainer<double>&, DataLoader<double>&, FitOneCycleOptions);
template const History& fit_one_cycle(Trainer<float>&, DataLoader<float>&, DataLoader<float>&, FitOneCycleOptions);
template const History& fit_one_cycle(Trainer<double>&, DataLoader<double>&, DataLoader<double>&, FitOneCycleOptions);

}    // namespace xtape::train
