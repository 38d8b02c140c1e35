// Bars: names and lengths.
#pragma once

#include <xtape/train/report/figure.hpp>

#include <string>
#include <vector>

namespace xtape::train {

struct BarsOptions {
    std::string title = {};
    std::string unit = {};    // behind each number
    double width = 380;
};

// How much each of a few things has of something: a bar and a number each.
class Bars : public Figure {
public:
    // Throws std::invalid_argument for other than one value a name, or none. What is not finite has no bar.
    Bars(std::vector<std::string> names, std::vector<double> values, BarsOptions options = {});

private:
    std::string draw(bool alone) const override;

    std::vector<std::string> names_;
    std::vector<double> values_;
    BarsOptions options_;
};

}    // namespace xtape::train
