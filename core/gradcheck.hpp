// Gradient checking: derivatives taken by the tape against central differences.
#pragma once

#include <xtape/core/variable.hpp>

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace xtape {

struct GradcheckOptions {
    int order = 1;         // derivatives of order 1 to this one are checked
    double eps = 1e-2;     // the largest step, times max(1, |x|); smaller ones follow by halves
    double atol = 1e-7;    // times the largest derivative with respect to the same input
    double rtol = 1e-5;
    std::size_t most_elements = 512;    // inputs with more elements are checked along random directions
    std::size_t directions = 8;         // that many
};

// One place at which the tape and the differences disagree, or could not be compared.
struct GradcheckFinding {
    int order = 0;
    std::size_t input = 0;
    std::string element;       // "(1, 0)", or "direction 3"
    double analytic = 0;       // what the tape says
    double numeric = 0;        // what central differences say
    double uncertainty = 0;    // of the central differences, estimated
    std::string reason;
};

// The result of a gradient check; true when it passed, and printable.
class GradcheckReport {
public:
    // True when something was compared and nothing was wrong.
    explicit operator bool() const { return wrong.empty() && compared > 0; }
    // What was found, the worst first: input, element, analytic and numeric value, operation.
    std::string message() const;

    std::vector<GradcheckFinding> wrong;
    std::vector<GradcheckFinding> not_checkable;    // at kinks, jumps, or where round-off hides the derivative
    std::size_t compared = 0;
    std::string operation;    // the one that computed the function's value
    std::vector<std::string> input_shapes;
};

// Prints the message.
std::ostream& operator<<(std::ostream& out, const GradcheckReport& report);

// Compares the derivatives of f at `inputs` with central differences (Ridders' extrapolation over falling steps, which
// also estimates its own error). All outputs are checked at once, weighted by fixed random numbers; so are the
// derivatives of lower order when a higher one is checked. A disagreement where the one-sided slopes differ (a kink) or
// where round-off is larger than the tolerance is listed as not checkable, not as wrong. f is called many times and
// must depend on nothing but its argument. Deterministic. Throws what f throws, GradError when f's value holds no
// element or is not the same twice, std::invalid_argument for options out of range.
//
//     BOOST_TEST(gradcheck([](const Variables<double>& in) { return matmul(in[0], in[1]); }, {a, b}, {.order = 2}));
GradcheckReport gradcheck(const std::function<Variable<double>(const Variables<double>&)>& f,
                          const Variables<double>& inputs, const GradcheckOptions& options = {});

}    // namespace xtape
