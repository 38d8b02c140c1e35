// What the operations on square matrices and batches of them share.
#pragma once

#include <xtape/core/adjoint.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/decomposition.hpp>
#include <xtape/ops/shape.hpp>

#include <mutex>
#include <string>
#include <utility>

namespace xtape::detail {

template <class T>
Variable<T> flip_axes(const Variable<T>& x) {
    return swap_axes(x, -1, -2);
}

template <class T>
void check_square(const char* name, const Variable<T>& x) {
    const Shape& shape = x.shape();
    if (shape.size() < 2 || shape[shape.size() - 1] != shape[shape.size() - 2])
        throw ShapeError("[" + std::string(name) + "] got the shape " + to_string(shape) +
                         "; wanted square matrices, (..., n, n)");
}

inline Shape leading(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

// Calls make()(i) for each matrix of the shape, on several threads, make() once a part. What it returns, if not 0, is
// the number in `fault`; the first matrix that has one is refused.
template <class Make>
void each_matrix(const char* name, const Shape& shape, std::size_t columns, const char* fault, const char* wanted,
                 const Make& make) {
    const std::size_t n = shape.back(), count = element_count(leading(shape));
    std::mutex mutex;
    std::size_t first = count;
    int number = 0;
    parallel_for(count, parallel_grain(8 * n * n * (n + columns), parallel_products),
                 [&](std::size_t begin, std::size_t end) {
                     auto body = make();
                     for (std::size_t i = begin; i < end; ++i)
                         if (int found = body(i); found != 0) {
                             std::lock_guard lock(mutex);
                             if (i < first) {
                                 first = i;
                                 number = found;
                             }
                             return;
                         }
                 });
    if (first < count)
        throw LinAlgError("[" + std::string(name) + "] got the shape " + to_string(shape) + " with a matrix " +
                          (count > 1 ? "(number " + std::to_string(first) + ") " : "") + "that is " + fault +
                          std::to_string(number) + "; wanted " + wanted);
}

// The leading axes of both, broadcast, and the last two of each.
template <class T>
std::pair<Variable<T>, Variable<T>> broadcast_batches(const char* name, const Variable<T>& a, const Variable<T>& b) {
    if (b.dimension() < 2 || b.shape()[b.dimension() - 2] != a.shape().back())
        throw ShapeError("[" + std::string(name) + "] got the shapes " + to_string(a.shape()) + " and " +
                         to_string(b.shape()) + "; wanted (..., n, n) and (..., n, k)");
    const Shape batch = broadcast_shapes(name, leading(a.shape()), leading(b.shape()));
    auto to = [&](const Variable<T>& x) {
        Shape shape = batch;
        shape.insert(shape.end(), x.shape().end() - 2, x.shape().end());
        return broadcast_to(x, shape);
    };
    return {to(a), to(b)};
}

}    // namespace xtape::detail
