// What a Module is made of: parameters, which are trained, and buffers, which are only kept.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/core/variable.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace xtape::nn {

// See module.hpp.
template <class T, class Signature = Variable<T>(const Variable<T>&)>
class Module;

// A named value that registers itself with its owner, and takes itself out when it dies. Owner and name are given
// once; the owner may be null.
template <class T>
class Member {
public:
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    const std::string& member_name() const { return name_; }
    // What state() stores and load_state() puts back; `value` has the type and shape of content().
    virtual State::Value content() const = 0;
    virtual void set_content(const State::Value& value) = 0;
    // The variable, if it is a parameter.
    virtual Variable<T>* variable() { return nullptr; }

protected:
    // Throws std::invalid_argument when the name is empty, taken, or has '.' or '/'.
    Member(Module<T>* owner, std::string_view name);
    virtual ~Member();
    void leave_owner();

private:
    friend class Module<T>;
    Module<T>* owner_;
    std::string name_;
};

// A leaf that is trained: a Variable in every expression, which cannot be rebound or copied, so that the model and its
// optimizer never mean different values. Change it by set_value(), update() or load_state().
template <class T>
class Parameter : public Variable<T>, public Member<T> {
public:
    Parameter(Module<T>* owner, std::string_view name, Array<T> value)
        : Variable<T>(std::move(value), RequiresGrad{}), Member<T>(owner, name) {}
    template <class E>
    Parameter(Module<T>* owner, std::string_view name, const xt::xexpression<E>& value)
        : Parameter(owner, name, Array<T>(value)) {}
    explicit Parameter(Array<T> value) : Parameter(nullptr, "", std::move(value)) {}

    State::Value content() const override { return share(this->value()); }
    void set_content(const State::Value& value) override { this->set_value(share(std::get<Array<T>>(value))); }
    Variable<T>* variable() override { return this; }
    // Makes it an empty place: what a layer without bias has.
    void leave_undefined() { bind({}); }

private:
    template <class>
    friend class WeightNorm;
    void bind(const Variable<T>& variable) { Variable<T>::operator=(variable); }
};

// A value that belongs to the model's state and is not trained: an array, or an integer.
template <class T, class V = Array<T>>
requires std::same_as<V, Array<T>> || std::same_as<V, std::int64_t>
class Buffer final : public Member<T> {
public:
    Buffer(Module<T>* owner, std::string_view name, V value) : Member<T>(owner, name), value_(std::move(value)) {}
    // An empty place, which is no buffer of its owner.
    Buffer() : Member<T>(nullptr, ""), value_() {}

    const V& value() const { return value_; }
    void set_value(V value) { value_ = std::move(value); }

    State::Value content() const override {
        if constexpr (std::same_as<V, Array<T>>)
            return share(value_);
        else
            return value_;
    }
    void set_content(const State::Value& value) override {
        if constexpr (std::same_as<V, Array<T>>)
            value_ = share(std::get<V>(value));
        else
            value_ = std::get<V>(value);
    }

private:
    V value_;
};

// They would make the parameter a computed value: write p.update(...) or p.set_value(...) instead.
template <class T, class Other>
void operator+=(Parameter<T>&, const Other&) = delete;
template <class T, class Other>
void operator-=(Parameter<T>&, const Other&) = delete;
template <class T, class Other>
void operator*=(Parameter<T>&, const Other&) = delete;
template <class T, class Other>
void operator/=(Parameter<T>&, const Other&) = delete;

}    // namespace xtape::nn
