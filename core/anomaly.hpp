// Finding where the first NaN or infinity comes from.
#pragma once

#include <xtape/core/mode.hpp>
#include <xtape/core/variable.hpp>

#include <span>

namespace xtape {

// For a scope on this thread, the first operation whose value or derivative is not finite throws AnomalyError, which
// names the operation, the shapes and names of its inputs, and its place among the operations recorded under the guard.
// Every result is read once more while it is alive; when no guard is alive it costs nothing.
class [[nodiscard]] AnomalyGuard {
public:
    AnomalyGuard();
    ~AnomalyGuard() { detail::mode = before_with_recording(); }
    AnomalyGuard(const AnomalyGuard&) = delete;
    AnomalyGuard& operator=(const AnomalyGuard&) = delete;

private:
    detail::Mode before_with_recording() const {
        detail::Mode result = before_;
        result.recording = detail::mode.recording;
        return result;
    }
    detail::Mode before_;
};

namespace detail {

// Under an AnomalyGuard: throw AnomalyError when the value that an operation computed, or the gradient that its
// derivative gave for its input number `input`, is not finite.
template <class T>
void watch(const Variable<T>& value, const char* operation, std::span<const Variable<T>* const> inputs);
template <class T>
void watch_gradient(const Variable<T>& gradient, Node<T>& node, std::size_t input);

}    // namespace detail
}    // namespace xtape
