// For writing an optimizer: what a rule is, and what it is made of. Not part of <xtape/xtape.hpp>.
//
// An optimizer is its options and a rule. The rest is the same for all: groups, learning rates, gradients that are not
// finite, threads, state and checkpoints.
//
//     struct SignumOptions {
//         double lr = 1e-3;
//         double momentum = 0.9;
//         xtape::NonFinite non_finite = xtape::NonFinite::let_through;
//     };
//     template <>
//     struct xtape::optim::Rule<SignumOptions> {
//         static constexpr const char* name = "Signum";
//         static void options(auto& o, const auto& visit) {          // all options, and the numbers that each takes
//             visit("lr", o.lr, not_negative);
//             visit("momentum", o.momentum, below_one);
//             visit("non_finite", o.non_finite);
//         }
//         static Buffers buffers(const SignumOptions&) { return {"momentum_buffer"}; }
//         template <class T>
//         struct Pass {
//             Lanes<T> lr, momentum;
//             Pass(const SignumOptions& o, const StepInfo& now) : lr(now.lr), momentum(o.momentum) {}
//             void operator()(Lanes<T>& p, const Lanes<T>& g, Lanes<T>& m) const {
//                 m = momentum * m + (1 - momentum) * g;
//                 p -= lr * sign(m);
//             }
//         };
//     };
//     template <class T>
//     using Signum = xtape::optim::OptimizerOf<T, SignumOptions>;
#pragma once

#include <xtape/optim/detail/fused.hpp>
#include <xtape/optim/detail/options.hpp>
#include <xtape/optim/optimizer.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace xtape::optim {

// The step that a parameter is about to make.
struct StepInfo {
    double lr;                          // all factors included
    std::int64_t step;                  // the parameter's own count, from 1
    std::span<const double> numbers;    // the parameter's, if the rule keeps any
};

// The names of the arrays that are kept for each parameter, at most four.
class Buffers {
public:
    Buffers(std::initializer_list<const char*> names) {
        for (const char* name : names) add(name);
    }
    Buffers& add(const char* name) {
        if (size_ == names_.size()) throw std::length_error("[Buffers] got five names; wanted four at most");
        names_[size_++] = name;
        return *this;
    }
    std::size_t size() const { return size_; }
    std::string operator[](std::size_t i) const { return std::string(names_[i]); }
    bool operator==(const Buffers&) const = default;

private:
    std::array<std::string_view, 4> names_{};
    std::size_t size_ = 0;
};

// A number that is kept for each parameter, and what it is at first.
struct Number {
    const char* name;
    double initial;
};

// How an optimizer with the options O steps, as a specialisation for each O. It has
//
//   static constexpr const char* name
//       for messages.
//   static void options(auto& o, const auto& visit)
//       calls visit(name, option, range) for every option, `lr` among them: so it is checked, saved and loaded. Ranges
//       are in detail/options.hpp: not_negative, below_one, ... A pair takes two ranges, a bool and NonFinite none, an
//       enumeration its words.
//   static Buffers buffers(const O&)
//       the arrays that are kept for each parameter, by their names in the state.
//
// and one of these, which is made for each step from its options and the step:
//
//   template <class T> struct Pass { Pass(const O&, const StepInfo&); void operator()(p, g, buffers...) const; }
//       changes each element of a parameter and its buffers, which are all Lanes<T>&, by that of the gradient, which is
//       const Lanes<T>&. It becomes one pass over memory, on all threads.
//   template <class T> struct Whole { Whole(const O&, const StepInfo&); void operator()(p, g, buffers) const; }
//       changes whole arrays: Array<T>& p, const Array<T>& g, std::span<Array<T>> buffers. For norms and matrices.
//
// It may have
//
//   static void check(const O&)
//       throws std::invalid_argument when options do not go together.
//   static void check_parameter(const O&, const std::string& name, const Shape&)
//       throws std::invalid_argument for a parameter that it cannot step.
//   static Shape buffer_shape(const O&, const Shape& parameter, std::size_t buffer)
//       when it is not the parameter's.
//   static double initial(const O&, double lr, std::size_t buffer)
//       what a buffer's elements are before the first step; otherwise 0.
//   static constexpr std::array<Number, n> numbers
//   static void advance(const O&, std::int64_t step, std::span<double> numbers)
//       numbers that are kept for each parameter, and how they change before its step.
//   static constexpr bool step_is_age_of_buffers
//       the count of steps begins anew when `buffers` changes.
template <class O>
struct Rule;

// The gradient that a step goes by: negated to maximise, with weight_decay times the parameter added to it.
template <class T>
struct Decay {
    using L = Lanes<T>;
    L weight_decay;
    bool maximize, decays;

    template <class Options>
    explicit Decay(const Options& o, bool coupled = true)
        : weight_decay(o.weight_decay), maximize(o.maximize), decays(coupled && o.weight_decay != 0) {}
    L operator()(const L& p, const L& gradient) const {
        const L g = maximize ? -gradient : gradient;
        return decays ? g + weight_decay * p : g;
    }
};

}    // namespace xtape::optim

#include <xtape/optim/detail/optimizer_of.hpp>
