// Images copied into a frame of zeros, in which each tap of a kernel stands at a fixed distance from its first one.
#pragma once

#include <xtape/ops/detail/convolution.hpp>
#include <xtape/ops/detail/convolution/steps.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace xtape::detail {

// The frame around one plane of an image. With a split, elements of a row that are `split` apart lie side by side: so a
// kernel that moves by that stride reads consecutive elements at consecutive places.
struct Frame {
    struct Axis {
        std::size_t input, length;    // of the image, of the frame
        std::ptrdiff_t before;        // zeros before the image; negative: so many elements are left out
    };
    std::array<Axis, 3> axes;
    std::size_t split = 1;

    std::size_t part() const { return (axes[2].length + split - 1) / split; }
    std::size_t row() const { return part() * split; }
    std::size_t slice() const { return row() * axes[1].length; }
    // An odd number of cache lines, so that the same place of many planes is in as many cache sets.
    std::size_t plane() const { return ((slice() * axes[0].length + 15) / 16 | 1) * 16; }
    // Where the element (i, j, k) of a frame stands.
    std::size_t place(std::size_t i, std::size_t j, std::size_t k) const {
        return i * slice() + j * row() + k % split * part() + k / split;
    }

    template <class T>
    void fill(const T* planes, std::size_t count, T* to) const {
        const Inside slices(axes[0], 1, 0), rows(axes[1], 1, 0);
        std::vector<Inside> parts;
        for (std::size_t phase = 0; phase < split; ++phase) parts.emplace_back(axes[2], split, phase);
        const std::size_t size = axes[0].input * axes[1].input * axes[2].input;
        if (size == slice() * axes[0].length && split == 1 && slices.count * rows.count * parts[0].count == size) {
            for (std::size_t c = 0; c < count; ++c) copy_elements(planes + c * size, size, to + c * plane());
            return;
        }
        std::fill_n(to, count * plane(), T(0));
        for (std::size_t c = 0; c < count; ++c, planes += size, to += plane())
            for (std::size_t i = 0; i < slices.count; ++i)
                for (std::size_t j = 0; j < rows.count; ++j) {
                    const T* row_from = planes + ((slices.from + i) * axes[1].input + rows.from + j) * axes[2].input;
                    T* row_to = to + (slices.first + i) * slice() + (rows.first + j) * row();
                    for (const auto& inside : parts) {
                        if (inside.count > 0)
                            read_steps(row_from + inside.from, split, row_to + inside.first, inside.count);
                        row_to += part();
                    }
                }
    }

private:
    // Which of the places phase, phase + step, ... of an axis hold elements of the image: `count` from number `first`
    // on, the first of them the image's element `from`.
    struct Inside {
        std::size_t first = 0, count = 0, from = 0;
        Inside(const Axis& axis, std::size_t step, std::size_t phase) {
            const std::size_t places = (axis.length + step - 1 - phase) / step;
            for (std::size_t k = 0; k < places; ++k) {
                const auto element =
                    static_cast<std::size_t>(static_cast<std::ptrdiff_t>(k * step + phase) - axis.before);
                if (element >= axis.input) continue;
                if (count == 0) {
                    first = k;
                    from = element;
                }
                ++count;
            }
        }
    };
};

}    // namespace xtape::detail
