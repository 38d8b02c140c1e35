// Dataset<T>: examples along the first axis, with labels or targets.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/error.hpp>
#include <xtape/train/data/detail/rows.hpp>
#include <xtape/train/data/source.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape::train {

struct DatasetOptions {
    std::vector<std::string> class_names = {};    // of the labels 0, 1, ...
    Shape example_shape =
        {};    // how to look at an example whose input is flat: {28, 28}; a matrix, or (channels, h, w)
};

template <class X>
concept Expression = xt::is_xexpression<std::decay_t<X>>::value;

// An immutable set of examples; a cheap handle. Subsets share the examples with the set that they are taken from, and
// remember which ones they are, so that a preprocessing fitted on what is held out is noticed.
template <class T>
class Dataset {
public:
    using value_type = T;

    Dataset() = default;    // no examples; everything but size() and defined() throws
    // Arrays in memory, or any xtensor expressions: inputs (n, ...), and labels (n,), integers from 0, or targets
    // (n, ...), numbers. Throws ShapeError when there are not as many of both, or the example_shape has other elements
    // than an input; std::out_of_range for a negative label, or one without a name where names are given.
    template <Expression X, Expression Y>
    Dataset(X&& inputs, Y&& answers, DatasetOptions options = {})
        : Dataset(joined(Array<T>(std::forward<X>(inputs)), Answers<Y>(std::forward<Y>(answers)), std::move(options))) {
    }
    explicit Dataset(Array<T> inputs, DatasetOptions options = {});
    // Examples that are fetched when they are needed.
    explicit Dataset(std::shared_ptr<const Source<T>> source, DatasetOptions options = {});

    bool defined() const { return source_ != nullptr; }
    std::size_t size() const { return defined() ? (rows_ == nullptr ? source_->size() : rows_->size()) : 0; }

    // All examples at once; shared where they are in memory in this order, else gathered or fetched.
    Array<T> inputs() const { return all().inputs.value(); }
    Indices labels() const;
    Indices labels(Rows rows) const;    // of these examples; of size 0 where there are none
    // Throws Error when there are none.
    Array<T> targets() const;
    bool has_labels() const;
    bool has_targets() const;
    Batch<T> all() const;
    // The examples with these numbers, in this order. Throws std::out_of_range.
    Batch<T> fetch(Rows rows) const;

    const std::vector<std::string>& class_names() const { return options_.class_names; }
    // The name of a class: its number where it has no name.
    std::string class_name(std::int64_t label) const;
    // The shape of an example: the option, or its input's shape.
    Shape example_shape() const;
    // One more than the largest label, or the number of names; and how often each label comes.
    std::size_t classes() const;
    std::vector<std::size_t> class_counts() const;

    // The examples with these numbers, in this order, sharing their elements. Throws std::out_of_range.
    Dataset subset(Rows rows) const;
    // The same examples, in the same order, with other inputs: what preprocessing gives. `change` maps inputs of any
    // number of examples, row by row; what is in memory is changed now, other data as it is fetched.
    Dataset map_inputs(const std::function<Array<T>(const Array<T>&)>& change) const;

    // A few lines for people: number and shape of examples, range, share of NaN, classes and their counts.
    std::string summary() const;

    // Throws Error naming `who` when examples that a split holds out for validation or test are among these: of the
    // splits that this set is a part of, or, if it is none, of all that are in use.
    void refuse_held_out(const std::string& who) const;

private:
    template <class U>
    friend struct Split;
    template <class U>
    friend Dataset<U> concat(const std::vector<Dataset<U>>& parts);
    template <class U>
    friend class Partition;

    template <class Y>
    using Answers = std::conditional_t<std::integral<typename std::decay_t<Y>::value_type>, Indices, Array<T>>;
    static Dataset joined(Array<T> inputs, Indices labels, DatasetOptions options);
    static Dataset joined(Array<T> inputs, Array<T> targets, DatasetOptions options);
    std::uint64_t identity(std::size_t i) const;
    void check_rows(Rows rows) const;
    std::vector<std::int64_t> source_rows(Rows rows) const;

    std::shared_ptr<const Source<T>> source_;
    std::shared_ptr<const std::vector<std::int64_t>> rows_;           // of the source; none: all
    std::shared_ptr<const std::vector<std::uint64_t>> identities_;    // none: first_identity_ and those that follow
    std::uint64_t first_identity_ = 0;
    std::vector<std::shared_ptr<const detail::HeldOut>> splits_;    // that this is a part of
    DatasetOptions options_;
};

// The examples of all parts, one after another. Throws ShapeError when their inputs or targets differ in shape, Error
// when only some have labels or targets.
template <class T>
Dataset<T> concat(const std::vector<Dataset<T>>& parts);

extern template class Dataset<float>;
extern template class Dataset<double>;

}    // namespace xtape::train
