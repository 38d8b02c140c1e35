#include <xtape/core/operation.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/ctc.hpp>
#include <xtape/ops/detail/recompute.hpp>
#include <xtape/ops/index.hpp>
#include <xtape/ops/join.hpp>
#include <xtape/ops/logsumexp.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/slice.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr double infinity = std::numeric_limits<double>::infinity();

double log_add(double a, double b) {
    if (a < b) std::swap(a, b);
    return b == -infinity ? a : a + std::log1p(std::exp(b - a));
}

// One example's labels with blanks before, between and after them.
struct Spelling {
    std::vector<std::int64_t> states;
    std::size_t steps;    // its length in time

    // Whether a path may come to state s from the one before the last: from a label to another label.
    bool skips(std::size_t s) const { return s >= 2 && s % 2 == 1 && states[s] != states[s - 2]; }
    // Whether it takes no more steps than there are.
    bool possible() const {
        std::size_t needed = states.size() / 2;
        for (std::size_t s = 3; s < states.size(); s += 2) needed += states[s] == states[s - 2] ? 1 : 0;
        return needed <= steps;
    }
};

template <class T>
struct Ctc {
    static constexpr auto name = "ctc";
    static constexpr auto needs = needs::input(0);
    static constexpr About about{"ctc", "y = -log sum of the probabilities of the paths that spell the labels",
                                 "dx_tk = -g (probability that such a path is at k at t)",
                                 "(time, batch, classes) -> (batch)"};
    std::vector<Spelling> examples;

    // log x of state s of example n at step t.
    struct Scores {
        const T* data;
        std::size_t batch, classes;
        double operator()(const Spelling& e, std::size_t n, std::size_t t, std::size_t s) const {
            return static_cast<double>(data[(t * batch + n) * classes + static_cast<std::size_t>(e.states[s])]);
        }
    };
    static Scores scores(const Array<T>& x) { return {x.storage().begin(), x.shape()[1], x.shape()[2]}; }

    // The logarithm of the probability of all beginnings that are at state s at step t: (steps, states).
    static std::vector<double> beginnings(const Spelling& e, const Scores& x, std::size_t n) {
        const std::size_t states = e.states.size();
        std::vector<double> a(e.steps * states, -infinity);
        for (std::size_t t = 0; t < e.steps; ++t)
            for (std::size_t s = 0; s < states; ++s) {
                double before = t == 0 && s < 2 ? 0 : -infinity;
                const double* last = t == 0 ? nullptr : a.data() + (t - 1) * states;
                if (t > 0) before = last[s];
                if (t > 0 && s > 0) before = log_add(before, last[s - 1]);
                if (t > 0 && e.skips(s)) before = log_add(before, last[s - 2]);
                a[t * states + s] = before + x(e, n, t, s);
            }
        return a;
    }
    static double total(const Spelling& e, const std::vector<double>& a) {
        const std::size_t states = e.states.size();
        if (e.steps == 0) return states == 1 ? 0 : -infinity;
        const double* last = a.data() + (e.steps - 1) * states;
        return states == 1 ? last[0] : log_add(last[states - 1], last[states - 2]);
    }

