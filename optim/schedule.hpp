// Learning-rate schedules: pure functions from the step, counted from 0, to a multiplier of the learning rate.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape::optim {

class Schedule;

template <class F>
concept StepFunction = !std::same_as<std::remove_cvref_t<F>, Schedule> && std::invocable<const F&, std::int64_t>;

// A function of the step, and of nothing else: it may be called for any step in any order, and needs no state to
// resume.
//   auto schedule = linear_warmup({.steps = 500}) * inverse_sqrt({.warmup = 500});
//   optimizer.set_schedule(schedule);
// Steps below 0 are std::invalid_argument, as are options out of their range when the schedule is made. What follows
// the last step of a schedule that has one keeps its last value.
class Schedule {
public:
    // Any function of the step.
    template <StepFunction F>
    Schedule(F multiplier)
        : multiplier_([f = std::move(multiplier)](std::int64_t step) { return static_cast<double>(f(step)); }) {}

    double operator()(std::int64_t step) const;
    // Its values at the steps 0, 1, ..., count - 1, to print or plot.
    std::vector<double> values(std::size_t count) const;

    // a(step) b(step).
    friend Schedule operator*(const Schedule& a, const Schedule& b);

private:
    std::function<double(std::int64_t)> multiplier_;
};

// The product of all: see also a * b. Without factors, 1.
Schedule product(std::vector<Schedule> factors);

// The first schedule until the step reaches the first milestone, then the second, and so on; each counts its steps from
// its own start. Milestones ascend, and are one fewer than the schedules.
Schedule sequence(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones);

// factor.
Schedule constant(double factor = 1);

struct StepDecayOptions {
    std::int64_t every = 30;
    double factor = 0.1;
};
// factor^floor(step / every).
Schedule step_decay(StepDecayOptions options = {});

struct MultiStepOptions {
    std::vector<std::int64_t> milestones;    // ascending
    double factor = 0.1;
};
// factor^(how many milestones the step has reached).
Schedule multi_step(MultiStepOptions options);

struct RateOptions {
    double rate;    // k
};
// e^(-k step); a factor of gamma a step is k = -log(gamma).
Schedule exponential(RateOptions options);
// 1 / (1 + k step).
Schedule inverse_time(RateOptions options);

struct PolynomialOptions {
    std::int64_t steps;
    double power = 1;
    double end = 0;
};
// end + (1 - end) (1 - step / steps)^power.
Schedule polynomial(PolynomialOptions options);

struct CosineOptions {
    std::int64_t steps;
    double end = 0;
};
// end + (1 - end) (1 + cos(pi step / steps)) / 2. Loshchilov and Hutter 2017.
Schedule cosine(CosineOptions options);

struct CosineRestartsOptions {
    std::int64_t steps;         // of the first cycle
    std::int64_t factor = 1;    // each cycle is this many times as long as the one before
    double end = 0;
};
// A cosine from 1 towards `end` that starts again after `steps`, `factor steps`, `factor^2 steps`, ... more. Loshchilov
// and Hutter 2017.
Schedule cosine_restarts(CosineRestartsOptions options);

struct LinearWarmupOptions {
    std::int64_t steps = 5;
    double start = 1.0 / 3;
    double end = 1;
};
// start + (end - start) step / steps.
Schedule linear_warmup(LinearWarmupOptions options = {});

struct InverseSqrtOptions {
    std::int64_t warmup = 1;
};
// min(t / warmup, sqrt(warmup / t)) with t = step + 1: a linear rise to 1 at step warmup - 1, then the inverse square
// root. Vaswani et al. 2017, up to its constant factor.
Schedule inverse_sqrt(InverseSqrtOptions options = {});

enum class Anneal { cosine, linear };
struct OneCycleOptions {
    std::int64_t steps;
    double pct_start = 0.3;    // the part of the steps in which the rate rises
    Anneal anneal = Anneal::cosine;
    bool three_phase = false;         // fall as long as it rose, and only then to the last value
    double div_factor = 25;           // the first value is 1 / div_factor
    double final_div_factor = 1e4;    // the last is 1 / (div_factor final_div_factor)
    double base_momentum = 0.85;      // while the rate is highest
    double max_momentum = 0.95;
};
// From 1 / div_factor up to 1, the optimizer's own rate, and down to 1 / (div_factor final_div_factor). Smith and Topin
// 2018.
Schedule one_cycle(OneCycleOptions options);
// The momentum that goes with it, falling while the rate rises: `optimizer.set_momentum(momentum(step))`.
Schedule one_cycle_momentum(OneCycleOptions options);

enum class CyclicMode { triangular, triangular2, exp_range };
struct CyclicOptions {
    double base = 0.1;    // the lowest value; the highest is 1
    std::int64_t steps_up = 2000;
    std::int64_t steps_down = 0;    // 0: as many as up
    CyclicMode mode = CyclicMode::triangular;
    double gamma = 1;    // of exp_range
    double base_momentum = 0.8;
    double max_momentum = 0.9;
};
// Up from `base` to 1 and down again, over and over; the height of the triangles is kept (triangular), halved with each
// (triangular2), or times gamma^step (exp_range). Smith 2017.
Schedule cyclic(CyclicOptions options = {});
// The momentum that goes with it: max_momentum at the rate's base, base_momentum at its first height.
Schedule cyclic_momentum(CyclicOptions options = {});

}    // namespace xtape::optim
