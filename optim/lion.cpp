#include <xtape/optim/lion.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<LionOptions> {
    static constexpr const char* name = "Lion";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("betas", o.betas, fraction, fraction);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const LionOptions&) { return {"exp_avg"}; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L shrink, lr, beta1, rest1, beta2, rest2;

        Pass(const LionOptions& o, const StepInfo& now)
            : decay(o, false),
              shrink(1 - now.lr * o.weight_decay),
              lr(now.lr),
              beta1(o.betas[0]),
              rest1(1 - o.betas[0]),
              beta2(o.betas[1]),
              rest2(1 - o.betas[1]) {}
        void operator()(L& p, const L& gradient, L& mean) const {
            const L g = decay(p, gradient);
            p *= shrink;
            p -= lr * sign(beta1 * mean + rest1 * g);
            mean = beta2 * mean + rest2 * g;
        }
    };
};

template class OptimizerOf<float, LionOptions>;
template class OptimizerOf<double, LionOptions>;

}    // namespace xtape::optim
