#include <xtape/core/detail/record.hpp>
#include <xtape/core/functional.hpp>

#include <algorithm>
#include <string>

namespace xtape {
namespace {

template <class T>
Array<T> filled(const Shape& shape, T value) {
    Array<T> array = empty_array<T>(shape);
    std::fill_n(array.storage().data(), array.size(), value);
    return array;
}

void check_shape(const char* what, const Shape& got, const Shape& wanted) {
    if (got != wanted)
        throw ShapeError(std::string("[") + what + "] got a vector of shape " + to_string(got) + "; wanted " +
                         to_string(wanted));
}

template <class T>
void check_vectors(const char* what, const Arrays<T>& v, const Variables<T>& x) {
    if (v.size() != x.size())
        throw GradError(std::string("[") + what + "] got " + std::to_string(v.size()) + " vectors for " +
                        std::to_string(x.size()) + " variables; wanted one for each");
    for (std::size_t i = 0; i < x.size(); ++i) check_shape(what, v[i].shape(), x[i].shape());
}

// The gradients of y, whose graph is kept, zeros where it depends on nothing.
template <class T>
Variables<T> gradients(const Variables<T>& y, const Variables<T>& x, const Variables<T>& seeds, bool record) {
    return grad(y, x, {.create_graph = record, .retain_graph = true, .zeros_for_unused = true}, seeds);
}

template <class T>
Arrays<T> values(const Variables<T>& variables) {
    Arrays<T> result;
    for (const auto& variable : variables) result.push_back(share(variable.value()));
    return result;
}

template <class T>
Variables<T> constants(const Arrays<T>& arrays) {
    Variables<T> result;
    for (const auto& array : arrays) result.push_back(Variable<T>(share(array)));
    return result;
}

template <class T>
Variable<T> unit(const Shape& shape, std::size_t place) {
    Array<T> array = filled<T>(shape, T(0));
    array.storage()[place] = T(1);
    return Variable<T>(std::move(array));
}

// Arrays of y's shape followed by that of each x.
template <class T>
Arrays<T> empty_jacobian(const Variable<T>& y, const Variables<T>& x) {
    Arrays<T> result;
    for (const auto& each : x) {
        Shape shape = y.shape();
        for (std::size_t length : each.shape()) shape.push_back(length);
        result.push_back(empty_array<T>(shape));
    }
    return result;
}

// One sweep for each element of y.
template <class T>
Arrays<T> by_rows(const Variable<T>& y, const Variables<T>& x) {
    Arrays<T> result = empty_jacobian(y, x);
    for (std::size_t i = 0; i < y.size(); ++i) {
        Variables<T> row = gradients<T>({y}, x, {unit<T>(y.shape(), i)}, false);
        for (std::size_t k = 0; k < x.size(); ++k) {
            const Array<T>& g = row[k].value();
            std::copy(g.storage().cbegin(), g.storage().cend(), result[k].storage().data() + i * g.size());
        }
    }
    return result;
}

// u^T J as a recorded function of u: its derivative along v is J v.
template <class T>
struct Tangents {
    Variable<T> u;
    Variables<T> pulled;

    Tangents(const Variable<T>& y, const Variables<T>& x)
        : u(filled<T>(y.shape(), T(0)), requires_grad), pulled(gradients<T>({y}, x, {u}, true)) {}
    Array<T> along(const Variables<T>& pulled_from, const Variables<T>& v) const {
        return share(gradients<T>(pulled_from, {u}, v, false)[0].value());
    }
};

// One sweep for each element of x.
template <class T>
Arrays<T> by_columns(const Variable<T>& y, const Variables<T>& x) {
    Arrays<T> result = empty_jacobian(y, x);
    const Tangents<T> tangents(y, x);
    for (std::size_t k = 0; k < x.size(); ++k) {
        std::size_t columns = x[k].size();
        for (std::size_t j = 0; j < columns; ++j) {
            Array<T> column = tangents.along({tangents.pulled[k]}, {unit<T>(x[k].shape(), j)});
            const T* from = std::as_const(column).storage().data();
            T* to = result[k].storage().data() + j;
            for (std::size_t i = 0; i < column.size(); ++i) to[i * columns] = from[i];
        }
    }
    return result;
}

}    // namespace

namespace detail {

template <class T>
Variables<T> RecordedFunction<T>::leaves(const Variables<T>& x) {
    Variables<T> result;
    for (const auto& each : x) result.push_back(Variable<T>(share(each.value()), requires_grad));
    return result;
}

template <class T>
Arrays<T> RecordedFunction<T>::vjp(const Array<T>& v) const {
    check_shape("vjp", v.shape(), y_.shape());
    return values(gradients<T>({y_}, x_, {Variable<T>(share(v))}, false));
}

template <class T>
Array<T> RecordedFunction<T>::jvp(const Arrays<T>& v) const {
    check_vectors("jvp", v, x_);
    const Tangents<T> tangents(y_, x_);
    return tangents.along(tangents.pulled, constants(v));
}

template <class T>
Arrays<T> RecordedFunction<T>::jacobian() const {
    std::size_t inputs = 0;
    for (const auto& each : x_) inputs += each.size();
    return inputs < y_.size() ? by_columns(y_, x_) : by_rows(y_, x_);
}

template <class T>
Variables<T> RecordedFunction<T>::gradient(const char* what) const {
    if (y_.size() != 1)
        throw ShapeError(std::string("[") + what + "] got a function whose value has the shape " +
                         to_string(y_.shape()) + "; wanted a single element");
    return gradients<T>({y_}, x_, {Variable<T>(filled<T>(y_.shape(), T(1)))}, true);
}

template <class T>
std::vector<Arrays<T>> RecordedFunction<T>::hessian() const {
    std::vector<Arrays<T>> result;
    for (const auto& g : gradient("hessian")) result.push_back(by_rows(g, x_));
    return result;
}

template class RecordedFunction<float>;
template class RecordedFunction<double>;

}    // namespace detail

template <class T>
Arrays<T> HessianProduct<T>::operator()(const Arrays<T>& v) const {
    check_vectors("hvp", v, x_);
    return values(gradients<T>(gradient_, x_, constants(v), false));
}

template class HessianProduct<float>;
template class HessianProduct<double>;

}    // namespace xtape
