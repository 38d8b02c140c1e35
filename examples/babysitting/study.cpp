#include "study.hpp"

#include <unistd.h>

#include <cstdio>
#include <numeric>

using namespace xtape;

namespace babysitting {
namespace {

struct Regularised : nn::Module<float> {
    explicit Regularised(Net kind) {
        if (kind == Net::drop_connect)
            hidden = std::make_unique<nn::DropConnect<float>>(this, "fc1", 784, 50, 0.8);
        else
            hidden = std::make_unique<nn::Linear<float>>(this, "fc1", 784, 50);
        if (kind == Net::batch_norm) norm = std::make_unique<nn::BatchNorm<float>>(this, "norm", 50);
        if (kind == Net::dropout) dropout = std::make_unique<nn::Dropout<float>>(this, "dropout", 0.5);
        fc2 = std::make_unique<nn::Linear<float>>(this, "fc2", 50, 10);
    }
    Variable<float> forward(const Variable<float>& x) override {
        Variable<float> h = (*hidden)(x);
        if (norm) h = (*norm)(h);
        h = relu(h);
        return (*fc2)(dropout ? (*dropout)(h) : h);
    }
    std::unique_ptr<nn::Module<float>> hidden, norm, dropout, fc2;
};

Optimizer make_optimizer(const Plan& plan, const Parameters<float>& parameters) {
    const double lr = plan.lr;
    if (plan.optimizer == "sgd") return std::make_unique<optim::SGD<float>>(parameters, optim::SGDOptions{.lr = lr});
    if (plan.optimizer == "momentum")
        return std::make_unique<optim::SGD<float>>(parameters, optim::SGDOptions{.lr = lr, .momentum = 0.9});
    if (plan.optimizer == "nesterov")
        return std::make_unique<optim::SGD<float>>(parameters,
                                                   optim::SGDOptions{.lr = lr, .momentum = 0.9, .nesterov = true});
    if (plan.optimizer == "adagrad")
        return std::make_unique<optim::Adagrad<float>>(parameters, optim::AdagradOptions{.lr = lr});
    if (plan.optimizer == "rmsprop")
        return std::make_unique<optim::RMSprop<float>>(parameters, optim::RMSpropOptions{.lr = lr});
    if (plan.optimizer == "adam") return std::make_unique<optim::Adam<float>>(parameters, optim::AdamOptions{.lr = lr});
    throw std::invalid_argument("there is no optimizer '" + plan.optimizer + "'");
}

}    // namespace

std::unique_ptr<nn::Module<float>> make_net(Net kind) {
    if (kind == Net::plain) return std::make_unique<TwoLayers>();
    return std::make_unique<Regularised>(kind);
}

Study::Study(Data training_data, Data validation_data, std::filesystem::path run_report)
    : training(std::move(training_data)),
      validation(std::move(validation_data)),
      page("Babysitting a network",
           "The steps by which an experienced person brings up a network, each number beside what theory says: " +
               std::to_string(training.size()) + " digits to learn from, " + std::to_string(validation.size()) +
               " to validate with; two layers, 784 – 50 – 10."),
      run_report_(std::move(run_report)),
      terminal_(::isatty(STDOUT_FILENO) == 1) {}

void Study::draw(double share) {
    if (!terminal_) return;
    const auto full = static_cast<std::size_t>(share * 30);
    std::printf("\r\033[K[%s%s] %2.0f %%  %s", std::string(full, '=').c_str(), std::string(30 - full, ' ').c_str(),
                100 * share, title_.c_str());
    std::fflush(stdout);
}

void Study::begin(const std::string& title, const std::string& text) {
    title_ = title;
    if (terminal_) std::printf("\r\033[K");
    std::printf("\n%s (%zu of %zu)\n", title.c_str(), lesson_ + 1, lessons);
    page.heading(title).text(text);
    draw(static_cast<double>(lesson_++) / static_cast<double>(lessons));
}

void Study::row(const std::string& what, double measured, const std::string& theory) {
    char number[32];
    std::snprintf(number, sizeof number, "%.4g", measured);
    if (terminal_) std::printf("\r\033[K");
    std::printf("  %-52s %10s   %s\n", what.c_str(), number, theory.c_str());
    rows_.push_back({what, number, theory});
    draw((static_cast<double>(lesson_) - 0.5) / static_cast<double>(lessons));
}

void Study::end_rows() {
    page.table({"", "measured", "theory"}, std::move(rows_));
    rows_.clear();
}

void Study::finish() {
    title_ = "";
    draw(1);
    std::printf("\n");
}

Data Study::first(std::size_t count) const {
    std::vector<std::int64_t> rows(std::min(count, training.size()));
    std::iota(rows.begin(), rows.end(), std::int64_t{0});
    return training.subset(rows);
}

Outcome Study::train(const Data& data, const Plan& plan, bool record) const {
    seed(plan.seed);
    const auto net = make_net(plan.net);
    const Optimizer optimizer = make_optimizer(plan, net->named_parameters());
    train::TrainerOptions<float> options{
        .epochs = plan.epochs, .schedule = plan.schedule, .progress = train::Progress::none};
    if (plan.penalty) options.penalty = [&] { return plan.penalty(net->named_parameters()); };
    train::Trainer<float> trainer(*net, *optimizer, train::classification<float>(), std::move(options));
    if (plan.watched) trainer.add<train::Watch>();
    const train::Report* report = nullptr;
    if (record)
        report = &trainer.add<train::Report>(
            {.path = run_report_, .title = "The run", .first_layer = "fc1.weight", .image = {28, 28}});
    train::DataLoader<float> batches(data, {.batch_size = std::min(plan.batch, data.size()), .shuffle = true});
    train::DataLoader<float> validating(validation, {.batch_size = 500});
    trainer.fit(batches, validating);
    Outcome outcome{trainer.history(), trainer.measurements(), trainer.diagnosis(), {}};
    if (report != nullptr) outcome.record = report->record();
    return outcome;
}

}    // namespace babysitting
