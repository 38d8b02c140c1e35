#include <xtape/core/detail/lanes.hpp>
#include <xtape/core/detail/strided.hpp>
#include <xtape/core/detail/transpose.hpp>

#include <algorithm>
#include <utility>

namespace xtape::detail {
namespace {

template <std::size_t step, class T>
void fill_run(T number, T* to, std::size_t length) {
    auto put = [=](std::size_t at) {
        for (std::size_t k = 0; k < step; ++k) to[at + k] = number;
    };
    for (std::size_t i = 0; i + step < length; i += step) put(i);
    put(length - step);
}

}    // namespace

template <class T>
void copy_long(const T* from, std::size_t count, T* to) {
    using L = Lanes<T>;
    constexpr std::size_t width = L::width;
    std::size_t i = 0;
    for (; i + 4 * width <= count; i += 4 * width) {
        const L a = L::load(from + i), b = L::load(from + i + width), c = L::load(from + i + 2 * width),
                d = L::load(from + i + 3 * width);
        a.store(to + i);
        b.store(to + i + width);
        c.store(to + i + 2 * width);
        d.store(to + i + 3 * width);
    }
    for (; i + width < count; i += width) L::load(from + i).store(to + i);
    L::load(from + count - width).store(to + count - width);
}
template void copy_long(const float*, std::size_t, float*);
template void copy_long(const double*, std::size_t, double*);

void merge_axes(Shape& shape, std::span<Strides> strides) {
    std::size_t axes = 0;    // of the merged shape, which is written over the old one
    for (std::size_t d = 0; d < shape.size(); ++d) {
        if (shape[d] == 1) continue;
        bool merge = axes > 0;
        for (std::size_t k = 0; merge && k < strides.size(); ++k)
            merge = strides[k][axes - 1] == strides[k][d] * static_cast<std::ptrdiff_t>(shape[d]);
        std::size_t place = merge ? axes - 1 : axes++;
        shape[place] = merge ? shape[place] * shape[d] : shape[d];
        for (Strides& list : strides) list[place] = list[d];
    }
    shape.resize(std::max<std::size_t>(1, axes));
    for (Strides& list : strides) list.resize(shape.size());
    if (axes == 0) {
        shape[0] = 1;
        for (Strides& list : strides) list[0] = 1;
    }
}

Blocks::Blocks(const Shape& shape) : shape_(shape), axis_(shape.size() - 1) {
    for (; axis_ > 0 && inner_ * shape[axis_] < most; --axis_) inner_ *= shape[axis_];
    const std::size_t most_rows = most / inner_;    // at least one: inner_ < most
    parts_ = (shape[axis_] + most_rows - 1) / most_rows;
    rows_ = (shape[axis_] + parts_ - 1) / parts_;    // as even as can be
    parts_ = (shape[axis_] + rows_ - 1) / rows_;
    count_ = parts_;
    for (std::size_t d = 0; d < axis_; ++d) count_ *= shape[d];
}

Blocks::Block Blocks::operator[](std::size_t index) const {
    std::size_t first = index % parts_ * rows_, whole = shape_[axis_];
    return {(index / parts_ * whole + first) * inner_, std::min(rows_, whole - first) * inner_};
}

std::ptrdiff_t Blocks::offset(std::size_t index, const Strides& strides) const {
    auto result = static_cast<std::ptrdiff_t>(index % parts_ * rows_) * strides[axis_];
    index /= parts_;
    for (std::size_t d = axis_; d-- > 0; index /= shape_[d])
        result += static_cast<std::ptrdiff_t>(index % shape_[d]) * strides[d];
    return result;
}

Runs::Runs(const Blocks& blocks, const Shape& shape, const Strides& strides) : length_(1), step_(strides.back()) {
    // The run: the axes at the end that continue one another, or along which nothing moves.
    std::size_t axis = shape.size();
    while (axis > blocks.axis() + 1 && strides[axis - 1] == step_ * static_cast<std::ptrdiff_t>(length_))
        length_ *= shape[--axis];
    if (axis == blocks.axis() + 1 && strides[axis - 1] == step_ * static_cast<std::ptrdiff_t>(length_)) {
        length_ = blocks.size();
        starts_.push_back(0);
        return;
    }
    if (blocks.axis() + 2 == shape.size() && step_ != 1) {
        const std::ptrdiff_t next_row = strides[blocks.axis()];
        const bool is_short = shape.back() <= longest_short_row;
        const bool backwards = step_ == -1 && next_row == static_cast<std::ptrdiff_t>(shape.back());
        if ((next_row == 1 && (step_ != 0 || is_short)) || (backwards && is_short)) {
            turned_ = shape.back();
            turned_step_ = step_;
        }
    }
    if (step_ != 0 && step_ != 1) {
        axis = shape.size();
        length_ = 1;
        step_ = 1;
    }
    starts_.resize(blocks.size() / length_);
    // Odometer-wise: a run's place is that of the run before, moved by one along the innermost axis that has not ended.
    Shape position(axis, 0);
    std::ptrdiff_t start = 0;
    for (auto& entry : starts_) {
        entry = start;
        for (std::size_t d = axis; d-- > blocks.axis();) {
            start += strides[d];
            if (d == blocks.axis() || ++position[d] < shape[d]) break;
            position[d] = 0;
            start -= static_cast<std::ptrdiff_t>(shape[d]) * strides[d];
        }
    }
}

template <class T>
void Runs::read(const T* block, T* to, std::size_t count) const {
    if (starts_.size() == 1) {
        read_run(block, step_, to, count);
        return;
    }
    if (turned_ != 0) {
        const std::size_t rows = count / turned_;
        if (turned_step_ != -1) {
            transpose_block(block, turned_step_, turned_, rows, to, turned_);
            return;
        }
        T columns[Blocks::most];
        const auto length = static_cast<std::ptrdiff_t>(turned_), step = static_cast<std::ptrdiff_t>(rows);
        transpose_block(block - (length - 1), length, rows, turned_, columns, rows);
        transpose_block(std::as_const(columns) + (length - 1) * step, -step, turned_, rows, to, turned_);
        return;
    }
    const std::ptrdiff_t* start = starts_.data();
    const std::size_t runs = count / length_, length = length_;
    if (length == 1)
        for (std::size_t r = 0; r < runs; ++r) to[r] = block[start[r]];
    else if (step_ == 0)
        with_step(length, [=](auto step) {
            for (std::size_t r = 0; r < runs; ++r) fill_run<step>(block[start[r]], to + r * length, length);
        });
    else
        with_step(length, [=](auto step) {
            for (std::size_t r = 0; r < runs; ++r) copy_run<step>(block + start[r], to + r * length, length);
        });
}

template <class T>
void Runs::write(const T* from, T* block, std::size_t count) const {
    if (starts_.size() == 1) {
        if (step_ == 1)
            copy_elements(from, count, block);
        else
            for (std::size_t i = 0; i < count; ++i) block[static_cast<std::ptrdiff_t>(i) * step_] = from[i];
        return;
    }
    const std::ptrdiff_t* start = starts_.data();
    const std::size_t runs = count / length_, length = length_;
    if (length == 1)
        for (std::size_t r = 0; r < runs; ++r) block[start[r]] = from[r];
    else
        with_step(length, [=](auto step) {
            for (std::size_t r = 0; r < runs; ++r) copy_run<step>(from + r * length, block + start[r], length);
        });
}

template <class T>
void Runs::add(const T* from, T* block, std::size_t count) const {
    const std::size_t length = starts_.size() == 1 ? count : length_;
    for (std::size_t r = 0; r * length < count; ++r) {
        const T* run = from + r * length;
        T* to = block + starts_[r];
        if (step_ == 1)
            for (std::size_t i = 0; i < length; ++i) to[i] += run[i];
        else
            for (std::size_t i = 0; i < length; ++i) to[static_cast<std::ptrdiff_t>(i) * step_] += run[i];
    }
}

template void Runs::read(const float*, float*, std::size_t) const;
template void Runs::read(const double*, double*, std::size_t) const;
template void Runs::write(const float*, float*, std::size_t) const;
template void Runs::write(const double*, double*, std::size_t) const;
template void Runs::add(const float*, float*, std::size_t) const;
template void Runs::add(const double*, double*, std::size_t) const;

}    // namespace xtape::detail
