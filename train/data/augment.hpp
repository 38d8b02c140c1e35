// Random changes of images, as a DataLoader's transform.
#pragma once

#include <xtape/train/data/loader.hpp>

#include <cstddef>

namespace xtape::train {

// What happens to each image, in this order, each time anew.
struct AugmentOptions {
    Shape image = {};                // (height, width) or (channels, height, width) of a flat example; none: the
                                     // last two axes of the inputs
    std::size_t shift = 0;           // by up to so many pixels along each axis; what comes in is 0
    std::size_t crop_padding = 0;    // 0s around the image, of which an image of the old size is cut out at random
    bool flip_horizontal = false;    // left and right exchanged, with probability 1/2
    bool flip_vertical = false;
    double rotation = 0;       // by an angle uniform in [-rotation, rotation], in degrees, bilinearly
    double noise = 0;          // deviation of normal noise
    std::size_t cutout = 0;    // side of a square of 0s around a random place. DeVries and Taylor 2017
};

// A transform that changes every image of a batch independently. Throws std::invalid_argument for a negative rotation
// or noise; when it is called, ShapeError for inputs that are no images of the given shape.
template <class T>
BatchTransform<T> augment(const AugmentOptions& options);

}    // namespace xtape::train
