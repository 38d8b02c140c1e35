// Arguments of operations that move a window over the last axes of images: convolution and pooling.
#pragma once

#include <xtape/core/shape.hpp>
#include <xtape/ops/axes.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace xtape {

// A number for each axis that a window moves along, or one for all: 2, {2, 1}.
class PerAxis {
public:
    // {}: none. No initializer_list, for the reason that Axes gives.
    template <std::integral... I>
    PerAxis(I... numbers) : list_{static_cast<std::ptrdiff_t>(numbers)...} {}
    template <detail::IntegerRange R>
    PerAxis(const R& numbers) {
        for (auto number : numbers) list_.push_back(static_cast<std::ptrdiff_t>(number));
    }

    bool empty() const { return list_.empty(); }
    // The number of each of `rank` axes. Throws std::invalid_argument, naming `operation` and `what`, for another count
    // of numbers and for one below `least`.
    Shape of(std::string_view operation, std::string_view what, std::size_t rank, std::ptrdiff_t least) const;

private:
    Strides list_;
};

// What stands around an image: as many elements on both sides as the numbers say, or what keeps the lengths of an image
// that is read with stride 1 (`same`: the odd one stands at the end), or nothing (`valid`).
class Padding {
public:
    enum Kind { given, same, valid };
    Padding(Kind kind) : kind_(kind) {}
    template <std::integral... I>
    Padding(I... numbers) : numbers_(numbers...) {}
    Padding(PerAxis numbers) : numbers_(std::move(numbers)) {}

    Kind kind() const { return kind_; }
    struct Sides {
        Shape before, after;
    };
    // For windows of those lengths (that of a kernel with its holes). Throws std::invalid_argument as PerAxis, and for
    // `same` with a stride other than 1.
    Sides of(std::string_view operation, const Shape& window, const Shape& stride) const;

private:
    Kind kind_ = given;
    PerAxis numbers_ = 0;
};

// What the padding consists of; PyTorch's names.
enum class PaddingMode { zeros, reflect, replicate, circular };

}    // namespace xtape
