#include <xtape/optim/adadelta.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<AdadeltaOptions> {
    static constexpr const char* name = "Adadelta";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("rho", o.rho, fraction);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const AdadeltaOptions&) { return {"square_avg", "acc_delta"}; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L lr, rho, rest, eps;

        Pass(const AdadeltaOptions& o, const StepInfo& now)
            : decay(o), lr(now.lr), rho(o.rho), rest(1 - o.rho), eps(o.eps) {}
        void operator()(L& p, const L& gradient, L& square, L& accumulated) const {
            const L g = decay(p, gradient);
            square = rho * square + rest * g * g;
            const L delta = sqrt(accumulated + eps) / sqrt(square + eps) * g;
            accumulated = rho * accumulated + rest * delta * delta;
            p -= lr * delta;
        }
    };
};

template class OptimizerOf<float, AdadeltaOptions>;
template class OptimizerOf<double, AdadeltaOptions>;

}    // namespace xtape::optim
