#include <xtape/optim/rprop.hpp>
#include <xtape/optim/rule.hpp>

#include <cmath>

namespace xtape::optim {

template <>
struct Rule<RpropOptions> {
    static constexpr const char* name = "Rprop";
    static constexpr Range shrinking{0, 1, true, true, "more than 0, and below 1"};
    static constexpr Range growing{1, detail::infinity, true, true, "more than 1, and finite"};

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("etas", o.etas, shrinking, growing);
        visit("step_sizes", o.step_sizes, not_negative, not_negative);
        visit("maximize", o.maximize);
        visit("non_finite", o.non_finite);
    }
    static void check(const RpropOptions& o) {
        if (o.step_sizes[0] > o.step_sizes[1])
            detail::refuse_option(name, "step_sizes[0]", detail::in_words(o.step_sizes[0]),
                                  "no more than step_sizes[1], which is " + detail::in_words(o.step_sizes[1]));
    }
    static Buffers buffers(const RpropOptions&) { return {"prev", "step_size"}; }
    static double initial(const RpropOptions&, double lr, std::size_t buffer) { return buffer == 1 ? lr : 0; }

    template <class T>
    struct Pass {
        using L = Lanes<T>;
        L shrink, grow, least, most;
        bool maximize;

        Pass(const RpropOptions& o, const StepInfo&)
            : shrink(o.etas[0]), grow(o.etas[1]), least(o.step_sizes[0]), most(o.step_sizes[1]), maximize(o.maximize) {}
        void operator()(L& p, const L& gradient, L& previous, L& size) const {
            L g = maximize ? -gradient : gradient;
            const L turn = g * previous;
            size = min(max(size * select(turn > 0, grow, select(turn < 0, shrink, L(1))), least), most);
            g = select(turn < 0, L(0), g);
            p -= sign(g) * size;
            previous = g;
        }
    };
};

template class OptimizerOf<float, RpropOptions>;
template class OptimizerOf<double, RpropOptions>;

}    // namespace xtape::optim
