#include <xtape/core/pointwise.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace xtape::detail {
namespace {

constexpr std::size_t block = 1024;            // elements that a kernel is given at once: they stay in the first cache
constexpr std::size_t parallel = 64 * 1024;    // elements from which a second thread pays
constexpr std::size_t short_row = 128;         // rows shorter than this are gathered into blocks across their ends

// How one operand moves along the merged axes of the output.
template <class T>
struct Walk {
    const T* data;
    Strides strides;
};

// The loop that all operands share: axes of length 1 dropped, axes that no operand tells apart merged.
template <class T>
struct Loop {
    Shape shape;
    std::vector<Walk<T>> walks;

    Loop(std::span<const Operand<T>> in, const Shape& output) {
        std::vector<Strides> strides;
        for (const auto& x : in) strides.push_back(strides_in(x, output));
        walks.resize(in.size());
        for (std::size_t k = 0; k < in.size(); ++k) walks[k].data = in[k].data;
        for (std::size_t d = 0; d < output.size(); ++d) {
            if (output[d] == 1) continue;
            bool merge = !shape.empty();
            for (std::size_t k = 0; merge && k < in.size(); ++k)
                merge = walks[k].strides.back() == strides[k][d] * static_cast<std::ptrdiff_t>(output[d]);
            if (merge)
                shape.back() *= output[d];
            else
                shape.push_back(output[d]);
            for (std::size_t k = 0; k < in.size(); ++k) {
                if (!merge) walks[k].strides.push_back(0);
                walks[k].strides.back() = strides[k][d];
            }
        }
        if (shape.empty()) {
            shape.push_back(1);
            for (auto& walk : walks) walk.strides.push_back(1);
        }
    }

    // The operand's strides along the axes that it is broadcast to.
    static Strides strides_in(const Operand<T>& x, const Shape& output) {
        Strides own = x.strides != nullptr ? *x.strides : contiguous_strides(*x.shape);
        Strides result(output.size(), 0);
        std::size_t lead = output.size() - own.size();
        for (std::size_t d = 0; d < own.size(); ++d) result[lead + d] = (*x.shape)[d] == 1 ? 0 : own[d];
        return result;
    }

    std::size_t row() const { return shape.back(); }

