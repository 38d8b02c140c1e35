// Module<T>: a model, or a part of one.
//
//     template <class T>
//     struct Classifier : nn::Module<T> {
//         nn::Linear<T> fc1{this, "fc1", 784, 128};
//         nn::Dropout<T> dropout{this, "dropout", 0.5};
//         nn::Linear<T> fc2{this, "fc2", 128, 10};
//         nn::Parameter<T> temperature{this, "temperature", xt::ones<T>({1})};
//         Variable<T> forward(const Variable<T>& x) override {
//             return fc2(dropout(relu(fc1(x)))) * temperature;
//         }
//     };
//
// Parts are plain members that register themselves with their owner, so none can be forgotten. They are registered by
// address: modules are neither copied nor moved, and whichever of owner and part dies first tells the other.
//
// A module that takes something other than one variable, or returns something else, says so in its base, and is called
// like that:
//
//     template <class T>
//     struct Bilinear : nn::Module<T, Variable<T>(const Variable<T>&, const Variable<T>&)> { ...
//         Variable<T> forward(const Variable<T>& a, const Variable<T>& b) override;
//     };
#pragma once

#include <xtape/core/error.hpp>
#include <xtape/core/parameters.hpp>
#include <xtape/core/state.hpp>
#include <xtape/nn/detail/call.hpp>
#include <xtape/nn/parameter.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::nn {

template <class T>
class OutputWatch;

// The base of every module, and what a module of one variable derives from.
template <class T>
class Module<T, Variable<T>(const Variable<T>&)> {
public:
    using value_type = T;
    struct Named {
        std::string name;    // a dotted path; "" is the module itself
        Module* module;
    };

    // A model of its own.
    Module() = default;
    // A part of `owner` under a name; without an owner when it is null. Throws std::invalid_argument when the name is
    // empty, taken, or has '.' or '/'.
    Module(Module* owner, std::string_view name);
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module();

    // y = forward(x), what the model computes. Throws Error when it has no forward of one variable.
    virtual Variable<T> forward(const Variable<T>& x);
    Variable<T> operator()(const Variable<T>& x) { return call(x); }

    // What it is, without its options: "Linear"; and in a line: "Linear(784 -> 128)".
    virtual std::string kind() const;
    virtual std::string describe() const { return kind(); }
    // The names on the way from the model to this part, joined by dots; "" for the model.
    std::string path() const;

    // All parameters, of this module and of its parts, in the order of their declaration, under dotted paths.
    Parameters<T> parameters() const;
    // The same list under PyTorch's other name.
    Parameters<T> named_parameters() const { return parameters(); }
    // Where the parameters are stored, in the same order: for functional_call, which exchanges them.
    std::vector<Variable<T>*> parameter_places() const;
    // All buffers likewise, sharing their present values.
    State named_buffers() const;
    // This module, then its parts, each followed by its own.
    std::vector<Named> named_modules();
    const std::vector<Module*>& children() const { return children_; }

    // Switches this module and all of its parts to training (as they begin), or to evaluation.
    void train(bool training = true);
    void eval() { train(false); }
    bool is_training() const { return training_; }

    // Clears the gradients of all parameters.
    void zero_grad();
    // Switches whether the parameters are trained: requires_grad(false) freezes them.
    void requires_grad(bool needed);
    // Calls change(module) for every part, and last for this module.
    void apply(const std::function<void(Module&)>& change);

    // The number of elements of all parameters, or of those that are trained.
    std::size_t parameter_count(bool only_trained = false) const;
    // A table of all parts: layer, output shape, parameters. With the shape of an input, the model is run on zeros of
    // that shape, in evaluation and unrecorded, to see the outputs' shapes.
    std::string summary(const Shape& input = {});

    // Parameters and buffers by their dotted paths, shared rather than copied.
    State state() const;
    // Throws StateError that lists every difference, having changed nothing, when names, types or shapes differ.
    void load_state(const State& state);
    // Takes over all parameters and buffers of a model with the same names and shapes. Throws as load_state.
    void copy_state(const Module& other) { load_state(other.state()); }

protected:
    // For messages: "Linear fc1", or "Linear" for a module without an owner.
    std::string label() const;
    // Throws ShapeError: "[Linear fc1] got the shape (4, 3); wanted (..., 2)".
    [[noreturn]] void refuse_shape(const Shape& got, const std::string& wanted) const;
    // Throws std::invalid_argument: "[Dropout] got p = 2; wanted ...". For constructors: `kind` is the layer's.
    [[noreturn]] void refuse_option(const char* kind, const std::string& got_and_wanted) const;
    // A size given to a constructor, at least `least`. Throws std::invalid_argument.
    std::size_t checked_size(const char* kind, const char* what, std::ptrdiff_t size, std::ptrdiff_t least = 1) const;

