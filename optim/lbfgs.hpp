// L-BFGS, a quasi-Newton method.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <cstdint>
#include <vector>

namespace xtape::optim {

enum class LineSearch { none, strong_wolfe };

struct LBFGSOptions {
    double lr = 1;
    std::int64_t max_iter = 20;    // iterations a step
    std::int64_t max_eval = 0;     // calls of the closure per step; 0: max_iter 5 / 4
    double tolerance_grad = 1e-7;
    double tolerance_change = 1e-9;
    std::int64_t history_size = 100;
    LineSearch line_search = LineSearch::none;
    NonFinite non_finite = NonFinite::let_through;    // of the gradient that a step begins with
};

// p += t d, where d = -H g, H the approximation of the inverse Hessian by the last history_size changes of p and g
// (Nocedal and Wright 2006, algorithm 7.4), and t is lr (in the first iteration min(1, 1 / |g|_1) lr) or, from there
// on, what a line search for the strong Wolfe conditions (algorithms 3.5, 3.6; c1 = 1e-4, c2 = 0.9) finds. For
// deterministic losses.
//   optimizer.step([&] { optimizer.zero_grad(); auto loss = ...; backward(loss); return loss; });
// step() without a closure throws std::logic_error. All parameters are one group.
template <class T>
class LBFGS : public OptimizerOf<T, LBFGSOptions> {
public:
    using Base = OptimizerOf<T, LBFGSOptions>;
    using Base::Base;
    using Base::step;
    void step() override;
    void add_group(const Parameters<T>& parameters, LBFGSOptions options = {}) = delete;
    State state() const override;
    void load_state(const State& state) override;

    // Iterations, and calls of the closure, in all steps so far.
    std::int64_t iterations() const { return memory_.iterations; }
    std::int64_t evaluations() const { return memory_.evaluations; }

private:
    struct Memory {
        std::int64_t iterations = 0;
        std::int64_t evaluations = 0;
        double step_length = 0;
        double scale = 1;    // of H before its corrections
        double loss = 0;
        Array<T> direction, gradient;                            // of the last iteration; flat, as all that follows
        std::vector<Array<T>> position_changes, grad_changes;    // oldest first
        std::vector<double> curvatures;                          // 1 / (their scalar products)
    };

    double step_with(const std::function<double()>& closure) override;
    std::size_t count() const;
    State with_memory(State state, std::size_t history) const;
    Array<T> flat_gradient() const;
    Array<T> flat_values() const;
    void move_to(const Array<T>& from, double t, const Array<T>& direction);
    void remember(const Array<T>& gradient);
    Array<T> find_direction(const Array<T>& gradient) const;

    Memory memory_;
};

extern template class OptimizerOf<float, LBFGSOptions>;
extern template class OptimizerOf<double, LBFGSOptions>;
extern template class LBFGS<float>;
extern template class LBFGS<double>;

}    // namespace xtape::optim
