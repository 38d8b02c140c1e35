// Small runs that the tests of the loop share.
#pragma once

#include <xtape/nn/dropout.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/nn/normalization.hpp>
#include <xtape/nn/penalty.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/split.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/loop/checkpointing.hpp>
#include <xtape/train/loop/early_stopping.hpp>
#include <xtape/train/loop/logs.hpp>
#include <xtape/train/loop/trainer.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace runs {

using namespace xtape;
using namespace xtape::train;

namespace fs = std::filesystem;

struct Folder {
    fs::path path = fs::temp_directory_path() / ("xtape_runs_" + std::to_string(::getpid()));
    Folder() { fs::create_directories(path); }
    ~Folder() { fs::remove_all(path); }
    fs::path operator/(const char* name) const { return path / name; }
};

template <class T>
struct Net : nn::Module<T> {
    nn::Linear<T> fc1{this, "fc1", 2, 16};
    nn::BatchNorm<T> norm{this, "norm", 16};
    nn::Dropout<T> dropout{this, "dropout", 0.1};
    nn::Linear<T> fc2{this, "fc2", 16, 3};
    Variable<T> forward(const Variable<T>& x) override { return fc2(dropout(relu(norm(fc1(x))))); }
};

inline void add_noise(Array<float>& x, Stream& stream) {
    const Array<float> noise = stream.normal<float>(x.shape(), 0, 0.01);
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] += noise.storage()[i];
}

// A run with everything that has a state.
struct Run {
    Dataset<float> data = spirals<float>({.per_class = 40, .seed = 5});
    Split<float> parts = split(data, {.validation = 0.25, .stratified = true, .seed = 6});
    DataLoader<float> batches;
    DataLoader<float> validation{parts.validation, {.batch_size = 30}};
    Net<float> net;
    optim::AdamW<float> optimizer{net.parameters(), {.lr = 1e-2}};
    Trainer<float> trainer;

    explicit Run(const fs::path& checkpoint, std::int64_t max_steps = 0, const fs::path& log = {})
        : batches(parts.train, {.batch_size = 16, .shuffle = true, .prefetch = true}, add_noise),
          trainer(net, optimizer, classification<float>({top_k<float>(2), precision_recall<float>(), auc<float>()}),
                  {.epochs = 8,
                   .max_steps = max_steps,
                   .schedule = optim::cosine({.steps = 48}),
                   .plateau = optim::PlateauOptions{.patience = 1},
                   .penalty = [this] { return 1e-3F * nn::l2_penalty(net.named_parameters()); },
                   .clip_norm = 1.0,
                   .accumulate = 2,
                   .ema = optim::EMAOptions{.decay = 0.9},
                   .progress = Progress::none}) {
        trainer.add<EarlyStopping>({.patience = 3, .restore_best = true});
        trainer.add<Checkpointing>({.path = checkpoint, .every_steps = 1});
        if (!log.empty()) trainer.add<JsonlLog>({.path = log});
    }
    void fit() { trainer.fit(batches, validation); }
};

template <class R>
void check_same(R& a, R& b) {
    for (const auto& [name, value] : a.net.state()) BOOST_TEST(identical(value, b.net.state().at(name)), name);
    const State history = b.trainer.history().state();
    for (const auto& [name, value] : a.trainer.history().state()) BOOST_TEST(identical(value, history.at(name)), name);
}

inline std::string text(const fs::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// A model with one number, whose loss is what a test wants it to be.
struct Scripted {
    nn::Linear<double> model{1, 1, {.bias = false}};
    optim::SGD<double> optimizer{model.parameters(), {.lr = 0.1}};
    DataLoader<double> batches{Dataset<double>(Array<double>(Shape{1, 1}, 1.0), Array<double>(Shape{1, 1}, 0.0)),
                               {.batch_size = 1}};
    std::vector<double> losses;
    std::size_t call = 0;
    Objective<double> objective{[this](nn::Module<double>& m, const Batch<double>& batch) {
        // In training any number; in evaluation the script's next one.
        const double offset = m.is_training() ? 0 : losses.at(call++) - double(m(batch.inputs).value()(0, 0));
        return sum(m(batch.inputs)) + offset;
    }};
};

}    // namespace runs
