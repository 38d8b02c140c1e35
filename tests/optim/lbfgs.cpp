// L-BFGS against a plain version of PyTorch's, which keeps whole histories and is written on vectors of double.
#include <xtape/optim/lbfgs.hpp>

#include <cmath>
#include <stdexcept>

#include "problems.hpp"

using namespace xtape;
using namespace xtape::optim;
using namespace problems;

namespace {

double dot(const Point& a, const Point& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}
Point add(Point a, double t, const Point& b) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += t * b[i];
    return a;
}
double largest(const Point& a) {
    double most = 0;
    for (double x : a) most = std::max(most, std::abs(x));
    return most;
}

struct Plain {
    const Problem& problem;
    double lr;
    int max_iter;
    std::size_t history_size;
    bool wolfe;
    Point x = problem.start, d = {}, previous_gradient = {};
    double t = 0, scale = 1;
    int iterations = 0, evaluations = 0;
    std::vector<Point> ys = {}, ss = {};

    struct End {
        double t, f, slope;
        Point g;
    };
    static double cubic(double x1, double f1, double g1, double x2, double f2, double g2, double low, double high) {
        const double d1 = g1 + g2 - 3 * (f1 - f2) / (x1 - x2), square = d1 * d1 - g1 * g2;
        if (square < 0) return (low + high) / 2;
        const double d2 = std::sqrt(square);
        const double place = x1 <= x2 ? x2 - (x2 - x1) * ((g2 + d2 - d1) / (g2 - g1 + 2 * d2))
                                      : x1 - (x1 - x2) * ((g1 + d2 - d1) / (g1 - g2 + 2 * d2));
        return std::min(std::max(place, low), high);
    }
    End at(double step) {
        ++evaluations;
        const Point there = add(x, step, d);
        const Point g = problem.gradient(there);
        return {step, problem.loss(there), dot(g, d), g};
    }
    End search(double step, double f, double slope, const Point& g) {
        End now = at(step), before{0, f, slope, g};
        int tries = 0;
        std::vector<End> bracket;
        while (tries < 25) {
            if (now.f > f + 1e-4 * now.t * slope || (tries > 1 && now.f >= before.f)) {
                bracket = {before, now};
                break;
            }
            if (std::abs(now.slope) <= -0.9 * slope) return now;
            if (now.slope >= 0) {
                bracket = {before, now};
                break;
            }
            const double next = cubic(before.t, before.f, before.slope, now.t, now.f, now.slope,
                                      now.t + 0.01 * (now.t - before.t), now.t * 10);
            before = now;
            now = at(next);
            ++tries;
        }
        if (tries == 25) bracket = {{0, f, slope, g}, now};
        bool insufficient = false;
        std::size_t low = bracket[0].f <= bracket[1].f ? 0 : 1, high = 1 - low;
        while (tries < 25) {
            if (std::abs(bracket[1].t - bracket[0].t) * largest(d) < 1e-9) break;
            const double least = std::min(bracket[0].t, bracket[1].t), most = std::max(bracket[0].t, bracket[1].t);
            double next = cubic(bracket[0].t, bracket[0].f, bracket[0].slope, bracket[1].t, bracket[1].f,
                                bracket[1].slope, least, most);
            const double eps = 0.1 * (most - least);
            if (std::min(most - next, next - least) < eps) {
                if (insufficient || next >= most || next <= least) {
                    next = std::abs(next - most) < std::abs(next - least) ? most - eps : least + eps;
                    insufficient = false;
                } else {
                    insufficient = true;
                }
            } else {
                insufficient = false;
            }
            const End tried = at(next);
            ++tries;
            if (tried.f > f + 1e-4 * tried.t * slope || tried.f >= bracket[low].f) {
                bracket[high] = tried;
                low = bracket[0].f <= bracket[1].f ? 0 : 1;
                high = 1 - low;
            } else {
                const bool done = std::abs(tried.slope) <= -0.9 * slope;
                if (!done && tried.slope * (bracket[high].t - bracket[low].t) >= 0) bracket[high] = bracket[low];
                bracket[low] = tried;
                if (done) break;
            }
        }
        return bracket[low];
    }
    void step() {
        double loss = problem.loss(x);
        Point g = problem.gradient(x);
        int calls = 1;
        ++evaluations;
        if (largest(g) <= 1e-7) return;
        for (int n = 1; n <= max_iter; ++n) {
            ++iterations;
            if (iterations == 1) {
                d = add(Point(x.size()), -1, g);
            } else {
                const Point y = add(g, -1, previous_gradient), s = add(Point(x.size()), t, d);
                if (dot(y, s) > 1e-10) {
                    if (ys.size() == history_size) {
                        ys.erase(ys.begin());
                        ss.erase(ss.begin());
                    }
                    ys.push_back(y);
                    ss.push_back(s);
                    scale = dot(y, s) / dot(y, y);
                }
                std::vector<double> alpha(ys.size());
                Point q = add(Point(x.size()), -1, g);
                for (std::size_t i = ys.size(); i-- > 0;) {
                    alpha[i] = dot(ss[i], q) / dot(ys[i], ss[i]);
                    q = add(q, -alpha[i], ys[i]);
                }
                d = add(Point(x.size()), scale, q);
                for (std::size_t i = 0; i < ys.size(); ++i)
                    d = add(d, alpha[i] - dot(ys[i], d) / dot(ys[i], ss[i]), ss[i]);
            }
            previous_gradient = g;
            const double previous_loss = loss;
            double sum = 0;
            for (double v : g) sum += std::abs(v);
            t = iterations == 1 ? std::min(1.0, 1 / sum) * lr : lr;
            const double slope = dot(g, d);
            if (slope > -1e-9) break;
            const int before = evaluations;
            if (wolfe) {
                const End found = search(t, loss, slope, g);
                t = found.t;
                loss = found.f;
                g = found.g;
                x = add(x, t, d);
            } else {
                x = add(x, t, d);
                if (n != max_iter) {
                    loss = problem.loss(x);
                    g = problem.gradient(x);
                    ++evaluations;
                }
            }
            calls += evaluations - before;
            if (calls >= max_iter * 5 / 4 || largest(g) <= 1e-7 || largest(d) * std::abs(t) <= 1e-9 ||
                std::abs(loss - previous_loss) < 1e-9)
                break;
        }
    }
};

