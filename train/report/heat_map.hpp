// HeatMap: a matrix in colours.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/train/report/figure.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xtape::train {

struct HeatMapOptions {
    std::string title = {};
    std::string x_label = {}, y_label = {}, value_label = {};
    // Names of columns and rows; none: numbers from 0, or, with `low < high`, the axis from low to high.
    std::vector<std::string> column_names = {}, row_names = {};
    double x_low = 0, x_high = 0, y_low = 0, y_high = 0;
    bool origin_below = false;    // the first row at the bottom, as on an axis
    bool log = false;             // colours by the logarithm of 1 + value
    bool numbers = false;         // written into the cells
    double width = 380, height = 300;
};

// Values (rows, columns) from few (near the paper) to many (far from it); what is not finite is left out.
class HeatMap : public Figure {
public:
    // Throws ShapeError for values that are not a matrix with elements, std::invalid_argument for a wrong number of
    // names.
    explicit HeatMap(const Array<double>& values, HeatMapOptions options = {});
    // A pixel a value, RGBA.
    io::Picture pixels() const override;
    bool has_pixels() const override { return true; }

private:
    std::string draw(bool alone) const override;
    double share(std::size_t row, std::size_t column) const;    // of the way from the least value to the largest
    double value(std::size_t row, std::size_t column) const { return values_[row * columns_ + column]; }

    HeatMapOptions options_;
    std::vector<double> values_;
    std::size_t rows_, columns_;
    double low_ = 0, high_ = 0;
};

}    // namespace xtape::train
