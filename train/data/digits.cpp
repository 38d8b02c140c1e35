#include <xtape/train/data/detail/strokes.hpp>
#include <xtape/train/data/digits.hpp>

#include <stdexcept>

namespace xtape::train {

template <class T>
Dataset<T> digits(const DigitOptions& options) {
    if (options.count == 0) throw std::invalid_argument("[digits] got count = 0; wanted 1 or more");
    auto drawn = detail::draw_digits(options.count, options.seed);
    return Dataset<T>(Array<T>(share(drawn.images, Shape{options.count, 784})), std::move(drawn.labels),
                      {.example_shape = Shape{28, 28}});
}

template Dataset<float> digits(const DigitOptions&);
template Dataset<double> digits(const DigitOptions&);

}    // namespace xtape::train
