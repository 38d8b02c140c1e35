#include <xtape/core/backward.hpp>
#include <xtape/core/detail/number.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/pointwise.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <sstream>
#include <stdexcept>

namespace xtape {
namespace {

using Function = std::function<Variable<double>(const Variables<double>&)>;

// Hands f values that are no leaves, so that a derivative which reads what it did not declare is noticed.
struct GradcheckInput {
    static constexpr auto name = "input";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"gradcheck", "y = x", "dy/dx = 1"};
    Array<double> forward(const Array<double>& x) const { return share(x); }
    auto vjp(const Variable<double>&, const Variable<double>&, const Variable<double>&) const {
        return pullbacks(pass);
    }
    static Samples samples() {
        return Samples().add(
            "itself", {Array<double>{1.0, 2.0}}, [](const auto& x) { return x[0]; },
            [](const std::vector<Array<double>>& x) { return x[0]; });
    }
};

// Fixed numbers in [0.5, 1.5), different for each use.
Array<double> weights(const Shape& shape, std::uint64_t salt) {
    Array<double> result = empty_array<double>(shape);
    std::uint64_t state = salt * 0x9E3779B97F4A7C15;
    for (double& weight : result.storage()) {
        std::uint64_t z = state += 0x9E3779B97F4A7C15;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
        z = (z ^ z >> 27) * 0x94D049BB133111EB;
        weight = 0.5 + static_cast<double>((z ^ z >> 31) >> 11) * 0x1p-53;
    }
    return result;
}

double dot(const Array<double>& a, const Array<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a.storage()[i] * b.storage()[i];
    return sum;
}

// The derivative of f of some order, contracted with fixed weights to one number and its gradient.
class Contraction {
public:
    Contraction(const Function& f, const Variables<double>& inputs) : f_(f) {
        for (const auto& input : inputs) points_.push_back(share(input.value()));
    }

    std::vector<Array<double>>& points() { return points_; }
    std::string operation;

    // Order 0: sum(w f(x)). Order k: sum over inputs of sum(w d(order k-1)/dx).
    double value(int order) {
        double sum = 0;
        Variables<double> x = leaves();
        auto parts = derivatives(order, x, order > 0 && order - 1 > 0);
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (parts[i].defined()) sum += dot(parts[i].value(), weights(parts[i].shape(), salt(order, i)));
        return sum;
    }

    // The gradient of value(order) with respect to each input, zeros where there is none.
    std::vector<Array<double>> gradient(int order) {
        Variables<double> x = leaves();
        auto parts = derivatives(order, x, true);
        auto gradients = contract(parts, order, x, false);
        std::vector<Array<double>> result;
        for (std::size_t i = 0; i < x.size(); ++i) {
            result.push_back(gradients[i].defined() ? share(gradients[i].value()) : weights(points_[i].shape(), 0));
            if (!gradients[i].defined()) result.back().fill(0.0);
        }
        return result;
    }

private:
    Variables<double> leaves() const {
        Variables<double> x;
        for (const auto& point : points_) x.push_back(Variable<double>(share(point), requires_grad));
        return x;
    }

    static std::uint64_t salt(int order, std::size_t part) {
        return 1 + static_cast<std::uint64_t>(order) * 1000 + part;
    }

    // The derivatives of that order with respect to each input; order 0 is f itself.
    Variables<double> derivatives(int order, const Variables<double>& x, bool record) {
        EnableGrad guard;
        if (order == 0) {
            Variables<double> passed;
            for (const auto& leaf : x) passed.push_back(apply(GradcheckInput{}, leaf));
            auto y = f_(passed);
            operation = y.operation();
            return {y};
        }
        return contract(derivatives(order - 1, x, true), order - 1, x, record);
    }

    static Variables<double> contract(const Variables<double>& parts, int order, const Variables<double>& x,
                                      bool record) {
        Variables<double> outputs, seeds;
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (parts[i].defined() && parts[i].requires_grad()) {
                outputs.push_back(parts[i]);
                seeds.push_back(Variable<double>(weights(parts[i].shape(), salt(order, i))));
            }
        if (outputs.empty()) return Variables<double>(x.size());
        return grad(outputs, x, {.create_graph = record, .allow_unused = true}, seeds);
    }

