#include <xtape/core/adjoint.hpp>
#include <xtape/core/anomaly.hpp>
#include <xtape/core/backward.hpp>
#include <xtape/core/detail/sweep.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/pointwise.hpp>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

namespace xtape {
namespace {

using detail::Node;
using detail::Sweep;

template <class T>
void check_seed(const char* what, const Variable<T>& y, const Array<T>& seed) {
    if (seed.shape() != y.shape())
        throw ShapeError(std::string("[") + what + "] got a seed of shape " + to_string(seed.shape()) +
                         " for a value of shape " + to_string(y.shape()) + "; wanted the same shape");
}

template <class T>
void check_output(const char* what, const Variable<T>& y, bool seeded) {
    if (!y.requires_grad())
        throw GradError(std::string("[") + what + "] got a value of shape " + to_string(y.shape()) +
                        " that requires no gradient: it was computed from no leaf that does, or under NoGrad");
    if (!seeded && y.size() != 1)
        throw GradError(std::string("[") + what + "] got a value of shape " + to_string(y.shape()) +
                        " without a seed; wanted a single element, shape (), or a seed of shape " +
                        to_string(y.shape()));
}

template <class T>
Variable<T> ones_like(const Variable<T>& y) {
    Array<T> ones = empty_array<T>(y.shape());
    ones.fill(T(1));
    return Variable<T>(std::move(ones));
}

template <class T>
void run_backward(const Variable<T>& y, Variable<T> seed, BackwardOptions options) {
    NoGrad guard;
    Sweep<T> sweep({y}, options.retain_graph);
    sweep.seed(y, seed);
    seed = Variable<T>();
    sweep.run();
    sweep.deposit();
}

}    // namespace

template <class T>
void backward(const Variable<T>& y, BackwardOptions options) {
    check_output("backward", y, false);
    run_backward(y, ones_like(y), options);
}

template <class T>
void detail::backward_from(const Variable<T>& y, const Array<T>& seed, BackwardOptions options) {
    check_seed("backward", y, seed);
    check_output("backward", y, true);
    run_backward(y, Variable<T>(share(seed)), options);
}

template <class T>
Variables<T> grad(const Variables<T>& outputs, const std::type_identity_t<Variables<T>>& inputs, GradOptions options,
                  const std::type_identity_t<Variables<T>>& seeds) {
    if (!seeds.empty() && seeds.size() != outputs.size())
        throw GradError("[grad] got " + std::to_string(seeds.size()) + " seeds for " + std::to_string(outputs.size()) +
                        " outputs; wanted one for each, or none");
    for (std::size_t k = 0; k < outputs.size(); ++k) {
        bool seeded = !seeds.empty() && seeds[k].defined();
        if (seeded) check_seed("grad", outputs[k], seeds[k].value());
        if (outputs[k].requires_grad() || !options.zeros_for_unused) check_output("grad", outputs[k], seeded);
    }
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (!inputs[i].requires_grad())
            throw GradError("[grad] input " + std::to_string(i) + " of shape " + to_string(inputs[i].shape()) +
                            " requires no gradient");

    bool before = is_recording();
    detail::mode.recording = options.create_graph;
    struct Restore {
        bool value;
        ~Restore() { detail::mode.recording = value; }
    } restore{before};

    Sweep<T> sweep(outputs, options.retain_graph.value_or(options.create_graph));
    sweep.aim_at(inputs);
    for (std::size_t i = 0; i < inputs.size() && !options.allow_unused && !options.zeros_for_unused; ++i)
        if (!sweep.reaches(inputs[i]))
            throw GradError("[grad] input " + std::to_string(i) + " of shape " + to_string(inputs[i].shape()) +
                            " was not used to compute the outputs; wanted one that was, or {.zeros_for_unused = true}");
    for (std::size_t k = 0; k < outputs.size(); ++k)
        sweep.seed(outputs[k], !seeds.empty() && seeds[k].defined() ? seeds[k] : ones_like(outputs[k]));
    sweep.run();
    Variables<T> gradients;
    for (const auto& input : inputs) {
        gradients.push_back(sweep.gradient(&input.node()));
        // Reached, but no contribution came: the derivative is zero.
        if (!gradients.back().defined() && (options.zeros_for_unused || sweep.reaches(input)))
            gradients.back() = detail::zeros<T>(input.shape());
    }
    return gradients;
}

template void backward(const Variable<float>&, BackwardOptions);
template void backward(const Variable<double>&, BackwardOptions);
template void detail::backward_from(const Variable<float>&, const Array<float>&, BackwardOptions);
template void detail::backward_from(const Variable<double>&, const Array<double>&, BackwardOptions);
template Variables<float> grad(const Variables<float>&, const Variables<float>&, GradOptions, const Variables<float>&);
template Variables<double> grad(const Variables<double>&, const Variables<double>&, GradOptions,
                                const Variables<double>&);

}    // namespace xtape
