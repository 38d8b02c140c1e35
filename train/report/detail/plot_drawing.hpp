// PlotDrawing: how a Plot is laid out and drawn.
#pragma once

#include <xtape/train/report/detail/scale.hpp>
#include <xtape/train/report/detail/svg.hpp>
#include <xtape/train/report/plot.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xtape::train::detail {

class PlotDrawing {
public:
    static constexpr double swatch_width = 16;
    explicit PlotDrawing(const Plot& plot);
    std::string element(bool alone);

private:
    using Series = Plot::Series;
    struct Bins {
        std::vector<double> edges;
        std::vector<std::vector<double>> counts;    // of each histogram
    };
    struct Key {    // what names a series or a mark
        std::string name;
        const Series* series;    // null: of a mark
        std::size_t number;      // of the series
        double y;                // where its line ends
        double width = 0;
    };

    void make_bins();
    void find_ranges();
    void collect_keys();
    void lay_out();
    void lay_out_rows();
    bool keys_fit_at_ends() const;
    void draw_heading();
    void draw_axes();
    void draw_marks();
    void draw_series(const Series& series, std::size_t number);
    void draw_line(const Series& series);
    void draw_band(const Series& series);
    void draw_points(const Series& series);
    void draw_histogram(const Series& series, std::size_t number);
    void draw_keys_at_ends();
    void draw_keys_in_rows();
    void draw_swatch(const Key& key, double x, double y);
    void draw_ramp(const Series& series, double x, double y);
    std::string data() const;
    bool whole_numbers() const;    // along x

    const Plot& plot_;
    const PlotOptions& options_;
    Svg svg_;
    Bins bins_;
    Range x_range_{}, y_range_{};
    std::vector<Tick> x_ticks_, y_ticks_;
    std::vector<std::string> title_;
    std::vector<Key> keys_;
    std::vector<std::vector<Key>> rows_;    // empty: keys stand at the ends of lines
    double left_ = 0, right_ = 0, top_ = 0, bottom_ = 0, heading_ = 0;
    Scale x_{}, y_{};
    bool empty_ = false;
};

}    // namespace xtape::train::detail
