#include <xtape/optim/detail/options.hpp>
#include <xtape/optim/schedule.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>

namespace xtape::optim {
namespace {

void check_milestones(const char* who, const std::vector<std::int64_t>& milestones) {
    for (std::size_t i = 0; i < milestones.size(); ++i)
        if (milestones[i] < 0 || (i > 0 && milestones[i] < milestones[i - 1]))
            detail::refuse_option(who, "milestones[" + std::to_string(i) + "]", std::to_string(milestones[i]),
                                  "0 or more, ascending");
}

// How far the step is on its way to `steps`, 0 to 1.
double progress(std::int64_t step, std::int64_t steps) {
    return static_cast<double>(std::min(step, steps)) / static_cast<double>(steps);
}

double fall_as_cosine(double from, double to, double part) {
    return to + (from - to) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

}    // namespace

double Schedule::operator()(std::int64_t step) const {
    if (step < 0) throw std::invalid_argument("[schedule] got the step " + std::to_string(step) + "; wanted 0 or more");
    return multiplier_(step);
}

std::vector<double> Schedule::values(std::size_t count) const {
    std::vector<double> result(count);
    for (std::size_t i = 0; i < count; ++i) result[i] = multiplier_(static_cast<std::int64_t>(i));
    return result;
}

Schedule operator*(const Schedule& a, const Schedule& b) { return product({a, b}); }

Schedule product(std::vector<Schedule> factors) {
    return [factors = std::move(factors)](std::int64_t step) {
        double result = 1;
        for (const Schedule& factor : factors) result *= factor(step);
        return result;
    };
}

Schedule sequence(std::vector<Schedule> schedules, std::vector<std::int64_t> milestones) {
    if (schedules.empty() || milestones.size() + 1 != schedules.size())
        throw std::invalid_argument("[sequence] got " + std::to_string(schedules.size()) + " schedules and " +
                                    std::to_string(milestones.size()) +
                                    " milestones; wanted one milestone fewer than schedules");
    check_milestones("sequence", milestones);
    return [schedules = std::move(schedules), milestones = std::move(milestones)](std::int64_t step) {
        const auto reached = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
        const auto place = static_cast<std::size_t>(reached);
        return schedules[place](place == 0 ? step : step - milestones[place - 1]);
    };
}

Schedule constant(double factor) {
    detail::CheckOption{"constant"}("factor", factor, not_negative);
    return [factor](std::int64_t) { return factor; };
}

Schedule step_decay(StepDecayOptions options) {
    const detail::CheckOption check{"step_decay"};
    check("every", options.every, at_least_one);
    check("factor", options.factor, not_negative);
    return [options](std::int64_t step) { return std::pow(options.factor, step / options.every); };
}

Schedule multi_step(MultiStepOptions options) {
    check_milestones("multi_step", options.milestones);
    detail::CheckOption{"multi_step"}("factor", options.factor, not_negative);
    return [options = std::move(options)](std::int64_t step) {
        const auto& stones = options.milestones;
        return std::pow(options.factor, std::upper_bound(stones.begin(), stones.end(), step) - stones.begin());
    };
}

Schedule exponential(RateOptions options) {
    detail::CheckOption{"exponential"}("rate", options.rate, not_negative);
    return [options](std::int64_t step) { return std::exp(-options.rate * static_cast<double>(step)); };
}

Schedule inverse_time(RateOptions options) {
    detail::CheckOption{"inverse_time"}("rate", options.rate, not_negative);
    return [options](std::int64_t step) { return 1 / (1 + options.rate * static_cast<double>(step)); };
}

Schedule polynomial(PolynomialOptions options) {
    const detail::CheckOption check{"polynomial"};
    check("steps", options.steps, at_least_one);
    check("power", options.power, not_negative);
    check("end", options.end, not_negative);
    return [options](std::int64_t step) {
        return options.end + (1 - options.end) * std::pow(1 - progress(step, options.steps), options.power);
    };
}

Schedule cosine(CosineOptions options) {
    const detail::CheckOption check{"cosine"};
    check("steps", options.steps, at_least_one);
    check("end", options.end, not_negative);
    return [options](std::int64_t step) { return fall_as_cosine(1, options.end, progress(step, options.steps)); };
}

Schedule cosine_restarts(CosineRestartsOptions options) {
    const detail::CheckOption check{"cosine_restarts"};
    check("steps", options.steps, at_least_one);
    check("factor", options.factor, at_least_one);
    check("end", options.end, not_negative);
    return [options](std::int64_t step) {
        std::int64_t length = options.steps;
        if (options.factor == 1)
            step %= length;
        else
            while (step >= length) {
                step -= length;
                if (__builtin_mul_overflow(length, options.factor, &length)) length = step + 1;
            }
        return fall_as_cosine(1, options.end, progress(step, length));
    };
}

Schedule linear_warmup(LinearWarmupOptions options) {
    const detail::CheckOption check{"linear_warmup"};
    check("steps", options.steps, at_least_one);
    check("start", options.start, not_negative);
    check("end", options.end, not_negative);
    return [options](std::int64_t step) {
        return options.start + (options.end - options.start) * progress(step, options.steps);
    };
}

Schedule inverse_sqrt(InverseSqrtOptions options) {
    detail::CheckOption{"inverse_sqrt"}("warmup", options.warmup, at_least_one);
    return [warmup = static_cast<double>(options.warmup)](std::int64_t step) {
        const double t = static_cast<double>(step) + 1;
        return std::min(t / warmup, std::sqrt(warmup / t));
    };
}

namespace {

// The values low, high, low, last at the ends of the cycle's phases.
Schedule phases(const OneCycleOptions& o, double low, double high, double last) {
    const detail::CheckOption check{"one_cycle"};
    check("steps", o.steps, at_least_one);
    check("pct_start", o.pct_start, fraction);
    check("div_factor", o.div_factor, positive);
    check("final_div_factor", o.final_div_factor, positive);
    check("base_momentum", o.base_momentum, not_negative);
    check("max_momentum", o.max_momentum, not_negative);
    const double end = static_cast<double>(o.steps - 1);
    const double rise = o.pct_start * static_cast<double>(o.steps) - 1;
    struct Phase {
        double end, from, to;
    };
    std::vector<Phase> list{{rise, low, high}};
    if (o.three_phase) {
        list.push_back({2 * o.pct_start * static_cast<double>(o.steps) - 2, high, low});
        list.push_back({end, low, last});
    } else {
        list.push_back({end, high, last});
    }
    return [list = std::move(list), anneal = o.anneal](std::int64_t step) {
        const double t = static_cast<double>(step);
        double begin = 0;
        for (const Phase& phase : list) {
            if (t <= phase.end) {
                const double part = phase.end > begin ? (t - begin) / (phase.end - begin) : 1;
                return anneal == Anneal::cosine ? fall_as_cosine(phase.from, phase.to, part)
                                                : phase.from + (phase.to - phase.from) * part;
            }
            begin = phase.end;
        }
        return list.back().to;
    };
}

// Where in its cycle the step is: the triangle's height there, 0 to 1, as the mode scales it.
double cyclic_height(const CyclicOptions& o, std::int64_t step) {
    const auto up = static_cast<double>(o.steps_up);
    const auto total = up + static_cast<double>(o.steps_down == 0 ? o.steps_up : o.steps_down);
    const double cycle = std::floor(static_cast<double>(step) / total);
    const double place = static_cast<double>(step) - cycle * total;
    const double height = place <= up ? place / up : (total - place) / (total - up);
    switch (o.mode) {
        case CyclicMode::triangular: return height;
        case CyclicMode::triangular2: return height * std::pow(0.5, cycle);
        case CyclicMode::exp_range: return height * std::pow(o.gamma, static_cast<double>(step));
    }
    return height;
}

void check_cyclic(const CyclicOptions& o) {
    const detail::CheckOption check{"cyclic"};
    check("base", o.base, not_negative);
    check("steps_up", o.steps_up, at_least_one);
    check("steps_down", o.steps_down, not_negative);
    check("gamma", o.gamma, positive);
    check("base_momentum", o.base_momentum, not_negative);
    check("max_momentum", o.max_momentum, not_negative);
}

}    // namespace

Schedule one_cycle(OneCycleOptions o) {
    return phases(o, 1 / o.div_factor, 1, 1 / (o.div_factor * o.final_div_factor));
}

Schedule one_cycle_momentum(OneCycleOptions o) { return phases(o, o.max_momentum, o.base_momentum, o.max_momentum); }

Schedule cyclic(CyclicOptions options) {
    check_cyclic(options);
    return [o = options](std::int64_t step) { return o.base + (1 - o.base) * cyclic_height(o, step); };
}

Schedule cyclic_momentum(CyclicOptions options) {
    check_cyclic(options);
    return [o = options](std::int64_t step) {
        return o.max_momentum - (o.max_momentum - o.base_momentum) * cyclic_height(o, step);
    };
}

}    // namespace xtape::optim
