#include <xtape/core/functional.hpp>

#include <algorithm>
#include <string>

namespace xtape::detail {
namespace {

template <class T>
Array<T> filled(const Shape& shape, T value) {
    Array<T> array = empty_array<T>(shape);
    std::fill_n(array.storage().data(), array.size(), value);
    return array;
}

template <class T>
Variable<T> leaf(const Variable<T>& x) {
    return Variable<T>(share(x.value()), requires_grad);
}

void check_shape(const char* what, const Shape& got, const Shape& wanted) {
    if (got != wanted)
        throw ShapeError(std::string("[") + what + "] got a vector of shape " + to_string(got) + "; wanted " +
                         to_string(wanted));
}

// The gradient, or zeros of the input's shape where y does not depend on it.
template <class T>
Variable<T> gradient(const Variable<T>& y, const Variable<T>& x, const Variable<T>& seed, GradOptions options) {
    options.allow_unused = true;
    Variable<T> g;
    if (y.requires_grad()) g = grad<T>(y, {x}, options, {seed})[0];
    return g.defined() ? g : Variable<T>(filled<T>(x.shape(), T(0)));
}

// J of y, whose graph is kept, with respect to x.
template <class T>
Array<T> rows(const Variable<T>& y, const Variable<T>& x) {
    Shape shape = y.shape();
    for (std::size_t length : x.shape()) shape.push_back(length);
    Array<T> result = empty_array<T>(shape);
    T* out = result.storage().data();
    for (std::size_t i = 0; i < y.size(); ++i) {
        Array<T> unit = filled<T>(y.shape(), T(0));
        unit.storage()[i] = T(1);
        Array<T> row = gradient(y, x, Variable<T>(std::move(unit)), {.retain_graph = true}).value();
        out = std::copy(row.storage().cbegin(), row.storage().cend(), out);
    }
    return result;
}

template <class T>
Variable<T> first_gradient(const char* what, const Map<T>& f, const Variable<T>& x) {
    Variable<T> y = f(x);
    if (y.size() != 1)
        throw ShapeError(std::string("[") + what + "] got a function whose value has the shape " +
                         to_string(y.shape()) + "; wanted a single element");
    return gradient(y, x, Variable<T>(filled<T>(y.shape(), T(1))), {.create_graph = true});
}

}    // namespace

template <class T>
Array<T> vjp(const Map<T>& f, const Variable<T>& x, const Array<T>& cotangent) {
    EnableGrad guard;
    auto input = leaf(x);
    auto y = f(input);
    check_shape("vjp", cotangent.shape(), y.shape());
    return gradient(y, input, Variable<T>(share(cotangent)), {}).value();
}

template <class T>
Array<T> jvp(const Map<T>& f, const Variable<T>& x, const Array<T>& tangent) {
    EnableGrad guard;
    check_shape("jvp", tangent.shape(), x.shape());
    auto input = leaf(x);
    auto y = f(input);
    // u^T J is linear in u; its derivative along the tangent is J v.
    Variable<T> u(filled<T>(y.shape(), T(0)), requires_grad);
    auto pulled = gradient(y, input, u, {.create_graph = true});
    return gradient(pulled, u, Variable<T>(share(tangent)), {}).value();
}

template <class T>
Array<T> hvp(const Map<T>& f, const Variable<T>& x, const Array<T>& direction) {
    EnableGrad guard;
    check_shape("hvp", direction.shape(), x.shape());
    auto input = leaf(x);
    return gradient(first_gradient("hvp", f, input), input, Variable<T>(share(direction)), {}).value();
}

template <class T>
Array<T> jacobian(const Map<T>& f, const Variable<T>& x) {
    EnableGrad guard;
    auto input = leaf(x);
    return rows(f(input), input);
}

template <class T>
Array<T> hessian(const Map<T>& f, const Variable<T>& x) {
    EnableGrad guard;
    auto input = leaf(x);
    return rows(first_gradient("hessian", f, input), input);
}

template Array<float> vjp(const Map<float>&, const Variable<float>&, const Array<float>&);
template Array<double> vjp(const Map<double>&, const Variable<double>&, const Array<double>&);
template Array<float> jvp(const Map<float>&, const Variable<float>&, const Array<float>&);
template Array<double> jvp(const Map<double>&, const Variable<double>&, const Array<double>&);
template Array<float> hvp(const Map<float>&, const Variable<float>&, const Array<float>&);
template Array<double> hvp(const Map<double>&, const Variable<double>&, const Array<double>&);
template Array<float> jacobian(const Map<float>&, const Variable<float>&);
template Array<double> jacobian(const Map<double>&, const Variable<double>&);
template Array<float> hessian(const Map<float>&, const Variable<float>&);
template Array<double> hessian(const Map<double>&, const Variable<double>&);

}    // namespace xtape::detail
