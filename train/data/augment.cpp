#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/train/data/augment.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

namespace xtape::train {
namespace {

// The random numbers of one image, always as many, so that an image's changes do not depend on the others' options.
struct Luck {
    double shift_y, shift_x, crop_y, crop_x, flip_x, flip_y, turn, cut_y, cut_x, spare;
};

template <class T>
class Augmentation {
public:
    explicit Augmentation(AugmentOptions options) : options_(std::move(options)) {}

    void operator()(Array<T>& inputs, Stream& stream) const {
        const auto [height, width] = size_of(inputs);
        const std::size_t count = inputs.shape()[0], pixels = height * width;
        if (inputs.size() == 0) return;
        const std::size_t planes = inputs.size() / count / pixels;
        std::vector<double> numbers(count * sizeof(Luck) / sizeof(double));
        stream.uniform(std::span<double>(numbers));
        std::vector<T> scratch(pixels);
        T* image = inputs.storage().data();
        for (std::size_t i = 0; i < count; ++i) {
            Luck luck;
            std::copy_n(numbers.data() + i * sizeof(Luck) / sizeof(double), sizeof(Luck) / sizeof(double),
                        &luck.shift_y);
            for (std::size_t plane = 0; plane < planes; ++plane, image += pixels)
                change(image, height, width, luck, scratch);
        }
        if (options_.noise > 0) {
            const Array<T> noise = stream.normal<T>(inputs.shape(), 0, options_.noise);
            T* x = inputs.storage().data();
            for (std::size_t i = 0; i < inputs.size(); ++i) x[i] += noise.storage()[i];
        }
    }

private:
    struct Size {
        std::size_t height, width;
    };
    Size size_of(const Array<T>& inputs) const {
        const Shape& shape = inputs.shape();
        const Shape image =
            options_.image.empty() && !shape.empty() ? Shape(shape.begin() + 1, shape.end()) : options_.image;
        const bool fits = image.size() >= 2 && !shape.empty() && element_count(image) * shape[0] == inputs.size();
        if (!fits)
            throw ShapeError("[augment] got inputs of shape " + to_string(shape) +
                             "; wanted images (n, ..., height, width)" +
                             (options_.image.empty() ? ", or the option image for flat ones"
                                                     : " of shape " + to_string(options_.image)));
        return {image[image.size() - 2], image[image.size() - 1]};
    }

    static std::ptrdiff_t offset(double luck, std::size_t most) {    // -most ... most
        return static_cast<std::ptrdiff_t>(luck * static_cast<double>(2 * most + 1)) -
               static_cast<std::ptrdiff_t>(most);
    }

    void change(T* image, std::size_t height, std::size_t width, const Luck& luck, std::vector<T>& scratch) const {
        const auto h = static_cast<std::ptrdiff_t>(height), w = static_cast<std::ptrdiff_t>(width);
        const std::ptrdiff_t dy = offset(luck.shift_y, options_.shift) + offset(luck.crop_y, options_.crop_padding);
        const std::ptrdiff_t dx = offset(luck.shift_x, options_.shift) + offset(luck.crop_x, options_.crop_padding);
        if (dy != 0 || dx != 0) {
            std::copy_n(image, scratch.size(), scratch.begin());
            for (std::ptrdiff_t y = 0; y < h; ++y)
                for (std::ptrdiff_t x = 0; x < w; ++x) image[y * w + x] = at(scratch, h, w, y - dy, x - dx);
        }
        if (options_.flip_horizontal && luck.flip_x < 0.5)
            for (std::size_t y = 0; y < height; ++y) std::reverse(image + y * width, image + (y + 1) * width);
        if (options_.flip_vertical && luck.flip_y < 0.5)
            for (std::size_t y = 0; y < height / 2; ++y)
                std::swap_ranges(image + y * width, image + (y + 1) * width, image + (height - 1 - y) * width);
        if (options_.rotation > 0) rotate(image, h, w, (2 * luck.turn - 1) * options_.rotation, scratch);
        if (options_.cutout > 0) {
            const auto half = static_cast<std::ptrdiff_t>(options_.cutout / 2),
                       side = static_cast<std::ptrdiff_t>(options_.cutout);
            const auto top = static_cast<std::ptrdiff_t>(luck.cut_y * static_cast<double>(height)) - half;
            const auto left = static_cast<std::ptrdiff_t>(luck.cut_x * static_cast<double>(width)) - half;
            for (std::ptrdiff_t y = std::max<std::ptrdiff_t>(0, top); y < std::min(h, top + side); ++y)
                for (std::ptrdiff_t x = std::max<std::ptrdiff_t>(0, left); x < std::min(w, left + side); ++x)
                    image[y * w + x] = T(0);
        }
    }

    static T at(const std::vector<T>& image, std::ptrdiff_t h, std::ptrdiff_t w, std::ptrdiff_t y, std::ptrdiff_t x) {
        return y >= 0 && y < h && x >= 0 && x < w ? image[static_cast<std::size_t>(y * w + x)] : T(0);
    }

    // Each new pixel is taken from where it was, between four old ones.
    static void rotate(T* image, std::ptrdiff_t h, std::ptrdiff_t w, double degrees, std::vector<T>& scratch) {
        std::copy_n(image, scratch.size(), scratch.begin());
        const double angle = degrees * std::numbers::pi / 180, c = std::cos(angle), s = std::sin(angle);
        const double middle_y = static_cast<double>(h - 1) / 2, middle_x = static_cast<double>(w - 1) / 2;
        for (std::ptrdiff_t y = 0; y < h; ++y)
            for (std::ptrdiff_t x = 0; x < w; ++x) {
                const double down = static_cast<double>(y) - middle_y, right = static_cast<double>(x) - middle_x;
                const double from_y = middle_y + c * down - s * right, from_x = middle_x + s * down + c * right;
                const double top = std::floor(from_y), left = std::floor(from_x), fy = from_y - top, fx = from_x - left;
                const auto t = static_cast<std::ptrdiff_t>(top), l = static_cast<std::ptrdiff_t>(left);
                const double value = (1 - fy) * ((1 - fx) * static_cast<double>(at(scratch, h, w, t, l)) +
                                                 fx * static_cast<double>(at(scratch, h, w, t, l + 1))) +
                                     fy * ((1 - fx) * static_cast<double>(at(scratch, h, w, t + 1, l)) +
                                           fx * static_cast<double>(at(scratch, h, w, t + 1, l + 1)));
                image[y * w + x] = static_cast<T>(value);
            }
    }

    AugmentOptions options_;
};

}    // namespace

template <class T>
BatchTransform<T> augment(const AugmentOptions& options) {
    if (!(options.rotation >= 0) || !(options.noise >= 0) || !std::isfinite(options.rotation + options.noise))
        throw std::invalid_argument("[augment] got rotation = " + std::to_string(options.rotation) +
                                    " and noise = " + std::to_string(options.noise) + "; wanted 0 or more");
    return Augmentation<T>(options);
}

template BatchTransform<float> augment(const AugmentOptions&);
template BatchTransform<double> augment(const AugmentOptions&);

}    // namespace xtape::train