    auto forward(const Array<T>& x) const {
        Array<T> losses = empty_array<T>({examples.size()});
        T* loss = losses.storage().data();
        const Scores from = scores(x);
        detail::parallel_for(examples.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t n = begin; n < end; ++n)
                loss[n] = static_cast<T>(-total(examples[n], beginnings(examples[n], from, n)));
        });
        return losses;
    }

    auto vjp(const Variable<T>& g, const Variable<T>& x, const Variable<T>&) const {
        return pullbacks([&g, &x, this] {
            if (!is_recording()) return Variable<T>(gradient(g.value(), x.value()));
            return detail::recorded_vjp<T>(
                [op = *this](const Variables<T>& in) { return Variables<T>{op.composite(in[0])}; }, {x}, {g})[0];
        });
    }

    Array<T> gradient(const Array<T>& g, const Array<T>& x) const {
        Array<T> result(x.shape(), T(0));
        T* out = result.storage().data();
        const T* slopes = g.storage().begin();
        const Scores from = scores(x);
        detail::parallel_for(examples.size(), 1, [&](std::size_t begin, std::size_t end) {
            for (std::size_t n = begin; n < end; ++n) add_gradient(n, static_cast<double>(slopes[n]), from, out);
        });
        return result;
    }
    // Backwards through the endings of paths, of which one step is kept.
    void add_gradient(std::size_t n, double slope, const Scores& x, T* out) const {
        const Spelling& e = examples[n];
        const std::vector<double> a = beginnings(e, x, n);
        const double all = total(e, a);
        const std::size_t states = e.states.size();
        if (all == -infinity) return;
        std::vector<double> ending(states, -infinity), next(states), sums(x.classes);
        for (std::size_t t = e.steps; t-- > 0;) {
            for (std::size_t s = 0; s < states; ++s) {
                double after = t + 1 == e.steps && s + 2 >= states ? 0 : -infinity;
                auto go = [&](std::size_t to) { after = log_add(after, ending[to] + x(e, n, t + 1, to)); };
                if (t + 1 < e.steps) {
                    go(s);
                    if (s + 1 < states) go(s + 1);
                    if (s + 2 < states && e.skips(s + 2)) go(s + 2);
                }
                next[s] = after;
            }
            std::swap(ending, next);
            std::fill(sums.begin(), sums.end(), 0.0);
            for (std::size_t s = 0; s < states; ++s)
                sums[static_cast<std::size_t>(e.states[s])] += std::exp(a[t * states + s] + ending[s] - all);
            T* row = out + (t * x.batch + n) * x.classes;
            for (std::size_t k = 0; k < x.classes; ++k) row[k] = static_cast<T>(-slope * sums[k]);
        }
    }

    // The recursion in differentiable operations; a large number stands for infinity, whose derivatives are none.
    static constexpr double never = -1e30;
    Variable<T> composite(const Variable<T>& x) const {
        Variables<T> losses;
        for (std::size_t n = 0; n < examples.size(); ++n) losses.push_back(composite(x, n));
        return losses.empty() ? Variable<T>(Array<T>(Shape{0})) : stack(losses);
    }
    Variable<T> composite(const Variable<T>& x, std::size_t n) const {
        const Spelling& e = examples[n];
        if (!e.possible()) return Variable<T>(Array<T>(static_cast<T>(infinity)));
        if (e.steps == 0) return Variable<T>(Array<T>(T(0)));
        const std::size_t states = e.states.size();
        Indices labels = empty_array<std::int64_t>({states});
        std::copy(e.states.begin(), e.states.end(), labels.storage().begin());
        const Variable<T> scores = index_select(pick(x, static_cast<std::ptrdiff_t>(n), 1), 1, labels);
        Mask first(Shape{states}, false), skips(Shape{states}, false);
        for (std::size_t s = 0; s < states; ++s) {
            first.storage()[s] = s < 2;
            skips.storage()[s] = e.skips(s);
        }
        auto shifted = [&](const Variable<T>& a, std::size_t by) {
            by = std::min(by, states);
            return concat(
                {Variable<T>(Array<T>(Shape{by}, static_cast<T>(never))), narrow(a, 0, Range{0, states - by})});
        };
        Variable<T> a = where(first, pick(scores, 0), never);
        for (std::size_t t = 1; t < e.steps; ++t)
            a = logsumexp(stack({a, shifted(a, 1), where(skips, shifted(a, 2), never)}), 0) +
                pick(scores, static_cast<std::ptrdiff_t>(t));
        return -logsumexp(narrow(a, 0, Range{states < 2 ? 0 : states - 2, states}));
    }
    static Samples samples();
};

[[noreturn]] void refuse_lengths(const std::string& got_and_wanted) {
    throw std::invalid_argument("[ctc] got " + got_and_wanted);
}

std::size_t checked_length(const char* what, std::int64_t length, std::size_t most) {
    if (length < 0 || length > static_cast<std::int64_t>(most))
        refuse_lengths(std::string(what) + " " + std::to_string(length) + "; wanted 0 to " + std::to_string(most));
    return static_cast<std::size_t>(length);
}

std::vector<Spelling> spellings(const Shape& x, const Indices& targets, const Indices& input_lengths,
                                const Indices& target_lengths, std::int64_t blank) {
    const std::size_t batch = x[1];
    const bool joined = targets.dimension() == 1;
    std::vector<Spelling> examples;
    std::size_t place = 0;
    for (std::size_t n = 0; n < batch; ++n) {
        const std::size_t count = checked_length("the target length", target_lengths.storage()[n],
                                                 joined ? targets.size() - place : targets.shape()[1]);
        if (!joined) place = n * targets.shape()[1];
        Spelling e{{blank}, checked_length("the input length", input_lengths.storage()[n], x[0])};
        for (std::size_t i = 0; i < count; ++i) {
            const std::int64_t label = targets.storage()[place + i];
            if (label < 0 || label >= static_cast<std::int64_t>(x[2]) || label == blank)
                throw std::out_of_range("[ctc] got the label " + std::to_string(label) + " in example " +
                                        std::to_string(n) + "; wanted 0 to " + std::to_string(x[2] - 1) +
                                        " without the blank, " + std::to_string(blank));
            e.states.push_back(label);
            e.states.push_back(blank);
        }
        place += count;
        examples.push_back(std::move(e));
    }
    if (joined && place != targets.size())
        refuse_lengths("target lengths that add up to " + std::to_string(place) + "; wanted " +
                       std::to_string(targets.size()) + ", the number of labels");
    return examples;
}

}    // namespace

