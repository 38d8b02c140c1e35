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
// address: modules are neither copied nor moved, and whoever of owner and part dies first tells the other.
#pragma once

#include <xtape/core/error.hpp>
#include <xtape/core/parameters.hpp>
#include <xtape/core/state.hpp>
#include <xtape/nn/parameter.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape::nn {

template <class T>
class Module {
public:
    using value_type = T;
    struct Named {
        std::string name;    // a dotted path; "" is the module itself
        Module* module;
    };

    // A model of its own.
    Module() = default;
    // A part of `owner` under a name; of nobody when the owner is null. Throws std::invalid_argument when the name is
    // empty, taken, or has '.' or '/'.
    Module(Module* owner, std::string_view name);
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    virtual ~Module();

    // y = forward(x), what the model computes. A model of another signature defines its own forward and is called by
    // that name; calling it with one variable then throws Error.
    virtual Variable<T> forward(const Variable<T>& x);
    Variable<T> operator()(const Variable<T>& x);

    // What it is, without its options: "Linear"; and in a line: "Linear(784 -> 128)".
    virtual std::string kind() const;
    virtual std::string describe() const { return kind(); }
    // The names on the way from the model to this part, joined by dots; "" for the model.
    std::string path() const;

    // All parameters, of this module and of its parts, in the order of their declaration, under dotted paths.
    Parameters<T> named_parameters() const;
    Parameters<T> parameters() const { return named_parameters(); }
    // Where the parameters stand, in the same order: for functional_call, which exchanges them.
    std::vector<Variable<T>*> parameter_places() const;
    // All buffers likewise, as shares of their present values.
    State named_buffers() const;
    // This module, then its parts, each followed by its own.
    std::vector<Named> named_modules();
    const std::vector<Module*>& children() const { return children_; }

    // Switches this module and all of its parts to training (as they begin), or to evaluation.
    void train(bool training = true);
    void eval() { train(false); }
    bool is_training() const { return training_; }

    // Forgets the gradients of all parameters.
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
    // For messages: "Linear fc1", or "Linear" for a part of nobody.
    std::string label() const;
    // Throws ShapeError: "[Linear fc1] got the shape (4, 3); wanted (..., 2)".
    [[noreturn]] void refuse_shape(const Shape& got, const std::string& wanted) const;
    // Throws std::invalid_argument: "[Dropout] got p = 2; wanted ...". For constructors: `kind` is the layer's.
    [[noreturn]] void refuse_option(const char* kind, const std::string& got_and_wanted) const;
    // A size given to a constructor, at least `least`. Throws std::invalid_argument.
    std::size_t checked_size(const char* kind, const char* what, std::ptrdiff_t size, std::ptrdiff_t least = 1) const;

    // Runs a forward so that OutputWatch sees its result: for operator() of other signatures.
    template <class Forward>
    Variable<T> watched(Forward forward) {
        Variable<T> y = forward();
        if (watch_ != nullptr) (*watch_)(*this, y);
        return y;
    }

    // Takes a part of nobody as its own. Throws as the constructor.
    void adopt(Module& part, std::string_view name);

private:
    friend class Member<T>;
    template <class>
    friend class OutputWatch;
    template <class>
    friend class WeightNorm;

    void check_name(std::string_view name) const;
    void detach();
    template <class Visit>
    void visit(const std::string& prefix, const Visit& visit) const;

    Module* owner_ = nullptr;
    std::string name_;
    bool training_ = true;
    std::vector<Member<T>*> members_;
    std::vector<Module*> children_;

    static constinit inline thread_local const std::function<void(Module&, const Variable<T>&)>* watch_ = nullptr;
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

// Calls see(module, output) after each call of any module on this thread while it lives: for looking at activations.
template <class T>
class [[nodiscard]] OutputWatch {
public:
    using See = std::function<void(Module<T>&, const Variable<T>&)>;
    explicit OutputWatch(See see) : see_(std::move(see)), before_(Module<T>::watch_) { Module<T>::watch_ = &see_; }
    OutputWatch(const OutputWatch&) = delete;
    OutputWatch& operator=(const OutputWatch&) = delete;
    ~OutputWatch() { Module<T>::watch_ = before_; }

private:
    See see_;
    const See* before_;
};

extern template class Module<float>;
extern template class Module<double>;
extern template class Member<float>;
extern template class Member<double>;
extern template class ModeGuard<float>;
extern template class ModeGuard<double>;

}    // namespace xtape::nn
