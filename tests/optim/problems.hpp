// The losses that optimizers are tried on, with gradients written by hand, and the walk over them.
#pragma once

#include <xtape/optim/optimizer.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace problems {

using Point = std::vector<double>;

struct Problem {
    std::string name;
    Point start;
    double lr;    // for plain gradient descent
    std::function<double(const Point&)> loss;
    std::function<Point(const Point&)> gradient;
};

// sum_i c_i x_i^2 / 2 over 37 elements: full registers and a rest.
inline Problem quadratic() {
    Point start(37);
    for (std::size_t i = 0; i < start.size(); ++i) start[i] = 1.5 - 0.11 * static_cast<double>(i);
    auto c = [](std::size_t i) { return 0.1 + 0.07 * static_cast<double>(i); };
    return {"quadratic", start, 0.05,
            [c](const Point& x) {
                double sum = 0;
                for (std::size_t i = 0; i < x.size(); ++i) sum += c(i) * x[i] * x[i] / 2;
                return sum;
            },
            [c](const Point& x) {
                Point g(x.size());
                for (std::size_t i = 0; i < x.size(); ++i) g[i] = c(i) * x[i];
                return g;
            }};
}

inline Problem rosenbrock() {
    return {"rosenbrock",
            {-1.2, 1.0},
            2e-4,
            [](const Point& x) { return std::pow(1 - x[0], 2) + 100 * std::pow(x[1] - x[0] * x[0], 2); },
            [](const Point& x) {
                const double rest = x[1] - x[0] * x[0];
                return Point{-2 * (1 - x[0]) - 400 * x[0] * rest, 200 * rest};
            }};
}

inline Problem beale() {
    return {"beale",
            {1.0, 1.5},
            1e-3,
            [](const Point& p) {
                const double x = p[0], y = p[1];
                return std::pow(1.5 - x + x * y, 2) + std::pow(2.25 - x + x * y * y, 2) +
                       std::pow(2.625 - x + x * y * y * y, 2);
            },
            [](const Point& p) {
                const double x = p[0], y = p[1];
                const double a = 1.5 - x + x * y, b = 2.25 - x + x * y * y, c = 2.625 - x + x * y * y * y;
                return Point{2 * a * (y - 1) + 2 * b * (y * y - 1) + 2 * c * (y * y * y - 1),
                             2 * a * x + 4 * b * x * y + 6 * c * x * y * y};
            }};
}

// The mean of log(1 + e^(-y (w x + b))) over 20 points of 4 features.
inline Problem logistic() {
    struct Sample {
        Point x;
        double y;
    };
    std::vector<Sample> samples;
    for (int i = 0; i < 20; ++i) {
        Point x(4);
        for (int k = 0; k < 4; ++k)
            x[static_cast<std::size_t>(k)] = std::sin(1.3 * i + 2.1 * k) + 0.3 * std::cos(7.0 * i * k);
        samples.push_back({x, x[0] - 0.5 * x[2] + 0.2 * std::sin(11.0 * i) > 0 ? 1.0 : -1.0});
    }
    auto score = [](const Point& w, const Sample& s) {
        double sum = w[4];
        for (std::size_t k = 0; k < 4; ++k) sum += w[k] * s.x[k];
        return sum;
    };
    return {"logistic",
            {0.1, -0.2, 0.3, 0.05, 0.0},
            0.5,
            [=](const Point& w) {
                double sum = 0;
                for (const auto& s : samples) sum += std::log1p(std::exp(-s.y * score(w, s)));
                return sum / 20;
            },
            [=](const Point& w) {
                Point g(5);
                for (const auto& s : samples) {
                    const double slope = -s.y / (1 + std::exp(s.y * score(w, s))) / 20;
                    for (std::size_t k = 0; k < 4; ++k) g[k] += slope * s.x[k];
                    g[4] += slope;
                }
                return g;
            }};
}

inline std::vector<Problem> all() { return {quadratic(), rosenbrock(), beale(), logistic()}; }

// Two parameters, "a" of the first element and "b" of the others: so that there is more than one.
template <class T>
struct Split {
    explicit Split(const Point& x) {
        xtape::Array<T> first = xtape::empty_array<T>({1}), others = xtape::empty_array<T>({x.size() - 1});
        first.storage()[0] = static_cast<T>(x[0]);
        std::transform(x.begin() + 1, x.end(), others.storage().begin(), [](double v) { return static_cast<T>(v); });
        parameters.add("a", xtape::Variable<T>(std::move(first), xtape::requires_grad));
        parameters.add("b", xtape::Variable<T>(std::move(others), xtape::requires_grad));
    }
    Point point() const {
        Point x;
        for (const auto& named : parameters)
            for (T v : named.parameter.value().storage()) x.push_back(static_cast<double>(v));
        return x;
    }
    void set_gradient(const Point& g) {
        std::size_t i = 0;
        for (auto& named : parameters) {
            xtape::Array<T> grad = xtape::empty_array<T>(named.parameter.shape());
            for (T& v : grad.storage()) v = static_cast<T>(g[i++]);
            named.parameter.set_grad(std::move(grad));
        }
    }
    xtape::Parameters<T> parameters;
};

// Where `steps` steps with these options lead, step by step.
template <template <class> class Optimizer, class T = double>
std::vector<Point> walk(const Problem& problem, const typename Optimizer<T>::Options& options, int steps) {
    Split<T> x(problem.start);
    Optimizer<T> optimizer(x.parameters, options);
    std::vector<Point> path;
    for (int i = 0; i < steps; ++i) {
        x.set_gradient(problem.gradient(x.point()));
        optimizer.step();
        path.push_back(x.point());
    }
    return path;
}

// A step written down from the paper: changes one element, given its gradient, the number of the step (from 1), and
// numbers of its own, at first 0.
using Element = std::function<void(double& p, double g, int step, double (&own)[4])>;

inline std::vector<Point> walk_plainly(const Problem& problem, const Element& change, int steps) {
    Point x = problem.start;
    std::vector<double[4]> own(x.size());
    std::vector<Point> path;
    for (int step = 1; step <= steps; ++step) {
        const Point g = problem.gradient(x);
        for (std::size_t i = 0; i < x.size(); ++i) change(x[i], g[i], step, own[i]);
        path.push_back(x);
    }
    return path;
}

inline double largest_difference(const std::vector<Point>& a, const std::vector<Point>& b) {
    double largest = 0;
    for (std::size_t step = 0; step < a.size(); ++step)
        for (std::size_t i = 0; i < a[step].size(); ++i) {
            const double difference = std::abs(a[step][i] - b[step][i]) / std::max(1.0, std::abs(b[step][i]));
            if (!(difference <= largest)) largest = difference;
        }
    return largest;
}

// 100 steps on every problem agree with the plain ones to 1e-10, and lead somewhere.
template <template <class> class Optimizer, class Options, class Plain>
void check_walks(Options options, Plain plain) {
    for (const Problem& problem : all()) {
        const auto path = walk<Optimizer>(problem, options, 100);
        const auto expected = walk_plainly(problem, plain, 100);
        BOOST_TEST_CONTEXT(problem.name) {
            BOOST_TEST(largest_difference(path, expected) <= 1e-10);
            BOOST_TEST(largest_difference({problem.start}, {path.back()}) > 1e-4);
        }
    }
}

}    // namespace problems
