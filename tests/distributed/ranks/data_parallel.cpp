#include <xtape/nn/linear.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/distributed/data_parallel.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "ranks.hpp"

using namespace ranks;

namespace {

struct Net : nn::Module<double> {
    nn::Linear<double> fc1{this, "fc1", 2, 8}, fc2{this, "fc2", 8, 2};
    Variable<double> forward(const Variable<double>& x) override { return fc2(tanh(fc1(x))); }
};

// 50 examples in batches of 16: the last one has 2, fewer than some numbers of ranks.
struct Run {
    Net net;
    DataLoader<double> batches{moons<double>({.count = 50, .seed = 1}), {.batch_size = 16, .shuffle = true, .seed = 2}};
    optim::SGD<double> optimizer{net.parameters(), {.lr = 0.1, .momentum = 0.9}};
    Trainer<double> trainer;

    explicit Run(Team<double>* team)
        : trainer(net, optimizer, classification<double>(),
                  {.epochs = 5, .clip_norm = 0.5, .accumulate = 2, .progress = Progress::none, .team = team}) {
        trainer.fit(batches);
    }
};

double largest_difference(const State& a, const State& b) {
    double largest = 0;
    for (const auto& [name, value] : a) {
        const auto& x = std::get<Array<double>>(value).storage();
        const auto& y = b.get<Array<double>>(name).storage();
        for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
    }
    return largest;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(data_parallel)

BOOST_AUTO_TEST_CASE(without_shards_a_run_is_that_of_one_process_within_rounding) {
    seed(3);
    Run alone(nullptr);
    seed(3);
    DataParallel<double> parallel(here());
    Run together(&parallel);
    const double difference = largest_difference(alone.net.state(), together.net.state());
    BOOST_TEST(difference < 1e-13);
    BOOST_TEST((here().size() > 1 || difference == 0));
    BOOST_TEST(std::abs(alone.trainer.history().last("train.loss") - together.trainer.history().last("train.loss")) <
               1e-13);
    BOOST_TEST(alone.trainer.history().last("train.accuracy") == together.trainer.history().last("train.accuracy"));
}

BOOST_AUTO_TEST_CASE(with_shards_a_run_is_that_of_one_process_within_rounding) {
    seed(3);
    Run alone(nullptr);
    for (std::size_t shards : {1u, 3u, 8u}) {
        seed(3);
        DataParallel<double> parallel(here(), {.shards = shards});
        Run together(&parallel);
        BOOST_TEST(largest_difference(alone.net.state(), together.net.state()) < 1e-13);
    }
}

BOOST_AUTO_TEST_CASE(all_ranks_begin_with_the_weights_of_the_first) {
    seed(3);
    DataParallel<double> parallel(here(), {.shards = 4});
    Run same(&parallel);
    seed(here().is_root() ? 3 : 100 + here().rank());
    Run other(&parallel);
    BOOST_TEST(largest_difference(same.net.state(), other.net.state()) == 0);
}

BOOST_AUTO_TEST_CASE(no_shards_are_refused) {
    BOOST_CHECK_THROW(DataParallel<double>(here(), {.shards = 0}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
