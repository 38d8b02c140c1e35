#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<AdagradOptions> {
    static constexpr const char* name = "Adagrad";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("lr_decay", o.lr_decay, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("initial_accumulator_value", o.initial_accumulator_value, not_negative);
        visit("eps", o.eps, not_negative);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const AdagradOptions&) { return {"sum"}; }
    static double initial(const AdagradOptions& o, double, std::size_t) { return o.initial_accumulator_value; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L lr, eps;

        Pass(const AdagradOptions& o, const StepInfo& now)
            : decay(o), lr(now.lr / (1 + static_cast<double>(now.step - 1) * o.lr_decay)), eps(o.eps) {}
        void operator()(L& p, const L& gradient, L& sum) const {
            const L g = decay(p, gradient);
            sum += g * g;
            p -= lr * g / (sqrt(sum) + eps);
        }
    };
};

template class OptimizerOf<float, AdagradOptions>;
template class OptimizerOf<double, AdagradOptions>;

}    // namespace xtape::optim