template <class T>
Variable<T> ctc(const Variable<T>& x, const IntegerArray& targets, const IntegerArray& input_lengths,
                const IntegerArray& target_lengths, std::int64_t blank) {
    if (x.dimension() != 3)
        throw ShapeError("[ctc] got an input of the shape " + to_string(x.shape()) + "; wanted (time, batch, classes)");
    const std::size_t batch = x.shape()[1];
    for (const auto* lengths : {&input_lengths, &target_lengths})
        if (!same_shape(lengths->shape(), {batch}))
            throw ShapeError("[ctc] got lengths of the shape " + to_string(lengths->shape()) + "; wanted " +
                             to_string(Shape{batch}));
    if (targets.dimension() != 1 && (targets.dimension() != 2 || targets.shape()[0] != batch))
        throw ShapeError("[ctc] got targets of the shape " + to_string(targets.shape()) + "; wanted (" +
                         std::to_string(batch) + ", most), or all one after another");
    if (blank < 0 || blank >= static_cast<std::int64_t>(x.shape()[2]))
        throw std::out_of_range("[ctc] got the blank " + std::to_string(blank) + "; wanted one of " +
                                std::to_string(x.shape()[2]) + " classes");
    return apply(Ctc<T>{spellings(x.shape(), targets, input_lengths, target_lengths, blank)}, x);
}

template Variable<float> ctc(const Variable<float>&, const IntegerArray&, const IntegerArray&, const IntegerArray&,
                             std::int64_t);
template Variable<double> ctc(const Variable<double>&, const IntegerArray&, const IntegerArray&, const IntegerArray&,
                              std::int64_t);

namespace {

// All paths of `steps` steps, each with its probability if it spells the labels.
double probability(const A& x, std::size_t n, std::size_t steps, const std::vector<std::int64_t>& labels) {
    const std::size_t classes = x.shape()[2];
    double sum = 0;
    std::size_t paths = 1;
    for (std::size_t t = 0; t < steps; ++t) paths *= classes;
    for (std::size_t path = 0; path < paths; ++path) {
        std::vector<std::int64_t> spelt;
        double logarithm = 0;
        std::size_t rest = path, last = classes;
        for (std::size_t t = 0; t < steps; ++t, rest /= classes) {
            const std::size_t k = rest % classes;
            logarithm += x(t, n, k);
            if (k != last && k != 0) spelt.push_back(static_cast<std::int64_t>(k));
            last = k;
        }
        if (spelt == labels) sum += std::exp(logarithm);
    }
    return sum;
}

template <class T>
Samples Ctc<T>::samples() {
    A x(Shape{4, 2, 3});
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = -1.2 + std::sin(1.9 * static_cast<double>(i));
    A one(Shape{3, 1, 3});
    for (std::size_t i = 0; i < one.size(); ++i) one.storage()[i] = -1.1 + std::sin(2.3 * static_cast<double>(i));
    auto with = [](Indices targets, Indices steps, Indices lengths, std::int64_t blank = 0) {
        return [=](const auto& in) { return ctc(in[0], targets, steps, lengths, blank); };
    };
    auto wanted = [](std::vector<std::size_t> steps, std::vector<std::vector<std::int64_t>> labels) {
        return [=](const Arrays& in) {
            A y(Shape{labels.size()});
            for (std::size_t n = 0; n < labels.size(); ++n)
                y(n) = -std::log(probability(in[0], n, steps[n], labels[n]));
            return y;
        };
    };
    const Indices two{{1, 2}, {2, 2}};
    return Samples()
        .add("two labels", {one}, with(Indices{1, 2}, Indices{3}, Indices{2}), wanted({3}, {{1, 2}}))
        .add("a repeated label", {x}, with(two, Indices{4, 3}, Indices{2, 2}), wanted({4, 3}, {{1, 2}, {2, 2}}), 2)
        .add("lengths, labels one after another", {x}, with(Indices{2, 1, 2}, Indices{2, 4}, Indices{1, 2}),
             wanted({2, 4}, {{2}, {1, 2}}), 2)
        .add("no labels", {one}, with(Indices(Shape{1, 0}), Indices{3}, Indices{0}), wanted({3}, {{}}))
        .add("more labels than steps", {one}, with(Indices{1, 2}, Indices{1}, Indices{2}), wanted({1}, {{1, 2}}), 0)
        .add(
            "no examples", {A(Shape{3, 0, 3})}, with(Indices(Shape{0, 2}), Indices(Shape{0}), Indices(Shape{0})),
            [](const Arrays&) { return A(Shape{0}); }, 1)
        .refuse("the blank as a label", {one}, with(Indices{1, 0}, Indices{3}, Indices{2}))
        .refuse("label 3 of 3 classes", {one}, with(Indices{1, 3}, Indices{3}, Indices{2}))
        .refuse("more steps than there are", {one}, with(Indices{1, 2}, Indices{4}, Indices{2}))
        .refuse("more labels than there are", {one}, with(Indices{1, 2}, Indices{3}, Indices{3}))
        .refuse("fewer labels than there are", {one}, with(Indices{1, 2}, Indices{3}, Indices{1}))
        .refuse("one length for two examples", {x}, with(two, Indices{4}, Indices{2, 2}))
        .refuse("a blank that is no class", {one}, with(Indices{1, 2}, Indices{3}, Indices{2}, 3))
        .refuse("a matrix", {A(Shape{3, 3}, 0.0)}, with(Indices{1}, Indices{3}, Indices{1}));
}

}    // namespace
}    // namespace xtape
