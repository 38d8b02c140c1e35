// ImageTiles: small pictures side by side.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/train/report/figure.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace xtape::train {

struct ImageTilesOptions {
    std::string title = {};
    std::vector<std::string> captions = {};    // one a picture, or none
    // The values that are black and white; equal: the largest absolute value on both sides of 0 (weights), or with
    // `own_scale` that of each picture.
    double black = 0, white = 0;
    bool own_scale = false;
    std::size_t most = 100;    // of more pictures the first ones are shown, and the figure says so
    double width = 380;        // pixels; the height follows
};

// Pictures (n, height, width), grey, or (n, 1 or 3, height, width), grey or colour.
class ImageTiles : public Figure {
public:
    // Throws ShapeError for another shape or no pictures, std::invalid_argument for a wrong number of captions or for
    // most = 0.
    template <class T>
    explicit ImageTiles(const Array<T>& pictures, ImageTilesOptions options = {})
        : ImageTiles(Array<double>(pictures), std::move(options)) {}
    explicit ImageTiles(Array<double> pictures, ImageTilesOptions options = {});
    // All that are shown, a pixel of paper between them.
    io::Picture pixels() const override;
    bool has_pixels() const override { return true; }

    std::size_t count() const { return count_; }

private:
    std::string draw(bool alone) const override;
    io::Picture picture(std::size_t number) const;
    std::size_t columns(double least_tile) const;

    ImageTilesOptions options_;
    Array<double> pictures_;
    std::size_t count_ = 0, shown_ = 0, channels_ = 1, height_ = 0, width_ = 0;
    double scale_ = 1;    // the largest absolute value
};

// The weights of a first layer as pictures, one per unit or kernel: of a matrix (units, inputs) each row in the shape
// of an input (height, width) or (channels, height, width); of kernels (out, in, height, width) with in = 1 or 3 each
// kernel, else each of its channels; (out, in, length) as in x length; (out, in, depth, height, width) slice by slice.
// Throws ShapeError for weights that are none of these, or do not fit the shape.
template <class T>
Array<double> first_layer_pictures(const Array<T>& weight, const Shape& input = {});

}    // namespace xtape::train
