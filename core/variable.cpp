#include <xtape/core/variable.hpp>

namespace xtape {

template <class T>
Variable<T>::Variable(Array<T> value) : node_(new detail::Node<T>(std::move(value))) {}

template <class T>
Variable<T>::Variable(Array<T> value, RequiresGrad) : Variable(std::move(value)) {
    node_->requires_grad = true;
}

template <class T>
void Variable<T>::throw_undefined() {
    throw GradError(
        "[variable] got an undefined variable (default constructed, or an unused input's gradient); wanted "
        "one with a value");
}

template <class T>
const Array<T>& Variable<T>::value() const& {
    const Array<T>& array = node().array();
    if (array.storage().empty()) node().require_value();
    return array;
}

template <class T>
Array<T> Variable<T>::value() && {
    return share(static_cast<const Variable&>(*this).value());
}

template <class T>
T Variable<T>::item() const {
    if (size() != 1) throw ShapeError("[item] got the shape " + to_string(shape()) + "; wanted exactly one element");
    return value().storage()[0];
}

template <class T>
Array<T>& Variable<T>::begin_update() {
    auto& n = node();
    if (!is_leaf())
        throw GradError(std::string("[set_value] got a value that ") + operation() +
                        " computed; wanted a leaf: change a detach()ed copy instead");
    n.array();
    return n.value;
}

template <class T>
void Variable<T>::end_update() {
    auto& n = node();
    n.lazy.reset();
    ++n.version;
}

template <class T>
void Variable<T>::set_value(Array<T> value) {
    Array<T>& current = begin_update();
    if (value.shape() != current.shape())
        throw ShapeError("[set_value] got the shape " + to_string(value.shape()) + "; wanted " +
                         to_string(current.shape()));
    current = std::move(value);
    end_update();
}

template <class T>
Variable<T>& Variable<T>::requires_grad(bool needed) {
    if (!is_leaf())
        throw GradError(std::string("[requires_grad] got a value that ") + operation() +
                        " computed; wanted a leaf: use detach() for a constant");
    node().requires_grad = needed;
    return *this;
}

template <class T>
const Array<T>& Variable<T>::grad() const& {
    if (!has_grad())
        throw GradError("[grad] this variable" + (name().empty() ? "" : " (" + name() + ")") + " of shape " +
                        to_string(shape()) +
                        " has no gradient; wanted one: it must be a leaf that requires_grad, reached by backward()");
    return node().extras->grad;
}

template <class T>
Array<T> Variable<T>::grad() && {
    return share(static_cast<const Variable&>(*this).grad());
}

template <class T>
Array<T>& Variable<T>::mutable_grad() & {
    grad();
    return node().extras->grad;
}

template <class T>
void Variable<T>::set_grad(Array<T> grad) {
    if (grad.shape() != shape())
        throw ShapeError("[set_grad] got the shape " + to_string(grad.shape()) + "; wanted " + to_string(shape()));
    auto& extra = node().extra();
    extra.grad = std::move(grad);
    extra.has_grad = true;
}

template <class T>
void Variable<T>::zero_grad() {
    if (!has_grad()) return;
    node().extras->grad = Array<T>();
    node().extras->has_grad = false;
}

template <class T>
Variable<T> Variable<T>::detach() const {
    auto& n = node();
    if (!n.ready.load(std::memory_order_acquire)) return Variable(new detail::Node<T>(n.lazy->share()), Adopt{});
    return Variable(share(value()));
}

template <class T>
std::size_t Variable<T>::add_hook(std::function<Variable(const Variable&)> hook) {
    if (!requires_grad()) throw GradError("[register_hook] got a variable that requires no gradient");
    auto& extra = node().extra();
    extra.hooks.push_back({extra.next_hook, std::move(hook)});
    return extra.next_hook++;
}

template <class T>
void Variable<T>::remove_hook(std::size_t id) {
    std::erase_if(node().extra().hooks, [id](const auto& hook) { return hook.id == id; });
}

template <class T>
Variable<T>& Variable<T>::set_name(std::string name) {
    node().extra().name = std::move(name);
    return *this;
}

template <class T>
const std::string& Variable<T>::name() const& {
    static const std::string none;
    return node().extras == nullptr ? none : node().extras->name;
}

template class Variable<float>;
template class Variable<double>;

}    // namespace xtape
