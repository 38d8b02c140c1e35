// The registry: what every operation says of itself, for the tests and for the reference that is generated from it.
#pragma once

#include <xtape/core/shape.hpp>
#include <xtape/core/variable.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {

template <class T>
using SampleFunction = std::function<Variable<T>(const Variables<T>&)>;

using SampleReference = std::function<Array<double>(const std::vector<Array<double>>&)>;

// Inputs on which an operation is tried, in double; the float tests round them.
struct Sample {
    std::string name;
    std::vector<Array<double>> inputs;
    SampleFunction<float> in_float;
    SampleFunction<double> in_double;
    SampleReference reference;     // worked out independently
    int order = 3;                 // derivatives are checked up to this one
    bool refused = false;          // must throw a std::exception before anything happens
    double float_tolerance = 0;    // relative; 0: the tests' default
};

struct Samples {
    std::vector<Sample> list;

    // f is a generic lambda on Variables<T>, reference a function of arrays of double.
    template <class F>
    Samples& add(std::string name, std::vector<Array<double>> inputs, F f, SampleReference reference, int order = 3) {
        return add(std::move(name), std::move(inputs), f, f, std::move(reference), order);
    }
    // Inputs that f must refuse with an exception.
    template <class F>
    Samples& refuse(std::string name, std::vector<Array<double>> inputs, F f) {
        return refuse(std::move(name), std::move(inputs), f, f);
    }

    // The same with f for each element type.
    Samples& add(std::string name, std::vector<Array<double>> inputs, SampleFunction<float> in_float,
                 SampleFunction<double> in_double, SampleReference reference, int order);
    Samples& refuse(std::string name, std::vector<Array<double>> inputs, SampleFunction<float> in_float,
                    SampleFunction<double> in_double);
};

namespace detail {
SampleReference elementwise(std::size_t arity, std::function<double(const double*)> f);
Samples unary_samples(SampleFunction<float> in_float, SampleFunction<double> in_double, SampleReference reference,
                      Array<double> six);
}    // namespace detail

// A reference for Samples::add: a function of one, two or three numbers applied element by element, with broadcasting.
template <class F>
SampleReference elementwise(F f) {
    if constexpr (std::is_invocable_v<F, double>)
        return detail::elementwise(1, [f](const double* x) { return static_cast<double>(f(x[0])); });
    else if constexpr (std::is_invocable_v<F, double, double>)
        return detail::elementwise(2, [f](const double* x) { return static_cast<double>(f(x[0], x[1])); });
    else
        return detail::elementwise(3, [f](const double* x) { return static_cast<double>(f(x[0], x[1], x[2])); });
}

// The samples that every function of one number has: at six numbers, at one (0-d), and at none.
template <class F, class R>
Samples unary_samples(F f, R reference, Array<double> six) {
    return detail::unary_samples(f, f, elementwise(reference), std::move(six));
}

// What an operation says of itself: `static constexpr About about{...}` in its struct.
struct About {
    const char* family;        // the file that defines it
    const char* formula;       // y = ...
    const char* derivative;    // dy/dx = ...
    const char* shapes = "pointwise, broadcast";
};

struct OperationInfo {
    const char* name;
    About about;
    Samples (*samples)();    // null: it has none
};

// All operations that are linked into the program, by family and name.
std::vector<OperationInfo> operations();

namespace detail {

struct Registered {
    explicit Registered(const OperationInfo& info);
};

// Every operation that goes through a door to the tape enters the registry when the program starts.
template <class Op>
struct Registration {
    static OperationInfo info() {
        OperationInfo result{Op::name, {"", "", ""}, nullptr};
        if constexpr (requires { Op::about; }) result.about = Op::about;
        if constexpr (requires { Op::samples; }) result.samples = &Op::samples;
        return result;
    }
    inline static const Registered entry{info()};
};

}    // namespace detail
}    // namespace xtape
