// Hyperparameters: random search against a grid, and from coarse to fine.
#include <cmath>

#include "study.hpp"

using namespace xtape;

namespace babysitting {
namespace {

double validation_accuracy(Study& study, const Data& data, double lr, double reg, std::size_t epochs) {
    const Outcome outcome = study.train(
        data, {.lr = lr, .epochs = epochs, .batch = 50, .penalty = [reg](const Parameters<float>& parameters) {
                   return reg * nn::l2_penalty(parameters);
               }});
    return outcome.history.best("validation.accuracy");
}

}    // namespace

void random_against_grid(Study& study) {
    study.begin("Random search against a grid",
                "The learning rate matters much more than the penalty. A grid of 5 x 5 "
                "tries five rates, random search 25.");
    train::Space space;
    space.log_uniform("lr", 1e-5, 1e1).log_uniform("reg", 1e-6, 1e-1);
    const Data data = study.first(1000);
    auto evaluate = [&](train::Trial& trial) {
        return validation_accuracy(study, data, trial.number("lr"), trial.number("reg"), 3);
    };
    const train::SearchOptions options{.trials = 25, .seed = 4, .maximize = true, .metric = "val_acc", .quiet = true};
    const auto grid = train::grid_search(space, options, evaluate),
               random = train::random_search(space, options, evaluate);
    study.row("best validation accuracy of a 5 x 5 grid", grid.best().value(), "");
    study.row("best validation accuracy of 25 random trials", random.best().value(), "at least as good, most times");
    study.row("importance of lr", random.importance().at("lr"), "most of the variance");
    study.row("importance of reg", random.importance().at("reg"), "little");
    study.end_rows();
    for (const auto* result : {&grid, &random}) {
        train::Plot plot({.title = result == &grid ? "Grid: five rates" : "Random: 25 rates",
                          .x = {.label = "lr", .log = true, .low = 1e-5, .high = 1e1},
                          .y = {.label = "validation accuracy", .low = 0, .high = 1}});
        std::vector<double> x, y;
        for (const train::Trial& trial : result->trials()) {
            x.push_back(trial.number("lr"));
            y.push_back(trial.value());
        }
        study.page.figure(std::move(plot.scatter("", x, y)));
    }
}

void coarse_to_fine(Study& study) {
    study.begin("From coarse to fine",
                "The penalty is drawn from 10^U(−5, 5) and the learning rate from 10^U(−6, −3), "
                "few epochs each. Then the ranges are narrowed, or widened where the best value "
                "stands at a border.");
    auto evaluate = [&](std::size_t epochs) {
        return [&, epochs](train::Trial& trial) {
            return validation_accuracy(study, study.training, trial.number("lr"), trial.number("reg"), epochs);
        };
    };
    train::Space space;
    space.log_uniform("lr", 1e-6, 1e-3).log_uniform("reg", 1e-5, 1e5);
    train::SearchOptions options{.trials = 100, .seed = 1, .maximize = true, .metric = "val_acc", .quiet = true};
    const auto coarse = train::random_search(space, options, evaluate(5));
    for (const train::Border& border : coarse.borders()) std::printf("  %s\n", border.advice.c_str());
    train::Space finer;    // beyond the border, and where the penalty does not drown the data
    finer.log_uniform("lr", 1e-4, 1e0).log_uniform("reg", 1e-6, 1e0);
    const auto fine = train::random_search(finer, options, evaluate(6));
    study.row("coarse: the best val_acc", coarse.best().value(), "");
    study.row("coarse: is the rate at the border of its range?", coarse.at_border("lr"), "1: widen it");
    study.row("fine: the best val_acc", fine.best().value(), "better");
    study.row("fine: is the rate at the border of its range?", fine.at_border("lr"), "0");
    study.end_rows();
    study.page.append(train::document({{"coarse", coarse}, {"fine", fine}}, {.title = "The search"}));
}

void the_run(Study& study) {
    study.begin("The run",
                "With what was learned: Nesterov's momentum, a good rate that decays, a little penalty. What "
                "follows is what train::Report writes about any run.");
    const auto steps = static_cast<std::int64_t>(study.training.size() / 50 * 15);
    const Outcome outcome = study.train(study.training,
                                        {.optimizer = "nesterov",
                                         .lr = 0.1,
                                         .epochs = 15,
                                         .penalty = [](const auto& p) { return 1e-4 * nn::l2_penalty(p); },
                                         .schedule = optim::cosine({.steps = steps}),
                                         .watched = true},
                                        true);
    study.row("validation accuracy", outcome.history.best("validation.accuracy"), "");
    study.end_rows();
    study.page.append(train::document(*outcome.record));
}

}    // namespace babysitting
