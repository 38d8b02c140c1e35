#include <xtape/optim/detail/flat.hpp>
#include <xtape/optim/lamb.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<LAMBOptions> {
    static constexpr const char* name = "LAMB";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("betas", o.betas, below_one, below_one);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("bias_correction", o.bias_correction);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const LAMBOptions&) { return {"exp_avg", "exp_avg_sq"}; }

    // Brings the moments up to date, and leaves u in a third buffer.
    template <class T>
    struct Direction {
        using L = Lanes<T>;
        L rest1, beta2, rest2, mean_correction, square_correction, eps, weight_decay;
        bool maximize;

        Direction(const LAMBOptions& o, std::int64_t step)
            : rest1(1 - o.betas[0]),
              beta2(o.betas[1]),
              rest2(1 - o.betas[1]),
              mean_correction(o.bias_correction ? 1 - std::pow(o.betas[0], step) : 1),
              square_correction(o.bias_correction ? 1 - std::pow(o.betas[1], step) : 1),
              eps(o.eps),
              weight_decay(o.weight_decay),
              maximize(o.maximize) {}
        void operator()(L& p, const L& gradient, L& mean, L& square, L& direction) const {
            const L g = maximize ? -gradient : gradient;
            mean += rest1 * (g - mean);
            square = beta2 * square + rest2 * g * g;
            direction = mean / mean_correction / (sqrt(square / square_correction) + eps) + weight_decay * p;
        }
    };

    template <class T>
    struct Whole {
        double lr;
        Direction<T> find_direction;

        Whole(const LAMBOptions& o, const StepInfo& now) : lr(now.lr), find_direction(o, now.step) {}
        void operator()(Array<T>& p, const Array<T>& g, std::span<Array<T>> buffers) const {
            Array<T> u = empty_array<T>(p.shape());
            const detail::Streams<T, 3> streams{
                p.storage().data(),
                g.storage().data(),
                {buffers[0].storage().data(), buffers[1].storage().data(), u.storage().data()}};
            std::fill_n(u.storage().data(), u.size(), T{0});
            detail::fused_pass(streams, p.size(), find_direction);
            const double length = detail::norm(p), step_length = detail::norm(u);
            const double ratio = length > 0 && step_length > 0 ? length / step_length : 1;
            detail::combine(p, 1, -lr * ratio, u);
        }
    };
};

template class OptimizerOf<float, LAMBOptions>;
template class OptimizerOf<double, LAMBOptions>;

}    // namespace xtape::optim
