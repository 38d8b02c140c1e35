#include <xtape/optim/adamax.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<AdamaxOptions> {
    static constexpr const char* name = "Adamax";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("betas", o.betas, below_one, below_one);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const AdamaxOptions&) { return {"exp_avg", "exp_inf"}; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L lr, rest1, beta2, eps;

        Pass(const AdamaxOptions& o, const StepInfo& now)
            : decay(o),
              lr(now.lr / (1 - std::pow(o.betas[0], now.step))),
              rest1(1 - o.betas[0]),
              beta2(o.betas[1]),
              eps(o.eps) {}
        void operator()(L& p, const L& gradient, L& mean, L& largest) const {
            const L g = decay(p, gradient);
            mean += rest1 * (g - mean);
            largest = max(beta2 * largest, abs(g) + eps);
            p -= lr * mean / largest;
        }
    };
};

template class OptimizerOf<float, AdamaxOptions>;
template class OptimizerOf<double, AdamaxOptions>;

}    // namespace xtape::optim