void check(const Problem& problem, const LBFGSOptions& options, int steps, double tolerance = 1e-10) {
    Split<double> x(problem.start);
    LBFGS<double> lbfgs(x.parameters, options);
    Plain plain{problem, options.lr, static_cast<int>(options.max_iter), static_cast<std::size_t>(options.history_size),
                options.line_search == LineSearch::strong_wolfe};
    BOOST_TEST_CONTEXT(problem.name) {
        for (int i = 0; i < steps; ++i) {
            const double expected = problem.loss(plain.x);
            plain.step();
            const double loss = lbfgs.step([&] {
                x.set_gradient(problem.gradient(x.point()));
                return problem.loss(x.point());
            });
            BOOST_TEST(std::abs(loss - expected) <= tolerance * std::max(1.0, expected));
            BOOST_TEST(largest_difference({x.point()}, {plain.x}) <= tolerance);
        }
        BOOST_TEST(lbfgs.iterations() == plain.iterations);
        BOOST_TEST(lbfgs.evaluations() == plain.evaluations);
        BOOST_TEST(lbfgs.iterations() > 5);
    }
}

}    // namespace

BOOST_AUTO_TEST_SUITE(lbfgs)

BOOST_AUTO_TEST_CASE(without_a_line_search_steps_have_the_length_lr) {
    check(quadratic(), {.lr = 0.3, .max_iter = 5}, 10);
    // Not to the end: at the minimum, differences of gradients are round-off, and so is what is made of them.
    check(logistic(), {.lr = 0.3, .max_iter = 4, .history_size = 3}, 6);
    check(beale(), {.lr = 0.1, .max_iter = 4}, 5);
}

BOOST_AUTO_TEST_CASE(the_line_search_meets_the_strong_wolfe_conditions) {
    for (const Problem& problem : all()) {
        check(problem, {.max_iter = 4, .history_size = 5, .line_search = LineSearch::strong_wolfe}, 6);
        check(problem, {.max_iter = 4, .history_size = 2, .line_search = LineSearch::strong_wolfe}, 4);
    }
    // A first step that is too long, and one that is too short, for both directions of the search.
    check(quadratic(), {.lr = 100, .max_iter = 3, .line_search = LineSearch::strong_wolfe}, 8);
    check(quadratic(), {.lr = 1e-3, .max_iter = 3, .line_search = LineSearch::strong_wolfe}, 8);
}

BOOST_AUTO_TEST_CASE(finds_minima_that_are_hard_to_find) {
    for (const Problem& problem : {rosenbrock(), beale()}) {
        Split<double> x(problem.start);
        LBFGS<double> lbfgs(x.parameters,
                            {.max_iter = 60, .tolerance_change = 0, .line_search = LineSearch::strong_wolfe});
        for (int i = 0; i < 3; ++i)
            lbfgs.step([&] {
                x.set_gradient(problem.gradient(x.point()));
                return problem.loss(x.point());
            });
        const Point minimum = problem.name == "beale" ? Point{3, 0.5} : Point{1, 1};
        BOOST_TEST_CONTEXT(problem.name) BOOST_TEST(largest_difference({x.point()}, {minimum}) <= 1e-6);
    }
}

BOOST_AUTO_TEST_CASE(wants_a_closure_and_leaves_alone_what_takes_no_part) {
    const Problem problem = beale();
    Split<double> x(problem.start);
    LBFGS<double> lbfgs(x.parameters, {.lr = 0.01});
    BOOST_CHECK_THROW(lbfgs.step(), std::logic_error);
    auto closure = [&] {
        x.set_gradient(problem.gradient(x.point()));
        return problem.loss(x.point());
    };
    lbfgs.step(closure);
    const Point before = x.point();
    x.parameters.at("b").requires_grad(false);
    Optimizer<double>& any = lbfgs;
    any.step(closure);
    BOOST_TEST(x.point()[0] != before[0]);
    BOOST_TEST(x.point()[1] == before[1]);
    BOOST_TEST(any.state().get<Array<double>>("parameters.b.direction")(0) == 0);    // whose slope counts nothing
}

BOOST_AUTO_TEST_SUITE_END()
