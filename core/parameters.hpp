// Parameters<T>: the named variables of a model, in order, as modules give and optimizers take them.
#pragma once

#include <xtape/core/variable.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xtape {

// An ordered list of names and variables: `for (auto& [name, parameter] : net.named_parameters())`. Holds handles, so
// copying it copies no values. Where only the variables matter it converts to Variables<T>: `grad(loss,
// net.parameters())`.
template <class T>
class Parameters {
public:
    struct Named {
        std::string name;
        Variable<T> parameter;
    };
    using value_type = Named;

    Parameters() = default;
    // Variables without names are called "0", "1", ...
    Parameters(const Variables<T>& variables);
    Parameters(std::initializer_list<Variable<T>> variables) : Parameters(Variables<T>(variables)) {}
    Parameters(std::initializer_list<Named> parameters);

    // Throws std::invalid_argument when the name is empty, taken, or has a '/'; GradError for an undefined variable.
    void add(std::string name, Variable<T> parameter);

    // Whether the names are only the places of variables without names.
    bool numbered() const { return numbered_; }

    std::size_t size() const { return parameters_.size(); }
    bool empty() const { return parameters_.empty(); }
    auto begin() { return parameters_.begin(); }
    auto end() { return parameters_.end(); }
    auto begin() const { return parameters_.begin(); }
    auto end() const { return parameters_.end(); }
    Named& operator[](std::size_t i) { return parameters_[i]; }
    const Named& operator[](std::size_t i) const { return parameters_[i]; }

    bool contains(std::string_view name) const { return find(name) != size(); }
    // Throws std::out_of_range naming what is there.
    Variable<T>& at(std::string_view name) & { return parameters_[place(name)].parameter; }
    const Variable<T>& at(std::string_view name) const& { return parameters_[place(name)].parameter; }
    Variable<T> at(std::string_view name) && { return parameters_[place(name)].parameter; }

    // Those for which wanted(name, parameter) holds, in order, under their names.
    template <std::predicate<const std::string&, const Variable<T>&> Wanted>
    Parameters filter(Wanted wanted) const {
        Parameters result;
        for (const auto& named : parameters_)
            if (wanted(named.name, named.parameter)) result.parameters_.push_back(named);
        return result;
    }
    // Those whose name starts with `prefix`: "fc1.".
    Parameters below(std::string_view prefix) const {
        return filter([&](const std::string& name, const Variable<T>&) { return name.starts_with(prefix); });
    }

    Variables<T> variables() const;
    operator Variables<T>() const { return variables(); }

    // The number of all elements.
    std::size_t count() const;
    // Forgets all gradients.
    void zero_grad();

private:
    std::size_t find(std::string_view name) const;
    std::size_t place(std::string_view name) const;

    std::vector<Named> parameters_;
    bool numbered_ = false;
};

extern template class Parameters<float>;
extern template class Parameters<double>;

}    // namespace xtape
