#include <xtape/optim/rmsprop.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<RMSpropOptions> {
    static constexpr const char* name = "RMSprop";

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("alpha", o.alpha, fraction);
        visit("eps", o.eps, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("momentum", o.momentum, not_negative);
        visit("centered", o.centered);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const RMSpropOptions& o) {
        Buffers names{"square_avg"};
        if (o.centered) names.add("grad_avg");
        if (o.momentum != 0) names.add("momentum_buffer");
        return names;
    }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        Decay<T> decay;
        L lr, alpha, rest, eps, momentum;
        bool centered;

        Pass(const RMSpropOptions& o, const StepInfo& now)
            : decay(o),
              lr(now.lr),
              alpha(o.alpha),
              rest(1 - o.alpha),
              eps(o.eps),
              momentum(o.momentum),
              centered(o.centered) {}

        void operator()(L& p, const L& gradient, L& square) const {
            const L g = decay(p, gradient);
            square = alpha * square + rest * g * g;
            p -= lr * g / (sqrt(square) + eps);
        }
        void operator()(L& p, const L& gradient, L& square, L& second) const {
            const L g = decay(p, gradient);
            square = alpha * square + rest * g * g;
            if (centered)
                p -= lr * g / spread(square, second, g);
            else
                with_momentum(p, second, g / (sqrt(square) + eps));
        }
        void operator()(L& p, const L& gradient, L& square, L& mean, L& buffer) const {
            const L g = decay(p, gradient);
            square = alpha * square + rest * g * g;
            with_momentum(p, buffer, g / spread(square, mean, g));
        }

    private:
        L spread(const L& square, L& mean, const L& g) const {
            mean += rest * (g - mean);
            return sqrt(square - mean * mean) + eps;
        }
        void with_momentum(L& p, L& buffer, const L& scaled) const {
            buffer = momentum * buffer + scaled;
            p -= lr * buffer;
        }
    };
};

template class OptimizerOf<float, RMSpropOptions>;
template class OptimizerOf<double, RMSpropOptions>;

}    // namespace xtape::optim