    const Function& f_;
    std::vector<Array<double>> points_;
};

struct Slope {
    double value = 0;
    double uncertainty = std::numeric_limits<double>::infinity();
    bool kink = false;
    double left = 0, right = 0;
    double centre = 0;    // the function's own value
};

// The slope at 0 of a function of one number. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", 1982.
Slope slope_of(const std::function<double(double)>& along, double step) {
    constexpr int rows = 10;
    constexpr double shrink = 2.0;
    double table[rows][rows] = {};
    double left[rows], right[rows];
    double centre = along(0);
    Slope best;
    best.centre = centre;
    int filled = 0;
    for (int tries = 0; filled < rows && tries < 2 * rows; ++tries, step /= shrink) {
        double above = along(step), below = along(-step);
        if (!std::isfinite(above) || !std::isfinite(below)) {    // left the domain: only smaller steps can tell
            filled = 0;
            best = Slope();
            best.centre = centre;
            continue;
        }
        right[filled] = (above - centre) / step;
        left[filled] = (centre - below) / step;
        table[0][filled] = (above - below) / (2 * step);
        double noise = 4 * std::numeric_limits<double>::epsilon() * std::max(std::abs(above), std::abs(below)) / step;
        double factor = shrink * shrink;
        for (int k = 1; k <= filled; ++k, factor *= shrink * shrink) {
            table[k][filled] = (table[k - 1][filled] * factor - table[k - 1][filled - 1]) / (factor - 1);
            double error = std::max(std::abs(table[k][filled] - table[k - 1][filled]),
                                    std::abs(table[k][filled] - table[k - 1][filled - 1])) +
                           noise;
            if (error < best.uncertainty) {
                best.uncertainty = error;
                best.value = table[k][filled];
            }
        }
        ++filled;
    }
    if (filled < 4) return best;
    // Of a smooth function the two one-sided slopes approach each other with the step, at a kink they do not.
    int small = filled - 1, large = filled - 4;
    double gap_small = right[small] - left[small], gap_large = right[large] - left[large];
    double noise = 8 * std::numeric_limits<double>::epsilon() * std::abs(centre) / step;
    best.left = left[small];
    best.right = right[small];
    best.kink = std::abs(gap_small) > 0.4 * std::abs(gap_large) && std::abs(gap_small) > 100 * noise &&
                std::abs(gap_small) > 1e-4 * std::max(std::abs(left[small]), std::abs(right[small]));
    return best;
}

std::string element_name(std::size_t index, const Shape& shape) {
    std::string text;
    for (std::size_t d = shape.size(); d-- > 0;) {
        text = std::to_string(index % shape[d]) + (text.empty() ? "" : ", ") + text;
        index /= shape[d];
    }
    return "(" + text + ")";
}

struct Probe {
    std::string name;
    double analytic;
    Slope numeric;
};

class Checker {
public:
    Checker(const Function& f, const Variables<double>& inputs, const GradcheckOptions& options)
        : contraction_(f, inputs), options_(options) {
        for (const auto& input : inputs) report_.input_shapes.push_back(to_string(input.shape()));
    }

    GradcheckReport run() {
        require_repeatable();
        for (int order = 1; order <= options_.order; ++order) {
            auto gradients = contraction_.gradient(order - 1);
            for (std::size_t i = 0; i < gradients.size(); ++i) judge(order, i, probes(order, i, gradients[i]));
        }
        report_.operation = contraction_.operation;
        auto worse = [](const auto& a, const auto& b) {
            return std::abs(a.analytic - a.numeric) > std::abs(b.analytic - b.numeric);
        };
        std::stable_sort(report_.wrong.begin(), report_.wrong.end(), worse);
        return report_;
    }

private:
    void require_repeatable() {
        double first = contraction_.value(0), second = contraction_.value(0);
        if (first != second && !(std::isnan(first) && std::isnan(second)))
            throw GradError(
                "[gradcheck] the function gave two values for the same inputs; wanted one that depends on "
                "its argument alone (fix the seed of what is random in it)");
    }

    std::vector<Probe> probes(int order, std::size_t input, const Array<double>& gradient) {
        Array<double>& point = contraction_.points()[input];
        const Array<double> origin = share(point);
        std::vector<Probe> result;
        if (point.size() <= options_.most_elements) {
            for (std::size_t j = 0; j < point.size(); ++j) {
                double x = origin.storage()[j];
                auto along = [&](double step) {
                    point.storage()[j] = x + step;
                    double value = contraction_.value(order - 1);
                    point.storage()[j] = x;
                    return value;
                };
                result.push_back({element_name(j, point.shape()), gradient.storage()[j],
                                  slope_of(along, options_.eps * std::max(1.0, std::abs(x)))});
            }
            return result;
        }
        for (std::size_t d = 0; d < options_.directions; ++d) {
            Array<double> direction = weights(point.shape(), 77 + d);
            double length = 0;
            for (double& component : direction.storage()) {
                component -= 1.0;
                length += component * component;
            }
            for (double& component : direction.storage()) component /= std::sqrt(length);
            auto along = [&](double step) {
                for (std::size_t j = 0; j < origin.size(); ++j)
                    point.storage()[j] = origin.storage()[j] + step * direction.storage()[j];
                double value = contraction_.value(order - 1);
                point = share(origin);
                return value;
            };
            result.push_back(
                {"direction " + std::to_string(d), dot(gradient, direction), slope_of(along, options_.eps)});
        }
        return result;
    }

