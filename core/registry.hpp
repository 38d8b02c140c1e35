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

// Inputs on which an operation is tried, in double; the float tests round them.
struct Sample {
    std::string name;
    std::vector<Array<double>> inputs;
    SampleFunction<float> in_float;
    SampleFunction<double> in_double;
    std::function<Array<double>(const std::vector<Array<double>>&)> reference;    // worked out independently
    int order = 3;                 // derivatives are checked up to this one
    bool refused = false;          // must throw a std::exception before anything happens
    double float_tolerance = 0;    // relative; 0: the tests' default
};

struct Samples {
    std::vector<Sample> list;

    // f is a generic lambda on Variables<T>, reference a function of arrays of double.
    template <class F, class R>
    Samples& add(std::string name, std::vector<Array<double>> inputs, F f, R reference, int order = 3) {
        list.push_back({std::move(name), std::move(inputs), f, f, reference, order});
        return *this;
    }
    // Inputs that f must refuse with an exception.
    template <class F>
    Samples& refuse(std::string name, std::vector<Array<double>> inputs, F f) {
        list.push_back({std::move(name), std::move(inputs), f, f, nullptr, 0, true});
        return *this;
    }
};

// A reference for Samples::add: a function of one, two or three numbers applied element by element, with broadcasting.
template <class F>
auto elementwise(F f) {
    return [f](const std::vector<Array<double>>& x) {
        Shape shape = x[0].shape();
        for (const auto& input : x) shape = broadcast_shapes("elementwise", shape, input.shape());
        std::vector<Array<double>> in;
        for (const auto& input : x) in.emplace_back(xt::broadcast(input, shape));
        Array<double> y = empty_array<double>(shape);
        for (std::size_t i = 0; i < y.size(); ++i) {
            auto at = [&](std::size_t k) { return std::as_const(in[k]).storage()[i]; };
            double& element = y.storage()[i];
            if constexpr (std::is_invocable_v<F, double>)
                element = f(at(0));
            else if constexpr (std::is_invocable_v<F, double, double>)
                element = f(at(0), at(1));
            else
                element = f(at(0), at(1), at(2));
        }
        return y;
    };
}

// The samples that every function of one number has: at six numbers, at one (0-d), and at none.
template <class F, class R>
Samples unary_samples(F f, R reference, Array<double> six) {
    Samples samples;
    samples.add("0-d", {Array<double>(six(1))}, f, elementwise(reference));
    samples.add("size 0", {Array<double>(Shape{2, 0})}, f, elementwise(reference), 1);
    six.reshape({2, 3});
    samples.add("numbers", {six}, f, elementwise(reference));
    return samples;
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