    // Shows the variables in a result to every OutputWatch, and returns it.
    template <class Y>
    Y watched(Y y) {
        if (OutputWatch<T>::innermost_ != nullptr) {
            std::size_t number = 0;
            detail::visit_outputs<T>(y, [&](const Variable<T>& output) { show(output, number++); });
        }
        return y;
    }

    // Becomes the owner of a module that has none. Throws as the constructor.
    void adopt(Module& part, std::string_view name);

private:
    friend class Member<T>;
    template <class>
    friend class WeightNorm;

    virtual Variable<T> call(const Variable<T>& x);
    void show(const Variable<T>& output, std::size_t number);

    void check_name(std::string_view name) const;
    void detach();
    template <class Visit>
    void visit(const std::string& prefix, const Visit& visit) const;

    Module* owner_ = nullptr;
    std::string name_;
    bool training_ = true;
    std::vector<Member<T>*> members_;
    std::vector<Module*> children_;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverloaded-virtual"    // of Module<T>'s forward, which is not meant here

// A module whose forward takes `A...`, any variables, indices and options, and returns an R: a variable, or several in
// a tuple, a list or a plain struct. It is called with what forward takes. A last parameter that is an options
// aggregate or a std::optional may be left out: `attention(q, k, v)`, `attention(q, k, v, {.causal = true})`. One
// variable that does not become one variable is taken by value: `nn::Module<T, Gaussian<T>(Variable<T>)>`.
template <class T, class R, class... A>
class Module<T, R(A...)> : public Module<T>, public detail::Call<Module<T, R(A...)>, R, A...> {
public:
    using Module<T>::Module;

    virtual R forward(A... arguments) = 0;
    using detail::Call<Module, R, A...>::operator();

private:
    friend detail::Call<Module, R, A...>;
    template <class, class, class, class>
    friend struct detail::CallWithoutOptions;

    R call_watched(A... arguments) { return this->watched(R(forward(std::forward<A>(arguments)...))); }
    // As a part of Sequential, say, which knows it as a Module<T>.
    Variable<T> call(const Variable<T>& x) override {
        if constexpr (requires(Module & self) {
                          { self(x) } -> std::convertible_to<Variable<T>>;
                      })
            return (*this)(x);
        else
            return Module<T>::forward(x);    // throws
    }
};

#pragma GCC diagnostic pop

template <class T, class R>
class Module<T, R(const Variable<T>&)> {
    static_assert(sizeof(R) == 0,
                  "a forward that makes something else of one variable takes it by value, as Module<T> has "
                  "a forward(const Variable<T>&): derive from nn::Module<T, R(Variable<T>)>");
};

// Switches a module and all of its parts to training or evaluation for a scope, and each back to what it was.
template <class T>
class [[nodiscard]] ModeGuard {
public:
    ModeGuard(Module<T>& module, bool training);
    ModeGuard(const ModeGuard&) = delete;
    ModeGuard& operator=(const ModeGuard&) = delete;
    ~ModeGuard();

private:
    Module<T>& module_;
    std::vector<std::pair<Module<T>*, bool>> before_;
};

// `nn::EvalGuard guard(net);`
template <class T>
class [[nodiscard]] EvalGuard : public ModeGuard<T> {
public:
    explicit EvalGuard(Module<T>& module) : ModeGuard<T>(module, false) {}
};
template <class D>
EvalGuard(D&) -> EvalGuard<typename D::value_type>;

// Calls see(module, output) after each call of any module on this thread while it lives: for reading activations. A
// module with several outputs shows one after the other; `see` may take their number, from 0, as a third parameter.
// Watches nest: each of them sees all calls, but none that a `see` makes.
template <class T>
class [[nodiscard]] OutputWatch {
public:
    using See = std::function<void(Module<T>&, const Variable<T>&, std::size_t)>;
    explicit OutputWatch(See see);
    template <std::invocable<Module<T>&, const Variable<T>&> F>
    explicit OutputWatch(F see)
        : OutputWatch(See([see = std::move(see)](Module<T>& module, const Variable<T>& y, std::size_t) mutable {
              see(module, y);
          })) {}
    OutputWatch(const OutputWatch&) = delete;
    OutputWatch& operator=(const OutputWatch&) = delete;
    ~OutputWatch();

private:
    friend class Module<T>;
    See see_;
    OutputWatch* outer_;
    static constinit inline thread_local OutputWatch* innermost_ = nullptr;
};

extern template class Module<float>;
extern template class Module<double>;
extern template class Member<float>;
extern template class Member<double>;
extern template class ModeGuard<float>;
extern template class ModeGuard<double>;
extern template class OutputWatch<float>;
extern template class OutputWatch<double>;

}    // namespace xtape::nn
