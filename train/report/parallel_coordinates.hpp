// ParallelCoordinates: points in many dimensions, each a line across parallel axes.
#pragma once

#include <xtape/train/report/figure.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xtape::train {

struct ParallelCoordinatesOptions {
    std::string title = {};
    std::string value_label = "value";    // of the last axis, which the colour follows
    bool higher_is_better = true;         // the better, the farther from the paper, and the later it is drawn
    std::size_t highlighted = 1;          // so many of the best are drawn thick
    double width = 780, height = 300;
};

// One of the axes: numbers, or names, to which the numbers 0, 1, ... belong.
struct Dimension {
    Axis axis = {};
    std::vector<std::string> names = {};
};

class ParallelCoordinates : public Figure {
public:
    // `points` has a list for each point, a number for each dimension; NaN: the point has none, and its line passes by.
    // Throws std::invalid_argument when there are no dimensions, or lists of other lengths.
    ParallelCoordinates(std::vector<Dimension> dimensions, std::vector<std::vector<double>> points,
                        std::vector<double> values, ParallelCoordinatesOptions options = {});

private:
    std::string draw(bool alone) const override;

    std::vector<Dimension> dimensions_;    // the last is the values'
    std::vector<std::vector<double>> points_;
    ParallelCoordinatesOptions options_;
};

}    // namespace xtape::train
