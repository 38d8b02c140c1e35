// Categorical columns as vectors of zeros and a one.
#pragma once

#include <xtape/train/preprocess/preprocessing.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace xtape::train {

struct OneHotOptions {
    std::vector<std::size_t> columns;    // the categorical ones
    bool unknown_as_zeros = false;       // a category that training did not have: all zeros instead of an error
};

// Inputs (n, features) whose categorical columns become one column for each category that training has, in ascending
// order, where the column stood; the others stay. Throws ShapeError for other inputs, std::out_of_range for a column
// that is not there, or a category that training did not have (naming example, column and value).
template <class T>
class OneHot : public Preprocessing<T> {
public:
    using Options = OneHotOptions;

    OneHot() = default;
    explicit OneHot(const Dataset<T>& train, OneHotOptions options);

    const char* name() const override { return "OneHot"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<OneHot>(*this); }
    Array<T> transform(const Array<T>& inputs) const override;
    Array<T> inverse(const Array<T>& outputs) const override;
    State state() const override;
    void load_state(const State& state) override;

private:
    std::size_t width() const;

    std::size_t features_ = 0;
    bool unknown_as_zeros_ = false;
    std::vector<std::vector<double>> categories_;    // of each column; none: the column is a number
};

extern template class OneHot<float>;
extern template class OneHot<double>;

}    // namespace xtape::train
