#include <xtape/core/backward.hpp>
#include <xtape/core/error.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/nn/spectral_norm.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/batch_parts.hpp>
#include <xtape/ops/hyperbolic.hpp>
#include <xtape/ops/normalization.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/distributed/data_parallel.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <stdexcept>
#include <variant>
#include <vector>

#include "ranks.hpp"

using namespace ranks;

namespace {

struct Net : nn::Module<double> {
    nn::Linear<double> fc1{this, "fc1", 2, 8};
    nn::BatchNorm<double> norm1{this, "norm1", 8};
    nn::Linear<double> fc2{this, "fc2", 8, 6};
    nn::BatchNorm<double> norm2{this, "norm2", 6};
    nn::Linear<double> fc3{this, "fc3", 6, 2};
    Variable<double> forward(const Variable<double>& x) override { return fc3(tanh(norm2(fc2(tanh(norm1(fc1(x))))))); }
};

// 51 examples in batches of 16: the last one has 3, fewer than some numbers of ranks and shards, and a shard may have
// one example.
template <class Model = Net>
struct Run {
    Model net;
    DataLoader<double> batches{moons<double>({.count = 51, .seed = 1}), {.batch_size = 16, .shuffle = true, .seed = 2}};
    optim::SGD<double> optimizer{net.parameters(), {.lr = 0.05, .momentum = 0.9}};
    Trainer<double> trainer;

    explicit Run(Team<double>* team)
        : trainer(net, optimizer, classification<double>(), {.epochs = 4, .progress = Progress::none, .team = team}) {
        trainer.fit(batches);
    }
};

double largest_difference(const State& a, const State& b) {
    double largest = 0;
    for (const auto& [name, value] : a) {
        if (const auto* count = std::get_if<std::int64_t>(&value)) {
            BOOST_TEST(*count == b.get<std::int64_t>(name));
            continue;
        }
        const auto& x = std::get<Array<double>>(value).storage();
        const auto& y = b.get<Array<double>>(name).storage();
        for (std::size_t i = 0; i < x.size(); ++i) largest = std::max(largest, std::abs(x[i] - y[i]));
    }
    return largest;
}

struct Spectral : nn::Module<double> {
    nn::SpectralNorm<double> fc{this, "fc", std::make_unique<nn::Linear<double>>(2, 2)};
    Variable<double> forward(const Variable<double>& x) override { return fc(x); }
};

class OnePart final : public xtape::detail::BatchParts {
public:
    std::vector<std::vector<double>> gather(std::vector<double> mine) override { return {std::move(mine)}; }
    bool leads() const override { return true; }
};

}    // namespace

BOOST_AUTO_TEST_SUITE(sync_batch_norm)

BOOST_AUTO_TEST_CASE(a_run_is_that_of_one_process_with_whole_batches_within_rounding) {
    seed(3);
    Run<> alone(nullptr);
    for (const auto shards :
         {std::optional<std::size_t>(), std::optional<std::size_t>(1), std::optional<std::size_t>(5)}) {
        seed(3);
        DataParallel<double> parallel(here(), {.shards = shards, .sync_batch_norm = true});
        Run<> together(&parallel);
        BOOST_TEST(largest_difference(alone.net.state(), together.net.state()) < 1e-11);
    }
}

BOOST_AUTO_TEST_CASE(a_layer_whose_buffers_change_with_each_shard_is_refused_where_a_rank_has_several) {
    if (here().size() > 1) return;    // the other ranks would wait
    DataParallel<double> parallel(here(), {.shards = 3, .sync_batch_norm = true});
    BOOST_CHECK_THROW(Run<Spectral>{&parallel}, Error);
}

BOOST_AUTO_TEST_CASE(a_part_of_a_batch_has_no_second_derivative) {
    Variable<double> x(Array<double>{{1.0, 2.0}, {3.0, 5.0}}, requires_grad);
    const Variable<double> ones(Array<double>{1.0, 1.0}), zeros(Array<double>{0.0, 0.0});
    const auto whole = batch_norm(x, ones, zeros);
    const xtape::detail::BatchPartGuard guard(std::make_shared<OnePart>());
    const auto part = batch_norm(x, ones, zeros);
    BOOST_TEST(identical(share(part.value()), share(whole.value())));
    BOOST_CHECK_THROW(grad(sum(part * part * part), x, {.create_graph = true}), GradError);
}

BOOST_AUTO_TEST_SUITE_END()