    // The element of each operand at which flattened row number `index` begins.
    void row_starts(std::size_t index, const T** starts) const {
        for (std::size_t k = 0; k < walks.size(); ++k) starts[k] = walks[k].data;
        for (std::size_t d = shape.size() - 1; d-- > 0;) {
            auto position = static_cast<std::ptrdiff_t>(index % shape[d]);
            index /= shape[d];
            for (std::size_t k = 0; k < walks.size(); ++k) starts[k] += position * walks[k].strides[d];
        }
    }
};

template <class T>
void copy_steps(const T* from, std::ptrdiff_t step, T* to, std::size_t count) {
    if (step == 0)
        std::fill_n(to, count, *from);
    else
        for (std::size_t i = 0; i < count; ++i) to[i] = from[static_cast<std::ptrdiff_t>(i) * step];
}

// Rows long enough to be worked on one at a time: an operand in order is read where it stands.
template <class T>
void run_rows(BlockKernel<T> kernel, const void* op, const Loop<T>& loop, T* out, std::size_t first, std::size_t last) {
    const std::size_t operands = loop.walks.size(), row = loop.row();
    alignas(64) T buffers[most_operands<T>][block];
    const T* starts[most_operands<T>];
    const T* in[most_operands<T>];
    for (std::size_t r = first / row; r * row < last; ++r) {
        loop.row_starts(r, starts);
        for (std::size_t k = 0; k < operands; ++k)
            if (loop.walks[k].strides.back() == 0) copy_steps(starts[k], 0, buffers[k], std::min(block, row));
        std::size_t begin = std::max(first, r * row) - r * row, end = std::min(last, (r + 1) * row) - r * row;
        for (std::size_t i = begin; i < end; i += block) {
            std::size_t count = std::min(block, end - i);
            for (std::size_t k = 0; k < operands; ++k) {
                std::ptrdiff_t step = loop.walks[k].strides.back();
                if (step == 1) {
                    in[k] = starts[k] + i;
                } else {
                    if (step != 0)
                        copy_steps(starts[k] + static_cast<std::ptrdiff_t>(i) * step, step, buffers[k], count);
                    in[k] = buffers[k];
                }
            }
            kernel(op, in, out + r * row + i, count);
        }
    }
}

// Short rows: every operand is gathered into blocks that run across the ends of rows.
template <class T>
void run_gathered(BlockKernel<T> kernel, const void* op, const Loop<T>& loop, T* out, std::size_t first,
                  std::size_t last) {
    const std::size_t operands = loop.walks.size(), row = loop.row();
    alignas(64) T buffers[most_operands<T>][block];
    const T* starts[most_operands<T>];
    const T* in[most_operands<T>];
    for (std::size_t k = 0; k < operands; ++k) in[k] = buffers[k];
    for (std::size_t done = first; done < last;) {
        std::size_t count = std::min(block, last - done);
        for (std::size_t filled = 0; filled < count;) {
            std::size_t index = done + filled, i = index % row;
            std::size_t run = std::min(row - i, count - filled);
            loop.row_starts(index / row, starts);
            for (std::size_t k = 0; k < operands; ++k) {
                std::ptrdiff_t step = loop.walks[k].strides.back();
                copy_steps(starts[k] + static_cast<std::ptrdiff_t>(i) * step, step, buffers[k] + filled, run);
            }
            filled += run;
        }
        kernel(op, in, out + done, count);
        done += count;
    }
}

// Whether reading the operand row by row would fetch each cache line many times over.
template <class T>
bool scattered(const Operand<T>& x, std::size_t size) {
    return x.strides != nullptr && size >= parallel && !x.strides->empty() &&
           std::abs(x.strides->back()) * static_cast<std::ptrdiff_t>(sizeof(T)) >= 64 && x.shape->back() > 1;
}

}    // namespace

template <class T>
void run_blocks(BlockKernel<T> kernel, const void* op, std::span<const Operand<T>> in, T* out, const Shape& shape) {
    bool in_order = true;
    for (const auto& x : in) in_order = in_order && x.strides == nullptr && same_shape(*x.shape, shape);
    std::size_t size = 1;
    for (std::size_t length : shape) size *= length;
    if (size == 0) return;
    if (in_order) {
        const T* starts[most_operands<T>];
        for (std::size_t k = 0; k < in.size(); ++k) starts[k] = in[k].data;
        if (size < parallel) {
            kernel(op, starts, out, size);
            return;
        }
        parallel_for(size, parallel / 2, [&](std::size_t begin, std::size_t end) {
            const T* parts[most_operands<T>];
            for (std::size_t k = 0; k < in.size(); ++k) parts[k] = starts[k] + begin;
            kernel(op, parts, out + begin, end - begin);
        });
        return;
    }
    std::vector<Operand<T>> operands(in.begin(), in.end());
    std::vector<Storage<T>> gathered;
    gathered.reserve(operands.size());
    for (auto& x : operands)
        if (scattered(x, size)) {
            Storage<T>& elements = gathered.emplace_back(element_count(*x.shape));
            copy_strided(x.data, *x.shape, *x.strides, elements.data());
            x = {elements.data(), x.shape, nullptr};
        }
    const Loop<T> loop(operands, shape);
    parallel_for(size, parallel / 2, [&](std::size_t begin, std::size_t end) {
        if (loop.row() >= short_row)
            run_rows(kernel, op, loop, out, begin, end);
        else
            run_gathered(kernel, op, loop, out, begin, end);
    });
}

template void run_blocks(BlockKernel<float>, const void*, std::span<const Operand<float>>, float*, const Shape&);
template void run_blocks(BlockKernel<double>, const void*, std::span<const Operand<double>>, double*, const Shape&);

}    // namespace xtape::detail
