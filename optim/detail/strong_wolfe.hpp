// A line search for the strong Wolfe conditions, step for step as PyTorch's.
#pragma once

#include <xtape/core/array.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <utility>

namespace xtape::optim::detail {

// The loss at start + t direction, its derivative by t, and its gradient.
template <class T>
struct LinePoint {
    double t;
    double loss;
    double slope;
    Array<T> gradient;

    LinePoint again() const { return {t, loss, slope, share(gradient)}; }
};

// The place within [low, high] of the least value of the cubic through two points with their slopes.
template <class T>
double cubic_minimum(const LinePoint<T>& a, const LinePoint<T>& b, double low, double high) {
    const double d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t);
    const double square = d1 * d1 - a.slope * b.slope;
    if (!(square >= 0)) return (low + high) / 2;
    const double d2 = std::sqrt(square);
    const double place = a.t <= b.t ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
                                    : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
    return std::min(std::max(place, low), high);
}

// From `start` (t = 0), trying `t` first; `longest` is the largest element of the direction. Nocedal and Wright 2006,
// algorithms 3.5 and 3.6.
template <class T>
LinePoint<T> strong_wolfe(const std::function<LinePoint<T>(double)>& evaluate, const LinePoint<T>& start, double t,
                          double longest, double tolerance_change) {
    constexpr double c1 = 1e-4, c2 = 0.9;
    constexpr int most_tries = 25;
    const auto decreases = [&](const LinePoint<T>& p) { return !(p.loss > start.loss + c1 * p.t * start.slope); };
    const auto is_flat = [&](const LinePoint<T>& p) { return std::abs(p.slope) <= -c2 * start.slope; };

    LinePoint<T> point = evaluate(t), previous = start.again();
    int tries = 0;
    for (; tries < most_tries; ++tries) {
        if (!decreases(point) || (tries > 1 && point.loss >= previous.loss)) break;
        if (is_flat(point)) return point;
        if (point.slope >= 0) break;
        t = cubic_minimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10);
        previous = std::exchange(point, evaluate(t));
    }
    if (tries == most_tries) previous = start.again();

    std::array<LinePoint<T>, 2> ends{std::move(previous), std::move(point)};
    bool little_progress = false;
    std::size_t low = ends[0].loss <= ends[1].loss ? 0 : 1;
    for (; tries < most_tries; ++tries) {
        const double least = std::min(ends[0].t, ends[1].t), most = std::max(ends[0].t, ends[1].t);
        if ((most - least) * longest < tolerance_change) break;
        t = cubic_minimum(ends[0], ends[1], least, most);
        const double margin = 0.1 * (most - least);
        if (std::min(most - t, t - least) < margin) {    // too near an end: twice in a row is not let pass
            if (little_progress || t >= most || t <= least) {
                t = std::abs(t - most) < std::abs(t - least) ? most - margin : least + margin;
                little_progress = false;
            } else {
                little_progress = true;
            }
        } else {
            little_progress = false;
        }
        LinePoint<T> next = evaluate(t);
        if (!decreases(next) || next.loss >= ends[low].loss) {
            ends[1 - low] = std::move(next);
            low = ends[0].loss <= ends[1].loss ? 0 : 1;
            continue;
        }
        if (is_flat(next)) return next;
        if (next.slope * (ends[1 - low].t - ends[low].t) >= 0) ends[1 - low] = std::move(ends[low]);
        ends[low] = std::move(next);
    }
    return std::move(ends[low]);
}

}    // namespace xtape::optim::detail
