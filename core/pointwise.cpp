#include <xtape/core/detail/strided.hpp>
#include <xtape/core/pointwise.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/view.hpp>

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace xtape::detail {
namespace {

constexpr std::size_t block = Blocks::most;
constexpr std::size_t short_row = 128;    // shorter rows are worked on in blocks that run across their ends

// The loop that all operands share, and how each of them moves along its axes.
template <class T>
struct Loop {
    Shape shape;
    std::vector<const T*> data;
    std::vector<Strides> strides;

    Loop(std::span<const Operand<T>> in, const Shape& output) : shape(output) {
        for (const auto& x : in) {
            data.push_back(x.data);
            strides.push_back(strides_in(x, output));
        }
        merge_axes(shape, strides);
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
        for (std::size_t k = 0; k < data.size(); ++k) starts[k] = data[k];
        for (std::size_t d = shape.size() - 1; d-- > 0;) {
            auto position = static_cast<std::ptrdiff_t>(index % shape[d]);
            index /= shape[d];
            for (std::size_t k = 0; k < data.size(); ++k) starts[k] += position * strides[k][d];
        }
    }
};

// Rows long enough to be worked on one at a time: an operand in order is read where it stands.
template <class T>
void run_rows(BlockKernel<T> kernel, const void* op, const Loop<T>& loop, T* out, std::size_t first, std::size_t last) {
    const std::size_t operands = loop.data.size(), row = loop.row();
    alignas(64) T buffers[most_operands<T>][block];
    const T* starts[most_operands<T>];
    const T* in[most_operands<T>];
    for (std::size_t r = first / row; r * row < last; ++r) {
        loop.row_starts(r, starts);
        for (std::size_t k = 0; k < operands; ++k)
            if (loop.strides[k].back() == 0) read_run(starts[k], 0, buffers[k], std::min(block, row));
        std::size_t begin = std::max(first, r * row) - r * row, end = std::min(last, (r + 1) * row) - r * row;
        for (std::size_t i = begin; i < end; i += block) {
            std::size_t count = std::min(block, end - i);
            for (std::size_t k = 0; k < operands; ++k) {
                std::ptrdiff_t step = loop.strides[k].back();
                if (step == 1) {
                    in[k] = starts[k] + i;
                } else {
                    if (step != 0) read_run(starts[k] + static_cast<std::ptrdiff_t>(i) * step, step, buffers[k], count);
                    in[k] = buffers[k];
                }
            }
            kernel(op, in, out + r * row + i, count);
        }
    }
}

// Short rows: blocks that run across the ends of rows. An operand in order is read where it stands, and one that a
// block shares with the block before (a row that is broadcast) is brought into order once.
template <class T>
void run_short_rows(BlockKernel<T> kernel, const void* op, const Loop<T>& loop, T* out) {
    const std::size_t operands = loop.data.size();
    const Blocks blocks(loop.shape);
    std::vector<Runs> runs;
    runs.reserve(operands);
    for (const Strides& strides : loop.strides) runs.emplace_back(blocks, loop.shape, strides);
    parallel_for(blocks.count(), parallel_grain(blocks.size()), [&](std::size_t first, std::size_t last) {
        alignas(64) T buffers[most_operands<T>][Blocks::most];
        const T* filled[most_operands<T>] = {};
        std::size_t sizes[most_operands<T>] = {};
        const T* in[most_operands<T>];
        for (std::size_t b = first; b < last; ++b) {
            const auto [begin, size] = blocks[b];
            for (std::size_t k = 0; k < operands; ++k) {
                const T* start = loop.data[k] + blocks.offset(b, loop.strides[k]);
                in[k] = runs[k].in_order() ? start : buffers[k];
                if (runs[k].in_order() || (filled[k] == start && sizes[k] >= size)) continue;
                runs[k].read(start, buffers[k], size);
                filled[k] = start;
                sizes[k] = size;
            }
            kernel(op, in, out + begin, size);
        }
    });
}

// Whether reading the operand row by row would fetch each cache line many times over.
template <class T>
bool scattered(const Operand<T>& x, std::size_t size) {
    return x.strides != nullptr && size >= parallel_elements && !x.strides->empty() &&
           std::abs(x.strides->back()) * static_cast<std::ptrdiff_t>(sizeof(T)) >= 64 && x.shape->back() > block / 16;
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
        if (size < parallel_elements) {
            kernel(op, starts, out, size);
            return;
        }
        parallel_for(size, parallel_elements / 2, [&](std::size_t begin, std::size_t end) {
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
    if (loop.row() < short_row) {
        run_short_rows(kernel, op, loop, out);
        return;
    }
    parallel_for(size, parallel_elements / 2,
                 [&](std::size_t begin, std::size_t end) { run_rows(kernel, op, loop, out, begin, end); });
}

template <class T>
Variable<T> times_slope(const Variable<T>& g, Array<T>& slope) {
    const T* slopes = std::as_const(slope).storage().data();
    Array<T> gradient = spending ? Array<T>(std::move(slope)) : empty_array<T>(g.shape());
    const std::array<Operand<T>, 2> in{operand(g), Operand<T>{slopes, &g.shape(), nullptr}};
    BlockKernel<T> multiply = [](const void*, const T* const* factors, T* out, std::size_t count) {
        compute_block<>([](const auto& a, const auto& b) { return a * b; }, factors, out, count,
                        std::make_index_sequence<2>{});
    };
    run_blocks<T>(multiply, nullptr, in, gradient.storage().data(), g.shape());
    return make_variable<T>(std::move(gradient));
}

template Variable<float> times_slope(const Variable<float>&, Array<float>&);
template Variable<double> times_slope(const Variable<double>&, Array<double>&);
template void run_blocks(BlockKernel<float>, const void*, std::span<const Operand<float>>, float*, const Shape&);
template void run_blocks(BlockKernel<double>, const void*, std::span<const Operand<double>>, double*, const Shape&);

}    // namespace xtape::detail
