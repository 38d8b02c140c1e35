#include <boost/test/unit_test.hpp>

#include <cmath>
#include <optional>
#include <stdexcept>
#include <vector>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(averaging)

namespace {

struct Normed : nn::Module<double> {
    nn::Linear<double> fc1{this, "fc1", 2, 8};
    nn::BatchNorm<double> norm{this, "norm", 8};
    nn::Linear<double> fc2{this, "fc2", 8, 3};
    Variable<double> forward(const Variable<double>& x) override { return fc2(relu(norm(fc1(x)))); }
};

struct SwaRun {
    Dataset<double> data = spirals<double>({.per_class = 20, .seed = 5});
    DataLoader<double> batches{data, {.batch_size = 20, .shuffle = true, .seed = 1}};
    DataLoader<double> validation{data, {.batch_size = 60}};
    Normed net;
    optim::SGD<double> optimizer{net.parameters(), {.lr = 0.1}};
    Trainer<double> trainer;

    explicit SwaRun(std::optional<std::size_t> from, std::int64_t max_steps = 0)
        : trainer(net, optimizer, classification<double>(),
                  {.epochs = 6, .max_steps = max_steps, .swa_from = from, .progress = Progress::none}) {}
};

}    // namespace

BOOST_AUTO_TEST_CASE(swa_gives_the_mean_of_the_weights_after_its_epochs) {
    seed(1);
    SwaRun plain({});
    std::vector<Array<double>> weights;
    plain.trainer.add<Call>({.after_epoch = [&](Training& training) {
        if (training.epoch() >= 4) weights.push_back(Array<double>(plain.net.fc2.weight.value()));
    }});
    plain.trainer.fit(plain.batches, plain.validation);
    seed(1);
    SwaRun run(4);
    run.trainer.fit(run.batches, run.validation);
    BOOST_TEST(weights.size() == 3u);
    for (std::size_t i = 0; i < weights[0].size(); ++i) {
        const double mean = (weights[0].storage()[i] + weights[1].storage()[i] + weights[2].storage()[i]) / 3;
        BOOST_TEST(run.net.fc2.weight.value().storage()[i] == mean, boost::test_tools::tolerance(1e-12));
    }
    // Training itself goes on from the weights that it had, and they are validated from the fourth epoch on.
    const auto &a = plain.trainer.history(), &b = run.trainer.history();
    BOOST_TEST(a.values("train.loss") == b.values("train.loss"), boost::test_tools::per_element());
    BOOST_TEST(a.values("validation.loss")[2] == b.values("validation.loss")[2]);
    BOOST_TEST(a.values("validation.loss")[5] != b.values("validation.loss")[5]);
    BOOST_TEST(run.trainer.evaluate(run.validation)[0].second == b.last("validation.loss"),
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(running_statistics_are_those_of_the_averaged_weights) {
    seed(1);
    SwaRun run(4);
    run.trainer.fit(run.batches, run.validation);
    // Of each batch that the loader gives, and not of the batches that training has seen.
    const Array<double> outputs = run.net.fc1(Variable<double>(run.data.inputs())).value();
    for (std::size_t c = 0; c < 8; ++c) {
        double mean = 0;
        for (std::size_t i = 0; i < 60; ++i) mean += outputs(i, c) / 60;
        BOOST_TEST(run.net.norm.running_mean.value()(c) == mean, boost::test_tools::tolerance(1e-10));
    }
}

BOOST_AUTO_TEST_CASE(an_interrupted_swa_run_ends_in_the_same_bits) {
    Folder folder;
    seed(1);
    SwaRun whole(3);
    whole.trainer.fit(whole.batches, whole.validation);
    for (std::int64_t stop : {5, 9, 10, 15, 17}) {
        seed(1);
        SwaRun part(3, stop);
        part.trainer.add<Checkpointing>({.path = folder / "swa.h5"});
        part.trainer.fit(part.batches, part.validation);
        seed(7);
        SwaRun resumed(3);
        resumed.trainer.add<Checkpointing>({.path = folder / "swa.h5"});
        BOOST_TEST(resumed.trainer.resume(folder / "swa.h5"));
        resumed.trainer.fit(resumed.batches, resumed.validation);
        check_same(whole, resumed);
    }
}

BOOST_AUTO_TEST_CASE(there_is_one_average) {
    Scripted run;
    BOOST_CHECK_THROW(Trainer<double>(run.model, run.optimizer, run.objective,
                                      {.ema = optim::EMAOptions{}, .swa_from = std::size_t{1}}),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
