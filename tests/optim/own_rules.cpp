// Optimizers that a user writes: element by element, and with matrices of their own (Shampoo).
#include <xtape/core/error.hpp>
#include <xtape/optim/rule.hpp>

#include <boost/test/unit_test.hpp>
#include <xtensor-blas/xlinalg.hpp>
#include <xtensor/xview.hpp>

#include <cmath>
#include <string>
#include <utility>

using namespace xtape;

namespace {

struct SignumOptions {
    double lr = 1e-3;
    double momentum = 0.9;
    NonFinite non_finite = NonFinite::let_through;
};

// Gupta, Koren and Singer 2018, for matrices.
struct ShampooOptions {
    double lr = 0.1;
    double eps = 1e-4;
};

}    // namespace

template <>
struct xtape::optim::Rule<SignumOptions> {
    static constexpr const char* name = "Signum";
    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("momentum", o.momentum, below_one);
        visit("non_finite", o.non_finite);
    }
    static Buffers buffers(const SignumOptions&) { return {"momentum_buffer"}; }
    template <class T>
    struct Pass {
        Lanes<T> lr, momentum;
        Pass(const SignumOptions& o, const StepInfo& now) : lr(now.lr), momentum(o.momentum) {}
        void operator()(Lanes<T>& p, const Lanes<T>& g, Lanes<T>& m) const {
            m = momentum * m + (1 - momentum) * g;
            p -= lr * sign(m);
        }
    };
};

template <>
struct xtape::optim::Rule<ShampooOptions> {
    static constexpr const char* name = "Shampoo";
    static constexpr std::array<Number, 1> numbers{{{"longest_step", 0.5}}};

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("eps", o.eps, positive);
    }
    static void advance(const ShampooOptions&, std::int64_t, std::span<double> longest) { longest[0] *= 2; }
    static Buffers buffers(const ShampooOptions&) { return {"left", "right"}; }
    static Shape buffer_shape(const ShampooOptions&, const Shape& parameter, std::size_t buffer) {
        return {parameter[buffer], parameter[buffer]};
    }
    template <class T>
    struct Whole {
        double lr, eps;
        Whole(const ShampooOptions& o, const StepInfo& now) : lr(now.lr), eps(o.eps) {}
        static xt::xarray<T> inverse_fourth_root(const xt::xarray<T>& a) {
            auto [values, vectors] = xt::linalg::eigh(a);
            xt::xarray<T> scaled = vectors;
            for (std::size_t i = 0; i < scaled.shape()[0]; ++i)
                for (std::size_t j = 0; j < scaled.shape()[1]; ++j) scaled(i, j) /= std::sqrt(std::sqrt(values(j)));
            return xt::linalg::dot(scaled, xt::transpose(vectors));
        }
        void operator()(Array<T>& p, const Array<T>& g, std::span<Array<T>> buffers) const {
            buffers[0] = Array<T>(buffers[0] + xt::linalg::dot(g, xt::transpose(g)));
            buffers[1] = Array<T>(buffers[1] + xt::linalg::dot(xt::transpose(g), g));
            xt::xarray<T> left = buffers[0] + eps * xt::eye<T>(g.shape()[0]);
            xt::xarray<T> right = buffers[1] + eps * xt::eye<T>(g.shape()[1]);
            p = Array<T>(
                p - lr * xt::linalg::dot(xt::linalg::dot(inverse_fourth_root(left), g), inverse_fourth_root(right)));
        }
    };
};

namespace {

using Signum = optim::OptimizerOf<double, SignumOptions>;
using Shampoo = optim::OptimizerOf<double, ShampooOptions>;

}    // namespace

BOOST_AUTO_TEST_SUITE(own_rules)

BOOST_AUTO_TEST_CASE(a_rule_of_ten_lines_has_groups_schedules_state_and_policies) {
    Variable<double> p(Array<double>{1.0, -1.0, 2.0}, requires_grad), q(Array<double>{5.0}, requires_grad);
    Signum signum({p}, {.lr = 0.5, .non_finite = NonFinite::skip});
    signum.add_group({q}, {.lr = 0.25});
    signum.set_schedule(optim::step_decay({.every = 1, .factor = 0.5}));
    p.set_grad(Array<double>{3.0, -0.1, 0.0});
    q.set_grad(Array<double>{-1.0});
    signum.step();
    BOOST_TEST(identical(p.value(), Array<double>{0.5, -0.5, 2.0}));
    BOOST_TEST(identical(q.value(), Array<double>{5.25}));
    signum.step();
    BOOST_TEST(identical(p.value(), Array<double>{0.25, -0.25, 2.0}));

    p.set_grad(Array<double>{3.0, std::nan(""), 0.0});
    signum.step();
    BOOST_TEST(signum.skipped_steps() == 1);

    const State state = signum.state();
    BOOST_TEST(state.get<double>("groups.0.momentum") == 0.9);
    BOOST_TEST(std::abs(state.get<Array<double>>("parameters.0.momentum_buffer")(0) - 0.57) < 1e-12);
    Variable<double> p2(share(p.value()), requires_grad), q2(share(q.value()), requires_grad);
    Signum resumed({p2});
    resumed.add_group({q2});
    resumed.set_schedule(optim::step_decay({.every = 1, .factor = 0.5}));
    resumed.load_state(state);
    BOOST_TEST(resumed.lr() == signum.lr());
    BOOST_TEST(resumed.lr() == 0.0625);
    BOOST_CHECK_THROW(Signum({p}, {.momentum = 1}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_rule_may_keep_matrices_and_numbers) {
    Array<double> g{{1.0, 2.0, 0.5}, {-1.0, 0.3, 0.7}};
    Variable<double> p(Array<double>(Shape{2, 3}, 0.0), requires_grad);
    Shampoo shampoo({p}, {.lr = 1, .eps = 1e-12});
    p.set_grad(share(g));
    shampoo.step();
    // One step without damping is the orthogonal factor: (g g^T)^(-1/4) g (g^T g)^(-1/4) = U V^T.
    xt::xarray<double> square = xt::linalg::dot(p.value(), xt::transpose(p.value()));
    BOOST_TEST((xt::allclose(square, xt::eye<double>(2), 0, 1e-3)));
    const State state = shampoo.state();
    BOOST_TEST((state.get<Array<double>>("parameters.0.left").shape() == Shape{2, 2}));
    BOOST_TEST((state.get<Array<double>>("parameters.0.right").shape() == Shape{3, 3}));
    BOOST_TEST(state.get<double>("parameters.0.longest_step") == 1.0);

    Variable<double> p2(share(p.value()), requires_grad);
    Shampoo resumed({p2});
    BOOST_TEST(compare_layout(resumed.state(), state).empty());
    resumed.load_state(state);
    p2.set_grad(share(g));
    resumed.step();
    shampoo.step();
    BOOST_TEST(identical(p.value(), p2.value()));
}

BOOST_AUTO_TEST_SUITE_END()
