// Matrices of a batch that stand anywhere in memory, for ops/attention.cpp.
#pragma once

#include <xtape/core/shape.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace xtape::detail {

// Where each matrix of a view begins, the axes before the last two being its batch.
template <class E>
std::vector<std::ptrdiff_t> matrix_offsets(const View<E>& x) {
    const std::size_t axes = x.shape.size() - 2;
    std::vector<std::ptrdiff_t> offsets{0};
    for (std::size_t d = 0; d < axes; ++d) {
        std::vector<std::ptrdiff_t> next;
        next.reserve(offsets.size() * x.shape[d]);
        for (std::ptrdiff_t offset : offsets)
            for (std::size_t i = 0; i < x.shape[d]; ++i)
                next.push_back(offset + static_cast<std::ptrdiff_t>(i) * x.strides[d]);
        offsets = std::move(next);
    }
    return offsets;
}

// A batch of matrices whose rows stand in order.
template <class T>
class Heads {
public:
    explicit Heads(const View<T>& x) : view_(x.share()) {
        if (x.shape.back() > 1 && x.strides.back() != 1) view_ = view(materialize(x));
        offsets_ = matrix_offsets(view_);
    }
    std::size_t count() const { return offsets_.size(); }
    std::size_t rows() const { return view_.shape[view_.shape.size() - 2]; }
    std::size_t columns() const { return view_.shape.back(); }
    const T* row(std::size_t head, std::size_t i) const {
        return view_.data() + offsets_[head] + static_cast<std::ptrdiff_t>(i) * row_step();
    }
    std::ptrdiff_t row_step() const { return view_.strides[view_.strides.size() - 2]; }

private:
    View<T> view_;
    std::vector<std::ptrdiff_t> offsets_;
};

// A new batch of matrices, whose axes lie in memory in the order in which those of `like` do: what was split into heads
// is then joined again without a copy.
template <class T>
class NewHeads {
public:
    NewHeads(const Shape& shape, const View<T>& like) : view_{Storage<T>(element_count(shape)), shape, {}, 0} {
        std::vector<std::size_t> order(shape.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        const bool strided = std::all_of(like.strides.begin(), like.strides.end(), [](auto step) { return step > 0; });
        if (strided)
            std::stable_sort(order.begin(), order.end() - 1,
                             [&](std::size_t a, std::size_t b) { return like.strides[a] > like.strides[b]; });
        view_.strides.resize(shape.size());
        std::ptrdiff_t step = 1;
        for (std::size_t k = order.size(); k-- > 0; step *= static_cast<std::ptrdiff_t>(shape[order[k]]))
            view_.strides[order[k]] = step;
        data_ = view_.storage.data();
        offsets_ = matrix_offsets(view_);
    }
    T* row(std::size_t head, std::size_t i) const {
        return data_ + offsets_[head] + static_cast<std::ptrdiff_t>(i) * view_.strides[view_.strides.size() - 2];
    }
    View<T> take() && { return std::move(view_); }

private:
    View<T> view_;
    T* data_;
    std::vector<std::ptrdiff_t> offsets_;
};

}    // namespace xtape::detail
