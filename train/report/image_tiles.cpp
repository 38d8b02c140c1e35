#include <xtape/core/error.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/io/png.hpp>
#include <xtape/train/report/detail/svg.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/image_tiles.hpp>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace xtape::train {
namespace {

constexpr double gap = 6, caption_size = 11.5;

double largest(const double* values, std::size_t count) {
    double most = 0;
    for (std::size_t i = 0; i < count; ++i)
        if (std::isfinite(values[i])) most = std::max(most, std::abs(values[i]));
    return most;
}

}    // namespace

ImageTiles::ImageTiles(Array<double> pictures, ImageTilesOptions options)
    : Figure(options.title), options_(std::move(options)), pictures_(std::move(pictures)) {
    const Shape& shape = pictures_.shape();
    const bool with_channels = shape.size() == 4;
    if ((shape.size() != 3 && !with_channels) || pictures_.size() == 0 ||
        (with_channels && shape[1] != 1 && shape[1] != 3))
        throw ShapeError("[ImageTiles] got pictures of shape " + to_string(shape) +
                         "; wanted (n, height, width) or (n, 1 or 3, height, width), at least one");
    if (options_.most == 0) throw std::invalid_argument("[ImageTiles] got most = 0; wanted 1 or more");
    count_ = shape[0];
    shown_ = std::min(count_, options_.most);
    channels_ = with_channels ? shape[1] : 1;
    height_ = shape[shape.size() - 2];
    width_ = shape[shape.size() - 1];
    if (!options_.captions.empty() && options_.captions.size() != count_)
        throw std::invalid_argument("[ImageTiles] got " + std::to_string(options_.captions.size()) + " captions for " +
                                    std::to_string(count_) + " pictures; wanted as many");
    scale_ = largest(pictures_.storage().data(), pictures_.size());
}

io::Picture ImageTiles::picture(std::size_t number) const {
    const std::size_t area = height_ * width_, size = area * channels_;
    const double* values = pictures_.storage().data() + number * size;
    double black = options_.black, white = options_.white;
    if (black == white) {
        white = options_.own_scale ? largest(values, size) : scale_;
        black = -white;
    }
    io::Picture result{width_, height_, channels_, std::vector<std::uint8_t>(size)};
    for (std::size_t channel = 0; channel < channels_; ++channel)
        for (std::size_t i = 0; i < area; ++i) {
            const double share = white != black ? (values[channel * area + i] - black) / (white - black) : 0.5;
            result.pixels[i * channels_ + channel] =
                std::isfinite(share) ? static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0))) : 0;
        }
    return result;
}

// As many that the tiles fill the width, none narrower than asked for.
std::size_t ImageTiles::columns(double least_tile) const {
    const auto most = static_cast<std::size_t>(std::max(1.0, (options_.width + gap) / (least_tile + gap)));
    const auto square = static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(shown_) * 1.6)));
    return std::clamp<std::size_t>(std::max(square, options_.captions.empty() ? std::size_t{1} : most), 1, most);
}

io::Picture ImageTiles::pixels() const {
    const std::size_t across = columns(28), down = (shown_ + across - 1) / across;
    io::Picture sheet{across * (width_ + 1) + 1, down * (height_ + 1) + 1, channels_, {}};
    sheet.pixels.assign(sheet.width * sheet.height * channels_, 255);
    for (std::size_t number = 0; number < shown_; ++number) {
        const io::Picture tile = picture(number);
        for (std::size_t row = 0; row < height_; ++row)
            std::copy_n(tile.at(row, 0), width_ * channels_,
                        sheet.at(number / across * (height_ + 1) + 1 + row, number % across * (width_ + 1) + 1));
    }
    return sheet;
}

std::string ImageTiles::draw(bool alone) const {
    double widest = 0;
    for (const std::string& caption : options_.captions)
        widest = std::max(widest, detail::text_width(caption, caption_size));
    const std::size_t across = columns(std::max(options_.captions.empty() ? 26.0 : 52.0, widest));
    const std::size_t down = (shown_ + across - 1) / across;
    const double tile = (options_.width - gap * static_cast<double>(across - 1)) / static_cast<double>(across),
                 wide = std::min(tile, std::max(72.0, widest)),
                 high = wide * static_cast<double>(height_) / static_cast<double>(width_),
                 caption = options_.captions.empty() ? 0 : 16;
    const auto title =
        options_.title.empty() ? std::vector<std::string>() : detail::wrapped(options_.title, 16, options_.width);
    const double top = 18 * static_cast<double>(title.size()) + 6, note = shown_ < count_ ? 18 : 0,
                 height = top + static_cast<double>(down) * (high + gap + caption) + note;
    detail::Svg svg(options_.width, height);
    for (std::size_t i = 0; i < title.size(); ++i) svg.text(0, 14 + 18 * static_cast<double>(i), title[i], "t");
    for (std::size_t number = 0; number < shown_; ++number) {
        const double x = static_cast<double>(number % across) * (wide + gap),
                     y = top + static_cast<double>(number / across) * (high + gap + caption);
        svg.image(x, y, wide, high, io::encode_png(picture(number)),
                  options_.captions.empty() ? std::to_string(number) : options_.captions[number]);
        if (!options_.captions.empty()) svg.text(x, y + high + 12, options_.captions[number]);
    }
    if (note > 0) svg.text(0, height - 4, "the first " + std::to_string(shown_) + " of " + std::to_string(count_), "a");
    return svg.element(options_.title.empty() ? "pictures" : options_.title, alone);
}

template <class T>
Array<double> first_layer_pictures(const Array<T>& weight, const Shape& input) {
    Array<double> result{weight};
    const Shape& shape = weight.shape();
    Shape wanted;
    if (shape.size() == 2 && !input.empty()) {
        wanted = input;
        wanted.insert(wanted.begin(), shape[0]);
    } else if (shape.size() == 3) {
        wanted = shape;
    } else if (shape.size() == 4) {
        wanted = shape[1] == 1 || shape[1] == 3 ? shape : Shape{shape[0] * shape[1], shape[2], shape[3]};
    } else if (shape.size() == 5) {
        wanted = {shape[0] * shape[1] * shape[2], shape[3], shape[4]};
    }
    std::size_t elements = 1;
    for (std::size_t extent : wanted) elements *= extent;
    if (wanted.size() < 3 || wanted.size() > 4 || elements != weight.size() || elements == 0 ||
        (wanted.size() == 4 && wanted[1] != 1 && wanted[1] != 3))
        throw ShapeError("[first_layer_pictures] got weights of shape " + to_string(shape) + " for inputs of shape " +
                         to_string(input) +
                         "; wanted kernels, or (units, inputs) with the shape (height, width) or (1 or 3, height, "
                         "width) of an input");
    result.reshape(wanted);
    return result;
}

template Array<double> first_layer_pictures(const Array<float>&, const Shape&);
template Array<double> first_layer_pictures(const Array<double>&, const Shape&);

}    // namespace xtape::train
