#include <xtape/optim/rule.hpp>
#include <xtape/optim/sgd.hpp>

namespace xtape::optim {

template <>
struct Rule<SGDOptions> {
    static constexpr const char* name = "SGD";
    static constexpr bool step_is_age_of_buffers = true;    // it only says whether there is a momentum yet

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("momentum", o.momentum, not_negative);
        visit("dampening", o.dampening, finite);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("nesterov", o.nesterov);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static void check(const SGDOptions& o) {
        if (!o.nesterov) return;
        if (o.momentum == 0) detail::refuse_option(name, "momentum", "0", "more than 0, for nesterov is set");
        if (o.dampening != 0)
            detail::refuse_option(name, "dampening", detail::in_words(o.dampening), "0, for nesterov is set");
    }
    static Buffers buffers(const SGDOptions& o) { return o.momentum == 0 ? Buffers{} : Buffers{"momentum_buffer"}; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L lr, momentum, keep;
        bool nesterov;

        Pass(const SGDOptions& o, const StepInfo& now)
            : decay(o),
              lr(now.lr),
              momentum(o.momentum),
              keep(now.step == 1 ? 1 : 1 - o.dampening),
              nesterov(o.nesterov) {}
        void operator()(L& p, const L& gradient) const { p -= lr * decay(p, gradient); }
        void operator()(L& p, const L& gradient, L& buffer) const {
            const L g = decay(p, gradient);
            buffer = momentum * buffer + keep * g;
            p -= lr * (nesterov ? g + momentum * buffer : buffer);
        }
    };
};

template class OptimizerOf<float, SGDOptions>;
template class OptimizerOf<double, SGDOptions>;

}    // namespace xtape::optim
