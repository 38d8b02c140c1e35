// Six optimizers on one loss surface, Beale's function.
#pragma once

#include <xtape/core/variable.hpp>

#include <ostream>
#include <string>
#include <vector>

namespace optimizer_comparison {

// (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2, whose minimum is 0 at (3, 0.5).
xtape::Variable<double> beale(const xtape::Variable<double>& x, const xtape::Variable<double>& y);

struct Place {
    double x, y, loss;
};

struct Trajectory {
    std::string optimizer;
    std::vector<Place> places;    // one before each step, and the last
};

// SGD, momentum, Nesterov, Adagrad, RMSprop and Adam, each from the same start.
std::vector<Trajectory> compare(int steps, Place start = {1.0, 1.5, 0});

// Lines of optimizer,step,x,y,loss below their names.
void write_csv(std::ostream& out, const std::vector<Trajectory>& trajectories);

}    // namespace optimizer_comparison
