// Variable<T>: a handle to one recorded value.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/detail/node.hpp>
#include <xtape/core/error.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/shape.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape {

struct RequiresGrad {};
inline constexpr RequiresGrad requires_grad{};    // Variable<double> x(array, requires_grad);

// A cheap handle to a value and, if it was computed, to how it was computed. Copies share the value; a default
// constructed Variable is undefined, and every use of it but `defined()` throws GradError.
template <class T>
class Variable {
    static_assert(std::same_as<T, float> || std::same_as<T, double>,
                  "a Variable holds float or double, for integers have no derivatives: labels and places are Indices");

public:
    using value_type = T;

    Variable() noexcept = default;
    // A leaf, constant unless `requires_grad` is given. Any xtensor expression or number converts to Array<T>.
    explicit Variable(Array<T> value);
    Variable(Array<T> value, RequiresGrad);
    template <class E>
    explicit Variable(const xt::xexpression<E>& value) : Variable(Array<T>(value)) {}
    template <class E>
    Variable(const xt::xexpression<E>& value, RequiresGrad) : Variable(Array<T>(value), RequiresGrad{}) {}

    Variable(const Variable& other) noexcept : node_(other.node_) {
        if (node_ != nullptr) node_->read();
    }
    Variable(Variable&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
    Variable& operator=(const Variable& other) noexcept {
        Variable(other).swap(*this);
        return *this;
    }
    Variable& operator=(Variable&& other) noexcept {
        Variable(std::move(other)).swap(*this);
        return *this;
    }
    ~Variable() {
        if (node_ != nullptr) node_->unread();
    }
    void swap(Variable& other) noexcept { std::swap(node_, other.node_); }

    bool defined() const noexcept { return node_ != nullptr; }

    // The value; the reference lives as long as a handle to it does. What a temporary is asked for it gives by value.
    const Array<T>& value() const&;
    Array<T> value() &&;    // a share of its elements
    const Shape& shape() const& { return node().value.shape(); }
    Shape shape() && { return node().value.shape(); }
    std::size_t dimension() const { return shape().size(); }
    std::size_t size() const { return element_count(shape()); }
    // The only element. Throws ShapeError when there is not exactly one.
    T item() const;

    // Replaces a leaf's value by one of the same shape, or changes it in place by change(Array<T>&). A graph recorded
    // before that needs the old value refuses to be swept. Throws GradError for a computed value, ShapeError.
    void set_value(Array<T> value);
    template <std::invocable<Array<T>&> Change>
    void update(Change&& change) {
        std::forward<Change>(change)(begin_update());
        end_update();
    }

    bool requires_grad() const { return node().requires_grad; }
    // Switches a leaf's need for a gradient. Throws GradError for a computed value.
    Variable& requires_grad(bool needed);
    // Whether it was given rather than computed by a recorded operation.
    bool is_leaf() const { return !node().computed(); }

    // The sum of the gradients that backward() has brought this leaf. Throws GradError when there is none.
    const Array<T>& grad() const&;
    Array<T> grad() &&;
    bool has_grad() const { return node().extras != nullptr && node().extras->has_grad; }
    void set_grad(Array<T> grad);
    // In-place access for clipping and optimizers; throws like grad().
    Array<T>& mutable_grad() &;
    // Forgets the gradient: has_grad() is false until the next backward().
    void zero_grad();

    // The same value as a constant, without a copy.
    Variable detach() const;

    // Calls hook(gradient) in each sweep, when this value's gradient is complete; what the hook returns (if anything)
    // takes the gradient's place. The result names the hook for remove_hook.
    template <class F>
    requires std::invocable<F, const Variable&> std::size_t register_hook(F hook) {
        if constexpr (std::is_void_v<std::invoke_result_t<F, const Variable&>>)
            return add_hook([h = std::move(hook)](const Variable& g) mutable {
                h(g);
                return g;
            });
        else
            return add_hook(std::move(hook));
    }
    void remove_hook(std::size_t id);

    // A name for messages and drawings.
    Variable& set_name(std::string name);
    const std::string& name() const&;
    std::string name() && { return static_cast<const Variable&>(*this).name(); }
    // The operation that computed it, "" for a leaf.
    const char* operation() const { return node().operation == nullptr ? "" : node().operation; }
    // Grows along every graph: a value's id is larger than those of the values that it was computed from.
    std::uint64_t id() const { return node().id; }
    // Counts in-place changes.
    std::uint32_t version() const { return node().version; }

    // For the engine: wraps a node, taking over one reader's count / the node.
    struct Adopt {};
    Variable(detail::Node<T>* node, Adopt) noexcept : node_(node) {}
    detail::Node<T>& node() const {
        if (node_ == nullptr) throw_undefined();
        return *node_;
    }

private:
    [[noreturn]] static void throw_undefined();
    Array<T>& begin_update();
    void end_update();
    std::size_t add_hook(std::function<Variable(const Variable&)> hook);

    detail::Node<T>* node_ = nullptr;
};

// Prints the value as an Array is, its name, and where it comes from:  [1, 2]  float32 (2,), requires_grad
template <class T>
std::ostream& operator<<(std::ostream& stream, const Variable<T>& x);

// A list of variables. An element of a temporary list is given by value: `grad(y, {x})[0].value()` does not dangle.
template <class T>
class Variables : public std::vector<Variable<T>> {
public:
    using std::vector<Variable<T>>::vector;
    Variables() = default;
    Variable<T>& operator[](std::size_t i) & { return this->data()[i]; }
    const Variable<T>& operator[](std::size_t i) const& { return this->data()[i]; }
    Variable<T> operator[](std::size_t i) && { return std::move(this->data()[i]); }
};

template <class T>
constexpr bool is_variable = false;
template <class T>
constexpr bool is_variable<Variable<T>> = true;

namespace detail {
template <class T>
std::type_identity<Variable<T>> as_variable(const Variable<T>*);
template <class V>
struct VariableOf : std::type_identity<V> {};
template <class V>
requires requires(const V* v) { detail::as_variable(v); }
struct VariableOf<V> : decltype(detail::as_variable(static_cast<const V*>(nullptr))) {};
}    // namespace detail

// The Variable that an operand is, also a model's parameter, which derives from one; otherwise the operand's own type.
template <class V>
using AsVariable = typename detail::VariableOf<std::decay_t<V>>::type;

extern template class Variable<float>;
extern template class Variable<double>;

}    // namespace xtape
