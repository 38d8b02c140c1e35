#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/detail/batched_products.hpp>
#include <xtape/ops/detail/small_products.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace xtape::detail {
namespace {

// An axis of the batch.
struct Axis {
    std::size_t length;
    std::ptrdiff_t a_step, b_step;
};

// Axes of length 1 dropped and axes that continue one another in both operands merged; at least one.
std::vector<Axis> merged(const Shape& batch, const Strides& a_steps, const Strides& b_steps) {
    std::vector<Axis> axes;
    for (std::size_t d = 0; d < batch.size(); ++d) {
        if (batch[d] == 1) continue;
        const auto length = static_cast<std::ptrdiff_t>(batch[d]);
        if (!axes.empty() && axes.back().a_step == a_steps[d] * length && axes.back().b_step == b_steps[d] * length)
            axes.back() = {axes.back().length * batch[d], a_steps[d], b_steps[d]};
        else
            axes.push_back({batch[d], a_steps[d], b_steps[d]});
    }
    if (axes.empty()) axes.push_back({1, 0, 0});
    return axes;
}

// The operands of a place of the batch.
template <class T>
std::pair<Matrix<T>, Matrix<T>> operands(Matrix<T> a, Matrix<T> b, const std::vector<Axis>& axes, std::size_t place) {
    for (std::size_t d = axes.size(); d-- > 0; place /= axes[d].length) {
        const auto index = static_cast<std::ptrdiff_t>(place % axes[d].length);
        a.data += index * axes[d].a_step;
        b.data += index * axes[d].b_step;
    }
    return {a, b};
}

}    // namespace

template <class T>
void multiply_batch(const Matrix<T>& a, const Strides& a_steps, const Matrix<T>& b, const Strides& b_steps,
                    const Shape& batch, T* c) {
    const std::vector<Axis> axes = merged(batch, a_steps, b_steps);
    const std::size_t places = element_count(batch), size = a.rows * b.columns;
    const std::size_t products = size * std::max<std::size_t>(1, a.columns);
    const bool small = a.columns > 0 && are_small(a.rows, a.columns, b.columns);
    auto part = [&](std::size_t begin, std::size_t end) {
        for (std::size_t i = begin, count = 1; i < end; i += count) {
            const auto [x, y] = operands(a, b, axes, i);
            if (small) {
                const Axis& axis = axes.back();
                count = std::min(end - i, axis.length - i % axis.length);
                multiply_small(x, axis.a_step, y, axis.b_step, count, c + i * size);
            } else {
                multiply(x, y, c + i * size);
            }
        }
    };
    const bool few = places < static_cast<std::size_t>(get_num_threads()) && products > 8 * parallel_products;
    if (few)    // each product is cut, not the batch
        part(0, places);
    else
        parallel_for(places, parallel_grain(products * (small ? 8 : 1), parallel_products), part);
}

template void multiply_batch(const Matrix<float>&, const Strides&, const Matrix<float>&, const Strides&, const Shape&,
                             float*);
template void multiply_batch(const Matrix<double>&, const Strides&, const Matrix<double>&, const Strides&, const Shape&,
                             double*);

}    // namespace xtape::detail
