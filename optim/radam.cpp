#include <xtape/optim/radam.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<RAdamOptions> {
    static constexpr const char* name = "RAdam";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("betas", o.betas, below_one, below_one);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("decoupled_weight_decay", o.decoupled_weight_decay);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const RAdamOptions&) { return {"exp_avg", "exp_avg_sq"}; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L shrink, rest1, beta2, rest2, eps, lr;
        bool adaptive;

        Pass(const RAdamOptions& o, const StepInfo& now)
            : decay(o, !o.decoupled_weight_decay),
              shrink(o.decoupled_weight_decay ? 1 - now.lr * o.weight_decay : 1),
              rest1(1 - o.betas[0]),
              beta2(o.betas[1]),
              rest2(1 - o.betas[1]),
              eps(o.eps) {
            const double power = std::pow(o.betas[1], now.step), correction = 1 - power;
            const double longest = 2 / (1 - o.betas[1]) - 1;
            const double length = longest - 2 * static_cast<double>(now.step) * power / correction;
            double scale = now.lr / (1 - std::pow(o.betas[0], now.step));
            adaptive = length > 5;
            if (adaptive)
                scale *= std::sqrt(correction) *
                         std::sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
            lr = scale;
        }
        void operator()(L& p, const L& gradient, L& mean, L& square) const {
            const L g = decay(p, gradient);
            p *= shrink;
            mean += rest1 * (g - mean);
            square = beta2 * square + rest2 * g * g;
            p -= adaptive ? lr * mean / (sqrt(square) + eps) : lr * mean;
        }
    };
};

template class OptimizerOf<float, RAdamOptions>;
template class OptimizerOf<double, RAdamOptions>;

}    // namespace xtape::optim
