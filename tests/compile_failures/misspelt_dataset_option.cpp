// expect: no matching function for call to 'xtape::train::Dataset
#include <xtape/train/data/dataset.hpp>

using namespace xtape;

train::Dataset<float> data(const Array<float>& x, const Indices& labels) {
#ifndef RIGHT
    return train::Dataset<float>(x, {.example_shap = {28, 28}});
#else
    static_cast<void>(labels);
    return train::Dataset<float>(x, {.example_shape = {28, 28}});
#endif
}
