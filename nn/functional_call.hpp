// A model called with other parameters than its own: for checking its gradients, and for derivatives through updates.
#pragma once

#include <xtape/nn/module.hpp>

#include <functional>

namespace xtape::nn {

// model(x) with `parameters` in the place of its own, in the order of named_parameters(). Differentiable with respect
// to them; the model is as it was afterwards, also when its forward throws. Throws ShapeError when number or shapes
// differ.
//
//     BOOST_TEST(gradcheck([&](const Variables<double>& in) {
//         return nn::functional_call(net, Variables<double>(in.begin() + 1, in.end()), in[0]);
//     }, inputs_and_parameters));
template <class T>
Variable<T> functional_call(Module<T>& model, const Variables<T>& parameters, const Variable<T>& x);
// The same for a model of another signature: call() calls it.
template <class T>
Variable<T> functional_call(Module<T>& model, const Variables<T>& parameters, const std::function<Variable<T>()>& call);

}    // namespace xtape::nn
