// Optimizers that look at a whole parameter, against trajectories made elsewhere.
#include <xtape/core/error.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/optim/lamb.hpp>
#include <xtape/optim/muon.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using namespace xtape;
using namespace xtape::optim;

namespace {

// sin(1 + 3 i + 7 j); the loss is |p - target|^2, where target is twice that with its rows moved down by one.
template <class T>
struct Descent {
    Variable<T> p;
    Array<T> target;

    Descent(std::size_t rows, std::size_t columns)
        : p(empty_array<T>({rows, columns}), requires_grad), target(empty_array<T>({rows, columns})) {
        Array<T> start = empty_array<T>({rows, columns});
        for (std::size_t i = 0; i < rows; ++i)
            for (std::size_t j = 0; j < columns; ++j) {
                start(i, j) = static_cast<T>(std::sin(1 + 3 * double(i) + 7 * double(j)));
                target((i + 1) % rows, j) = 2 * start(i, j);
            }
        p.set_value(std::move(start));
    }
    void set_gradient() { p.set_grad(Array<T>(2 * (p.value() - target))); }
};

template <class T>
double distance(const Array<T>& got, const std::vector<double>& wanted) {
    double largest = got.size() == wanted.size() ? 0 : 1;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        largest = std::max(largest, std::abs(double(got.storage()[i]) - wanted[i]));
    return largest;
}

template <class T>
double muon_distance(std::size_t rows, std::size_t columns, const MuonOptions& options,
                     const std::vector<double>& wanted) {
    Descent<T> descent(rows, columns);
    Muon<T> muon({descent.p}, options);
    for (int step = 0; step < 20; ++step) {
        descent.set_gradient();
        muon.step();
    }
    return distance(descent.p.value(), wanted);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(whole_arrays)

// From torch.optim.Muon 2.9.1 with its iteration in float64 instead of bfloat16.
BOOST_AUTO_TEST_CASE(muon_follows_pytorch) {
    const std::vector<double> wide{0.5520820455473062,  0.571279247786485,   0.3092953799842523,
                                   -0.3778528228623968, -0.5863189540093564, -0.506201539521326};
    BOOST_TEST(muon_distance<double>(2, 3, {.lr = 0.05}, wide) < 1e-12);
    BOOST_TEST(muon_distance<float>(2, 3, {.lr = 0.05}, wide) < 1e-5);
    BOOST_TEST(muon_distance<double>(
                   4, 2, {.lr = 0.05, .weight_decay = 0.3, .momentum = 0.7, .nesterov = false},
                   {0.4963600896828414, 0.3170841227822421, -0.10926136832800934, -0.5027302329799663,
                    0.20134836419862903, 0.39844847973425546, -0.28940537119082665, -0.2861917774575664}) < 1e-12);
    BOOST_TEST(
        muon_distance<double>(
            3, 2,
            {.lr = 0.02, .ns_coefficients = {2.0, -1.5, 0.5}, .ns_steps = 3, .adjust_lr = AdjustLR::match_rms_adamw},
            {0.7923520296832951, 0.9970868555300427, -0.6484289211373211, -0.8998620373258865, 0.5871222657395428,
             0.8693657611414317}) < 1e-12);
}

BOOST_AUTO_TEST_CASE(muon_refuses_what_is_no_matrix) {
    Variable<float> matrix(Array<float>(Shape{2, 2}, 1.0F), requires_grad);
    Variable<float> bias(Array<float>(Shape{2}, 1.0F), requires_grad);
    Muon<float> muon({matrix});
    BOOST_CHECK_EXCEPTION(muon.add_group(Parameters<float>{{"fc.bias", bias}}), std::invalid_argument,
                          [](const std::exception& error) {
                              return std::string(error.what()) ==
                                     "[Muon] got the parameter 'fc.bias' of the shape (2,); wanted matrices only: "
                                     "give the others to AdamW";
                          });
    BOOST_TEST(muon.groups() == 1U);
    BOOST_CHECK_THROW(Muon<float>({matrix}, {.ns_steps = 100}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(muon_of_nothing_and_of_zeros_changes_nothing) {
    Variable<double> none(Array<double>(Shape{0, 3}, 0.0), requires_grad);
    Variable<double> still(Array<double>(Shape{2, 3}, 1.0), requires_grad);
    Muon<double> muon({none, still}, {.weight_decay = 0});
    none.set_grad(Array<double>(Shape{0, 3}, 0.0));
    still.set_grad(Array<double>(Shape{2, 3}, 0.0));
    muon.step();
    BOOST_TEST(distance(still.value(), std::vector<double>(6, 1.0)) == 0);
}

BOOST_AUTO_TEST_CASE(the_bits_of_muon_and_lamb_do_not_depend_on_threads) {
    const int before = get_num_threads();
    auto walk = [](int threads) {
        set_num_threads(threads);
        Descent<float> a(300, 200), b(300, 200);
        Muon<float> muon({a.p});
        LAMB<float> lamb({b.p});
        for (int step = 0; step < 3; ++step) {
            a.set_gradient();
            b.set_gradient();
            muon.step();
            lamb.step();
        }
        return std::pair(share(a.p.value()), share(b.p.value()));
    };
    const auto one = walk(1), two = walk(2);
    set_num_threads(before);
    BOOST_TEST(identical(one.first, two.first));
    BOOST_TEST(identical(one.second, two.second));
}

// From the algorithm written down in NumPy; the second parameter begins at 0, where the ratio of lengths is 1.
BOOST_AUTO_TEST_CASE(lamb_follows_its_paper) {
    auto walk = [](const LAMBOptions& options, const std::vector<double>& first, const std::vector<double>& second) {
        Descent<double> descent(2, 3);
        Variable<double> other(Array<double>{0.0, 0.0}, requires_grad);
        LAMB<double> lamb({descent.p, other}, options);
        for (int step = 0; step < 20; ++step) {
            descent.set_gradient();
            other.set_grad(Array<double>(2 * (other.value() - Array<double>{1.0, -2.0})));
            lamb.step();
        }
        BOOST_TEST(distance(descent.p.value(), first) < 1e-12);
        BOOST_TEST(distance(other.value(), second) < 1e-12);
    };
    walk({.lr = 0.05},
         {0.2968947904172617, 0.44209561609675296, 0.10761918983542978, -0.21236531174478251, -0.4526942631917049,
          -0.20829044697082005},
         {0.12618848077889205, -0.1265059678136879});
    walk({.lr = 0.03, .betas = {0.8, 0.99}, .eps = 1e-3, .weight_decay = 0, .bias_correction = false},
         {0.456205388438175, 0.6024482175673811, 0.26576991457821364, -0.3712642603278995, -0.6131016239118133,
          -0.36690033240158626},
         {0.10460620939371072, -0.1050283169648473});
}

BOOST_AUTO_TEST_CASE(lamb_goes_uphill_to_maximize) {
    Variable<double> up(Array<double>{3.0, 4.0}, requires_grad), down(Array<double>{3.0, 4.0}, requires_grad);
    LAMB<double> climbs({up}, {.weight_decay = 0, .maximize = true}), descends({down}, {.weight_decay = 0});
    up.set_grad(Array<double>{1.0, -2.0});
    down.set_grad(Array<double>{-1.0, 2.0});
    climbs.step();
    descends.step();
    BOOST_TEST(identical(up.value(), down.value()));
    BOOST_TEST(up.value()(0) > 3.0);
}

BOOST_AUTO_TEST_SUITE_END()
