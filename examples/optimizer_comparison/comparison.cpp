#include "comparison.hpp"

#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/optim/adagrad.hpp>
#include <xtape/optim/adam.hpp>
#include <xtape/optim/rmsprop.hpp>
#include <xtape/optim/sgd.hpp>

#include <limits>

using namespace xtape;

namespace optimizer_comparison {

Variable<double> beale(const Variable<double>& x, const Variable<double>& y) {
    auto a = 1.5 - x + x * y;
    auto b = 2.25 - x + x * y * y;
    auto c = 2.625 - x + x * y * y * y;
    return a * a + b * b + c * c;
}

template <template <class> class Optimizer>
static Trajectory follow(const char* name, int steps, Place start, const typename Optimizer<double>::Options& options) {
    Variable<double> x(Array<double>(Shape{}, start.x), requires_grad),
        y(Array<double>(Shape{}, start.y), requires_grad);
    Optimizer<double> optimizer({x, y}, options);
    Trajectory trajectory{name, {}};
    for (int step = 0; step <= steps; ++step) {
        auto loss = beale(x, y);
        trajectory.places.push_back({x.item(), y.item(), loss.item()});
        optimizer.zero_grad();
        backward(loss);
        optimizer.step();
    }
    return trajectory;
}

// Each has a rate of its own, for they measure steps differently.
std::vector<Trajectory> compare(int steps, Place start) {
    return {follow<optim::SGD>("sgd", steps, start, {.lr = 0.005}),
            follow<optim::SGD>("momentum", steps, start, {.lr = 0.002, .momentum = 0.9}),
            follow<optim::SGD>("nesterov", steps, start, {.lr = 0.002, .momentum = 0.9, .nesterov = true}),
            follow<optim::Adagrad>("adagrad", steps, start, {.lr = 0.5}),
            follow<optim::RMSprop>("rmsprop", steps, start, {.lr = 0.02, .alpha = 0.9}),
            follow<optim::Adam>("adam", steps, start, {.lr = 0.1})};
}

void write_csv(std::ostream& out, const std::vector<Trajectory>& trajectories) {
    out.precision(std::numeric_limits<double>::max_digits10);
    out << "optimizer,step,x,y,loss\n";
    for (const auto& [optimizer, places] : trajectories)
        for (std::size_t step = 0; step < places.size(); ++step)
            out << optimizer << ',' << step << ',' << places[step].x << ',' << places[step].y << ','
                << places[step].loss << '\n';
}

}    // namespace optimizer_comparison
