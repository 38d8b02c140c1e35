#include <xtape/optim/adam.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

// What Adam and AdamW share.
template <class O, bool coupled>
struct AdamRule {
    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("betas", o.betas, below_one, below_one);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("amsgrad", o.amsgrad);
        visit("bias_correction", o.bias_correction);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const O& o) {
        Buffers names{"exp_avg", "exp_avg_sq"};
        if (o.amsgrad) names.add("max_exp_avg_sq");
        return names;
    }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L shrink, lr, rest1, beta2, rest2, correction, eps;

        Pass(const O& o, const StepInfo& now)
            : decay(o, coupled),
              shrink(coupled ? 1 : 1 - now.lr * o.weight_decay),
              lr(o.bias_correction ? now.lr / (1 - std::pow(o.betas[0], now.step)) : now.lr),
              rest1(1 - o.betas[0]),
              beta2(o.betas[1]),
              rest2(1 - o.betas[1]),
              correction(o.bias_correction ? std::sqrt(1 - std::pow(o.betas[1], now.step)) : 1),
              eps(o.eps) {}

        void operator()(L& p, const L& gradient, L& mean, L& square) const {
            follow(p, gradient, mean, square);
            p -= lr * mean / (sqrt(square) / correction + eps);
        }
        void operator()(L& p, const L& gradient, L& mean, L& square, L& largest) const {
            follow(p, gradient, mean, square);
            largest = max(largest, square);
            p -= lr * mean / (sqrt(largest) / correction + eps);
        }

    private:
        void follow(L& p, const L& gradient, L& mean, L& square) const {
            const L g = decay(p, gradient);
            if constexpr (!coupled) p *= shrink;
            mean += rest1 * (g - mean);
            square = beta2 * square + rest2 * g * g;
        }
    };
};

template <>
struct Rule<AdamOptions> : AdamRule<AdamOptions, true> {
    static constexpr const char* name = "Adam";
};
template <>
struct Rule<AdamWOptions> : AdamRule<AdamWOptions, false> {
    static constexpr const char* name = "AdamW";
};

template class OptimizerOf<float, AdamOptions>;
template class OptimizerOf<double, AdamOptions>;
template class OptimizerOf<float, AdamWOptions>;
template class OptimizerOf<double, AdamWOptions>;

}    // namespace xtape::optim