    void judge(int order, std::size_t input, const std::vector<Probe>& probes) {
        double scale = 0;
        bool all_zero = true;
        for (const auto& probe : probes) {
            if (std::isfinite(probe.numeric.uncertainty)) scale = std::max(scale, std::abs(probe.numeric.value));
            all_zero = all_zero && probe.analytic == 0;
        }
        for (const auto& probe : probes) {
            const Slope& numeric = probe.numeric;
            double distance = std::abs(probe.analytic - numeric.value);
            double tolerance =
                options_.rtol * std::max(std::abs(probe.analytic), std::abs(numeric.value)) + options_.atol * scale;
            GradcheckFinding finding{order, input, probe.name, probe.analytic, numeric.value, numeric.uncertainty, ""};
            bool certain = numeric.uncertainty <= std::max(tolerance, 0.1 * distance);
            bool vanished = all_zero && std::abs(numeric.value) > 100 * numeric.uncertainty;
            bool both_zero = probe.analytic == 0 && distance <= 4 * numeric.uncertainty &&
                             numeric.uncertainty <= 1e-9 * std::abs(numeric.centre);
            if (numeric.kink && within_kink(probe)) {
                finding.reason = "kink: the slope is " + text(numeric.left) + " to the left and " +
                                 text(numeric.right) + " to the right";
                report_.not_checkable.push_back(finding);
            } else if ((certain && distance <= tolerance && !vanished) || both_zero) {
                ++report_.compared;
            } else if ((certain && distance > tolerance) || vanished || std::isnan(probe.analytic)) {
                finding.reason =
                    vanished ? "every derivative is zero although the function varies" : "wrong derivative";
                report_.wrong.push_back(finding);
            } else {
                finding.reason = "round-off or a jump: the differences do not settle";
                report_.not_checkable.push_back(finding);
            }
        }
    }

    static bool within_kink(const Probe& probe) {
        double low = std::min(probe.numeric.left, probe.numeric.right);
        double high = std::max(probe.numeric.left, probe.numeric.right);
        double slack = 0.01 * (high - low);
        return probe.analytic >= low - slack && probe.analytic <= high + slack;
    }

    static std::string text(double number) {
        std::ostringstream out;
        out.precision(9);
        out << number;
        return out.str();
    }

    Contraction contraction_;
    GradcheckOptions options_;
    GradcheckReport report_;
};

}    // namespace

std::string GradcheckReport::message() const {
    std::ostringstream out;
    out.precision(9);
    auto describe = [&](const GradcheckFinding& finding) {
        out << "  order " << finding.order << ", input " << finding.input << " of shape " << input_shapes[finding.input]
            << ", element " << finding.element << ": the tape says " << finding.analytic << ", differences say "
            << finding.numeric << " +- " << finding.uncertainty << " (" << finding.reason << ")\n";
    };
    constexpr std::size_t most = 5;
    auto list = [&](const char* title, const std::vector<GradcheckFinding>& findings) {
        if (findings.empty()) return;
        out << title << " (" << findings.size() << "):\n";
        for (std::size_t i = 0; i < std::min(most, findings.size()); ++i) describe(findings[i]);
    };
    out << "[gradcheck] " << (operation.empty() ? "the function" : operation) << ": " << compared
        << " derivatives agree\n";
    list("wrong", wrong);
    list("not checkable here", not_checkable);
    if (wrong.empty() && compared == 0) out << "nothing could be compared, so nothing is shown to be right\n";
    return out.str();
}

std::ostream& operator<<(std::ostream& out, const GradcheckReport& report) { return out << report.message(); }

GradcheckReport gradcheck(const Function& f, const Variables<double>& inputs, const GradcheckOptions& options) {
    if (options.order < 1)
        throw std::invalid_argument("[gradcheck] got order = " + std::to_string(options.order) + "; wanted 1 or more");
    if (!(options.eps > 0))
        throw std::invalid_argument("[gradcheck] got eps = " + detail::to_text(options.eps) +
                                    "; wanted a positive step");
    return Checker(f, inputs, options).run();
}

}    // namespace xtape
