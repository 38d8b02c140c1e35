// Preprocessing<T>: what is fitted on training data, and then applied to any.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/train/data/dataset.hpp>

#include <memory>
#include <string>

namespace xtape::train {

// A map of inputs, row by row, whose parameters come from training data alone: its constructor fits it, and throws
// Error when the data holds examples that a split keeps for validation or test. Its state goes into the checkpoint with
// the model: a default constructed one, not fitted, takes it over.
template <class T>
class Preprocessing {
public:
    static constexpr bool has_open_layout = true;

    virtual ~Preprocessing() = default;
    virtual const char* name() const = 0;

    // The inputs of all examples, mapped / the same for an array of examples. Throw Error when it is not fitted,
    // ShapeError when the examples are not like those that it was fitted on.
    Dataset<T> operator()(const Dataset<T>& data) const;
    virtual Array<T> transform(const Array<T>& inputs) const = 0;
    // Back again, where that is possible; otherwise throws Error.
    virtual Array<T> inverse(const Array<T>& outputs) const;

    virtual std::unique_ptr<Preprocessing> clone() const = 0;

    virtual State state() const = 0;
    // Throws StateError, having changed nothing, when the state does not match.
    virtual void load_state(const State& state) = 0;

protected:
    Preprocessing() = default;
    Preprocessing(const Preprocessing&) = default;
    Preprocessing& operator=(const Preprocessing&) = default;
    [[noreturn]] void refuse(const std::string& got_and_wanted) const;
};

extern template class Preprocessing<float>;
extern template class Preprocessing<double>;

}    // namespace xtape::train
