// Checkpoints: memory for time. What f computes on the way is not kept; the sweep runs f again.
#pragma once

#include <xtape/core/variable.hpp>
#include <xtape/nn/container.hpp>
#include <xtape/nn/module.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace xtape::nn {
namespace detail {

template <class T>
Variable<T> checkpointed(std::function<Variable<T>(const Variables<T>&)> f, const Variables<T>& x);

template <class T, class F, std::size_t... i>
Variable<T> call_with(F& f, const Variables<T>& x, std::index_sequence<i...>) {
    return f(x[i]...);
}

}    // namespace detail

// y = f(x...), keeping x alone. The derivative runs f again, with the random numbers of default_generator() that it
// had, and may itself be differentiated, to any order; checkpoints nest. f may use parameters (leaves), which get their
// gradients; it must compute the same each time, and what it refers to must live until the sweep. Layers that change
// their state when they are called (the running statistics of batch normalisation) change it in both runs. Throws
// GradError when f uses a value that was computed outside (pass it as an argument), and in the sweep when the second
// run uses other leaves than the first. Chen et al., "Training deep nets with sublinear memory cost", 2016.
//
//     auto y = nn::checkpoint([&](const auto& h) { return block(h); }, x);
template <class F, class T, std::same_as<Variable<T>>... Rest>
requires(std::invocable<F&, const Variable<T>&, const Rest&...> &&
         !std::derived_from<F, Module<T>>) Variable<T> checkpoint(F f, const Variable<T>& x, const Rest&... rest) {
    return detail::checkpointed<T>(
        [f = std::move(f)](const Variables<T>& in) mutable {
            return detail::call_with<T>(f, in, std::make_index_sequence<1 + sizeof...(Rest)>{});
        },
        {x, rest...});
}
// The same for a module, which must live until the sweep.
template <class T>
Variable<T> checkpoint(Module<T>& module, const Variable<T>& x) {
    return checkpoint([&module](const Variable<T>& in) { return module(in); }, x);
}

// y = f_n(... f_2(f_1(x))), with checkpoints at every ceil(sqrt n)-th function: of n equal functions the values at
// sqrt n places and those within sqrt n functions are kept at a time, for one more run of each. Throws as checkpoint.
template <class T>
Variable<T> checkpoint_chain(const std::vector<std::function<Variable<T>(const Variable<T>&)>>& functions,
                             const Variable<T>& x);
// The parts of a list (a Sequential, say) one after another; it must live until the sweep.
template <class T>
Variable<T> checkpoint_chain(ModuleList<T>& parts, const Variable<T>& x);

}    // namespace xtape::nn
