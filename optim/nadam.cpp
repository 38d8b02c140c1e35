#include <xtape/optim/nadam.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<NAdamOptions> {
    static constexpr const char* name = "NAdam";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("betas", o.betas, below_one, below_one);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("momentum_decay", o.momentum_decay, not_negative);
        visit("decoupled_weight_decay", o.decoupled_weight_decay);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const NAdamOptions&) { return {"exp_avg", "exp_avg_sq"}; }

    static double momentum(const NAdamOptions& o, std::int64_t step) {
        return o.betas[0] * (1 - 0.5 * std::pow(0.96, static_cast<double>(step) * o.momentum_decay));
    }
    static constexpr std::array<Number, 1> numbers{{{"mu_product", 1}}};    // mu(1) ... mu(step)
    static void advance(const NAdamOptions& o, std::int64_t step, std::span<double> product) {
        product[0] *= momentum(o, step);
    }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L shrink, rest1, beta2, rest2, correction, eps, gradient_rate, mean_rate;

        Pass(const NAdamOptions& o, const StepInfo& now)
            : decay(o, !o.decoupled_weight_decay),
              shrink(o.decoupled_weight_decay ? 1 - now.lr * o.weight_decay : 1),
              rest1(1 - o.betas[0]),
              beta2(o.betas[1]),
              rest2(1 - o.betas[1]),
              correction(1 - std::pow(o.betas[1], now.step)),
              eps(o.eps),
              gradient_rate(now.lr * (1 - momentum(o, now.step)) / (1 - now.numbers[0])),
              mean_rate(now.lr * momentum(o, now.step + 1) / (1 - now.numbers[0] * momentum(o, now.step + 1))) {}

        void operator()(L& p, const L& gradient, L& mean, L& square) const {
            const L g = decay(p, gradient);
            p *= shrink;
            mean += rest1 * (g - mean);
            square = beta2 * square + rest2 * g * g;
            const L scale = sqrt(square / correction) + eps;
            p -= gradient_rate * g / scale;
            p -= mean_rate * mean / scale;
        }
    };
};

template class OptimizerOf<float, NAdamOptions>;
template class OptimizerOf<double, NAdamOptions>;

}    // namespace xtape::optim
