// Optimizers, decays of the learning rate, and regularisers, side by side.
#include <cmath>

#include "study.hpp"

using namespace xtape;

namespace babysitting {

void optimizers(Study& study) {
    study.begin("Optimizers",
                "Six of them, each with a rate that suits it. Momentum gets ahead of plain descent; rates "
                "of their own for each weight (Adagrad, RMSprop, Adam) need less tuning.");
    const std::pair<const char*, double> rates[] = {{"sgd", 0.05},     {"momentum", 0.02}, {"nesterov", 0.02},
                                                    {"adagrad", 0.02}, {"rmsprop", 1e-3},  {"adam", 2e-3}};
    train::Plot loss({.title = "Training loss", .x = {.label = "epoch"}, .y = {.label = "loss", .log = true}});
    train::Plot accuracy({.title = "Validation accuracy", .x = {.label = "epoch"}, .y = {.label = "accuracy"}});
    for (const auto& [name, lr] : rates) {
        const Outcome outcome = study.train(study.training, {.optimizer = name, .lr = lr, .epochs = 5});
        study.row(std::string(name) + ": loss after 5 epochs", outcome.last("train.loss"),
                  name == std::string("sgd") ? "the highest" : "lower than sgd's");
        loss.line(name, outcome.history.values("train.loss"));
        accuracy.line(name, outcome.history.values("validation.accuracy"));
    }
    study.end_rows();
    study.page.figure(std::move(loss)).figure(std::move(accuracy));
}

void decays(Study& study) {
    study.begin("Decay of the learning rate",
                "A high rate gets far quickly and then bounces about; a decay lets it "
                "settle. By steps, exponentially, or as 1 / t.");
    const auto steps = static_cast<std::int64_t>(study.training.size() / 50);    // of an epoch
    const auto per_step = 1 / static_cast<double>(steps);
    const std::pair<const char*, std::optional<optim::Schedule>> schedules[] = {
        {"none", {}},
        {"step", optim::step_decay({.every = 4 * steps, .factor = 0.3})},
        {"exponential", optim::exponential({.rate = 0.25 * per_step})},
        {"1 / t", optim::inverse_time({.rate = 0.5 * per_step})}};
    train::Plot loss({.title = "Training loss", .x = {.label = "epoch"}, .y = {.label = "loss", .log = true}});
    train::Plot rate({.title = "Learning rate", .x = {.label = "epoch"}, .y = {.label = "lr", .log = true}});
    for (const auto& [name, schedule] : schedules) {
        const Outcome outcome = study.train(study.training, {.lr = 0.25, .epochs = 12, .schedule = schedule});
        study.row("decay " + std::string(name) + ": loss after 12 epochs", outcome.last("train.loss"),
                  schedule ? "lower than without" : "the highest");
        loss.line(name, outcome.history.values("train.loss"));
        rate.line(name, outcome.history.values("lr"));
    }
    study.end_rows();
    study.page.figure(std::move(loss)).figure(std::move(rate));
}

void regularisers(Study& study) {
    study.begin(
        "Regularisation",
        "With 300 examples the network learns them by heart: the loss of training goes to 0 and that of validation "
        "stays. What counts is the gap between the two, and the accuracy of validation at the end: a penalty "
        "that is too strong narrows the gap by learning nothing.");
    auto scaled = [](double strength, auto penalty) {
        return [=](const Parameters<float>& parameters) { return strength * penalty(parameters); };
    };
    const Penalty l1 = scaled(4e-3, [](const auto&p) { return nn::l1_penalty(p); }),
                  l2 = scaled(2e-2, [](const auto&p) { return nn::l2_penalty(p); }),
                  elastic = scaled(5e-4, [](const auto&p) { return nn::elastic_net_penalty(p, 20); });
    struct Case {
        const char* name;
        Net net;
        Penalty penalty;
    };
    const Case cases[] = {
        {"nothing", Net::plain, {}},         {"dropout", Net::dropout, {}}, {"DropConnect", Net::drop_connect, {}},
        {"batch norm", Net::batch_norm, {}}, {"L1", Net::plain, l1},        {"L2", Net::plain, l2},
        {"elastic net", Net::plain, elastic}};
    const Data few = study.first(300);
    std::vector<std::string> names;
    std::vector<double> gaps, accuracies;
    for (const Case& each : cases) {
        const Outcome outcome =
            study.train(few, {.net = each.net, .lr = 0.02, .epochs = 40, .batch = 25, .penalty = each.penalty});
        const double gap = outcome.last("validation.loss") - outcome.last("train.loss");
        names.push_back(each.name);
        gaps.push_back(std::round(100 * gap) / 100);
        accuracies.push_back(std::round(1000 * outcome.last("validation.accuracy")) / 10);
        study.row(std::string(each.name) + ": gap of the losses", gap,
                  each.net == Net::batch_norm               ? "wide: it speeds learning, and regularises little"
                  : each.net == Net::plain && !each.penalty ? "wide"
                                                            : "narrower than with nothing");
    }
    study.end_rows();
    study.page.figure(train::Bars(names, gaps, {.title = "Validation loss minus training loss"}));
    study.page.figure(train::Bars(names, accuracies, {.title = "Validation accuracy", .unit = "%"}));
}

}    // namespace babysitting
