#include <xtape/optim/average.hpp>
#include <xtape/optim/sgd.hpp>

#include <cmath>
#include <stdexcept>

#include "problems.hpp"

using namespace xtape;
using namespace xtape::optim;

BOOST_AUTO_TEST_SUITE(average)

static Variable<double> filled(double value) {
    return Variable<double>(Array<double>(Shape{19}, value), requires_grad);
}

BOOST_AUTO_TEST_CASE(ema_forgets_exponentially) {
    auto p = filled(1);
    EMA<double> ema({p}, {.decay = 0.75});
    ema.update();
    for (double value : {3.0, 5.0}) {
        p.set_value(Array<double>(Shape{19}, value));
        ema.update();
    }
    BOOST_TEST(ema.values()[0](18) == 0.75 * (0.75 * 1 + 0.25 * 3) + 0.25 * 5);
    BOOST_TEST(ema.updates() == 3);
    BOOST_CHECK_THROW(EMA<double>({p}, {.decay = 1.5}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_warm_ema_follows_closely_at_first) {
    auto p = filled(1);
    EMA<double> ema({p}, {.decay = 0.5, .warmup = true});
    ema.update();
    double expected = 1;
    for (int n = 1; n < 20; ++n) {
        p.set_value(Array<double>(Shape{19}, double(n)));
        ema.update();
        const double decay = std::min(0.5, (1.0 + n) / (10.0 + n));
        expected = decay * expected + (1 - decay) * n;
        BOOST_TEST(std::abs(ema.values()[0](3) - expected) <= 1e-14 * n);
    }
}

BOOST_AUTO_TEST_CASE(swa_is_the_mean) {
    auto p = filled(0);
    SWA<double> swa({p});
    for (double value : {1.0, 2.0, 6.0, 7.0}) {
        p.set_value(Array<double>(Shape{19}, value));
        swa.update();
    }
    BOOST_TEST(swa.values()[0](0) == 4);
}

BOOST_AUTO_TEST_CASE(parameters_take_the_average_on_for_a_while_or_for_good) {
    auto p = filled(1);
    SWA<double> swa({p});
    swa.update();
    p.set_value(Array<double>(Shape{19}, 3.0));
    swa.update();
    {
        auto applied = swa.apply();
        BOOST_TEST(p.value()(7) == 2);
    }
    BOOST_TEST(p.value()(7) == 3);
    swa.copy_to_parameters();
    BOOST_TEST(p.value()(7) == 2);
    p.set_grad(Array<double>(Shape{19}, 1.0));
    SGD<double>({p}, {.lr = 1}).step();
    BOOST_TEST(swa.values()[0](7) == 2);    // a step changes the parameter, not the average
}

BOOST_AUTO_TEST_SUITE_END()
