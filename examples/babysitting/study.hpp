// What the lessons share: data, models, one way to train, and the page that they write.
#pragma once

#include <xtape/train.hpp>
#include <xtape/xtape.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace babysitting {

using Data = xtape::train::Dataset<float>;

// How the hidden layer is regularised.
enum class Net { plain, dropout, drop_connect, batch_norm };

// 784 inputs, a hidden layer of rectifiers, 10 classes.
struct TwoLayers : xtape::nn::Module<float> {
    explicit TwoLayers(std::size_t hidden = 50) : fc1(this, "fc1", 784, hidden), fc2(this, "fc2", hidden, 10) {}
    xtape::nn::Linear<float> fc1, fc2;
    xtape::Variable<float> forward(const xtape::Variable<float>& x) override { return fc2(relu(fc1(x))); }
};

std::unique_ptr<xtape::nn::Module<float>> make_net(Net kind);

using Optimizer = std::unique_ptr<xtape::optim::Optimizer<float>>;
using Penalty = std::function<xtape::Variable<float>(const xtape::Parameters<float>&)>;

struct Plan {
    Net net = Net::plain;
    std::string optimizer = "momentum";    // sgd, momentum, nesterov, adagrad, rmsprop or adam
    double lr = 0.05;
    std::size_t epochs = 5;
    std::size_t batch = 50;
    Penalty penalty = {};
    std::optional<xtape::optim::Schedule> schedule = {};
    std::uint64_t seed = 1;
    bool watched = false;    // by train::Watch, whose diagnosis is in the outcome
};

struct Outcome {
    xtape::train::History history;
    xtape::train::Measurements measurements;    // of a watched run
    xtape::train::Diagnosis diagnosis;
    std::optional<xtape::train::RunRecord> record;    // if it was asked for

    double last(const char* quantity) const { return history.last(quantity); }
};

// Where the lessons get their data, print their numbers and leave their figures.
class Study {
public:
    // The report of the last run is written to `run_report` while it trains.
    Study(Data training, Data validation, std::filesystem::path run_report);

    // Begins a lesson: the bar moves on, the page gets a heading.
    void begin(const std::string& title, const std::string& text);
    // Prints a number beside what theory says of it, and puts it on the page.
    void row(const std::string& what, double measured, const std::string& theory);
    // Ends the lesson's table of numbers; figures come after it.
    void end_rows();
    void finish();

    // With `record`, what a report of the run shows is kept.
    Outcome train(const Data& data, const Plan& plan, bool record = false) const;
    // The first examples of the training data.
    Data first(std::size_t count) const;

    const Data training, validation;
    xtape::train::Document page;

private:
    void draw(double share);

    std::filesystem::path run_report_;
    std::string title_;
    std::vector<std::vector<std::string>> rows_;
    std::size_t lesson_ = 0;
    bool terminal_;
};

inline constexpr std::size_t lessons = 11;

// The lessons, in their order.
void before_training(Study& study);    // initial loss, penalty, a small subset
void learning_rates(Study& study);     // too low, too high, far too high, and the size of updates
void optimizers(Study& study);         // six of them
void decays(Study& study);             // of the learning rate
void regularisers(Study& study);       // on few examples
void random_against_grid(Study& study);
void coarse_to_fine(Study& study);
void the_run(Study& study);    // with what was found; its report is part of the page

}    // namespace babysitting
