#include <xtape/core/backward.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/distributed/data_parallel.hpp>
#include <xtape/train/distributed/detail/bfloat16.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

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

BOOST_AUTO_TEST_CASE(buckets_and_when_they_leave_do_not_change_the_bits) {
    for (const auto shards : {std::optional<std::size_t>(), std::optional<std::size_t>(5)}) {
        seed(3);
        DataParallel<double> parallel(here(), {.shards = shards});
        Run first(&parallel);
        for (const DataParallelOptions& options : {DataParallelOptions{.shards = shards, .bucket_bytes = 1},
                                                   {.shards = shards, .bucket_bytes = 100, .overlap = false},
                                                   {.shards = shards, .bucket_bytes = 100}}) {
            seed(3);
            DataParallel<double> other(here(), options);
            Run again(&other);
            BOOST_TEST(largest_difference(first.net.state(), again.net.state()) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_sum_as_bfloat16_is_rounded_within_its_bound_and_the_same_on_all_ranks) {
    seed(3);
    Net net;
    DataLoader<double> batches(moons<double>({.count = 40, .seed = 1}), {.batch_size = 40});
    auto gradient = [&](DataParallelOptions options) {
        DataParallel<double> parallel(here(), options);
        net.zero_grad();
        batches.restart();
        parallel.add_gradient(net, *batches.next(parallel.cut()),
                              [&](const Batch<double>& batch) { return classification<double>()(net, batch); }, {});
        return share(net.fc1.weight.grad());
    };
    Array<double> exact = gradient({}), rounded = gradient({.bfloat16 = true});
    // What the ranks' gradients are of at most, whatever their signs.
    Array<double> parts = exact;
    batches.restart();
    const Parts<double>& mine = *batches.next(DataParallel<double>(here()).cut());
    net.zero_grad();
    const Batch<double>& own = mine.shards.front();
    backward(classification<double>()(net, own).loss);
    const double weight = static_cast<double>(own.inputs.shape()[0]) / static_cast<double>(mine.examples);
    for (std::size_t i = 0; i < parts.size(); ++i)
        parts.storage()[i] = weight * std::abs(std::as_const(net.fc1.weight).grad().storage()[i]);
    here().sum(parts);
    double furthest = 0;
    for (std::size_t i = 0; i < exact.size(); ++i) {
        const double error = std::abs(rounded.storage()[i] - exact.storage()[i]);
        BOOST_TEST(error <= parts.storage()[i] / 256);
        furthest = std::max(furthest, error);
    }
    BOOST_TEST((furthest > 0) == (here().size() > 1));
    Array<double> roots = rounded;
    here().broadcast(roots);
    BOOST_TEST(identical(share(roots), share(rounded)));
}

BOOST_AUTO_TEST_CASE(numbers_become_the_nearest_bfloat16_and_of_two_the_even_one) {
    using train::detail::to_bfloat16;
    auto rounded = [](float x) { return train::detail::to_float(to_bfloat16(x)); };
    constexpr float infinity = std::numeric_limits<float>::infinity();
    BOOST_TEST(rounded(1.0F) == 1.0F);
    BOOST_TEST(rounded(1.0F + 1 / 256.0F) == 1.0F);                 // a tie
    BOOST_TEST(rounded(1.0F + 3 / 256.0F) == 1.0F + 4 / 256.0F);    // another
    BOOST_TEST(rounded(1.0F + 1.01F / 256.0F) == 1.0F + 2 / 256.0F);
    BOOST_TEST(rounded(-1.0F - 0.99F / 256.0F) == -1.0F);
    BOOST_TEST(rounded(std::numeric_limits<float>::max()) == infinity);
    BOOST_TEST(rounded(-infinity) == -infinity);
    BOOST_TEST(std::isnan(rounded(std::bit_cast<float>(0x7F800001))));    // all of whose bits lie below
    BOOST_TEST(std::signbit(rounded(-0.0F)));
}

BOOST_AUTO_TEST_CASE(options_that_do_not_go_together_are_refused) {
    BOOST_CHECK_THROW(DataParallel<double>(here(), {.shards = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(DataParallel<double>(here(), {.shards = 2, .bfloat16 = true}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
