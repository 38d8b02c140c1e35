#include <xtape/core/shape.hpp>
#include <xtape/train/data/dataset.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace xtape::train {
namespace {

// Arrays in memory.
template <class T>
class Memory final : public Source<T> {
public:
    explicit Memory(Batch<T> all) : all_(std::move(all)) {}
    std::size_t size() const override { return all_.size(); }
    Batch<T> fetch(Rows rows) const override {
        Batch<T> batch;
        batch.inputs = Variable<T>(detail::take_rows(all_.inputs.value(), rows));
        if (all_.labels.size() > 0) batch.labels = detail::take_rows(all_.labels, rows);
        if (all_.targets.defined()) batch.targets = Variable<T>(detail::take_rows(all_.targets.value(), rows));
        return batch;
    }
    Indices labels(Rows rows) const override {
        return all_.labels.size() > 0 ? detail::take_rows(all_.labels, rows) : empty_array<std::int64_t>({0});
    }
    const Batch<T>& all() const { return all_; }

private:
    Batch<T> all_;
};

// The inputs of another source, changed as they are fetched.
template <class T>
class Changed final : public Source<T> {
public:
    Changed(std::shared_ptr<const Source<T>> source, std::function<Array<T>(const Array<T>&)> change)
        : source_(std::move(source)), change_(std::move(change)) {}
    std::size_t size() const override { return source_->size(); }
    Batch<T> fetch(Rows rows) const override {
        Batch<T> batch = source_->fetch(rows);
        batch.inputs = Variable<T>(change_(batch.inputs.value()));
        return batch;
    }
    Indices labels(Rows rows) const override { return source_->labels(rows); }

private:
    std::shared_ptr<const Source<T>> source_;
    std::function<Array<T>(const Array<T>&)> change_;
};

// Several sources, one after another.
template <class T>
class Chain final : public Source<T> {
public:
    explicit Chain(std::vector<Dataset<T>> parts) : parts_(std::move(parts)) {
        for (const auto& part : parts_) size_ += part.size();
    }
    std::size_t size() const override { return size_; }
    Batch<T> fetch(Rows rows) const override {
        // Rows of one part after another would lose the order: they are put in their places one by one.
        Batch<T> batch;
        Array<T> inputs, targets;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto [part, row] = find(rows[i]);
            const Batch<T> got = part->fetch(Rows(&row, 1));
            place(inputs, got.inputs.value(), i, rows.size());
            if (got.labels.size() > 0) place(batch.labels, got.labels, i, rows.size());
            if (got.targets.defined()) place(targets, got.targets.value(), i, rows.size());
        }
        batch.inputs = Variable<T>(std::move(inputs));
        if (targets.size() > 0) batch.targets = Variable<T>(std::move(targets));
        return batch;
    }

    Indices labels(Rows rows) const override {
        Indices labels = empty_array<std::int64_t>({0});
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto [part, row] = find(rows[i]);
            const Indices got = part->labels(Rows(&row, 1));
            if (got.size() > 0) place(labels, got, i, rows.size());
        }
        return labels;
    }

private:
    // The part that has a row, and the row's number there.
    std::pair<const Dataset<T>*, std::int64_t> find(std::int64_t row) const {
        std::size_t k = 0;
        while (static_cast<std::size_t>(row) >= parts_[k].size()) row -= static_cast<std::int64_t>(parts_[k++].size());
        return {&parts_[k], row};
    }
    template <class E>
    static void place(Array<E>& all, const Array<E>& row, std::size_t i, std::size_t count) {
        if (i == 0) {
            Shape shape = row.shape();
            shape[0] = count;
            all = empty_array<E>(shape);
        }
        std::copy(row.storage().cbegin(), row.storage().cend(),
                  all.storage().begin() + static_cast<std::ptrdiff_t>(i * row.size()));
    }

    std::vector<Dataset<T>> parts_;
    std::size_t size_ = 0;
};

Shape tail(const Shape& shape) { return Shape(shape.begin() + 1, shape.end()); }

template <class T>
void check(const Array<T>& inputs, const DatasetOptions& options) {
    if (inputs.dimension() == 0)
        throw ShapeError("[Dataset] got inputs of shape (); wanted examples along the first axis");
    if (!options.example_shape.empty() && element_count(options.example_shape) != element_count(tail(inputs.shape())))
        throw ShapeError("[Dataset] got the example_shape " + to_string(options.example_shape) +
                         " for inputs of shape " + to_string(inputs.shape()) +
                         "; wanted one with as many elements as an example");
}

void check_count(const Shape& inputs, const Shape& answers, const char* what, bool flat) {
    if (answers.empty() || answers[0] != inputs[0] || (flat && answers.size() != 1))
        throw ShapeError("[Dataset] got inputs of shape " + to_string(inputs) + " and " + what + " of shape " +
                         to_string(answers) + "; wanted " + (flat ? "one label" : "one target") +
                         " for each example, (" + std::to_string(inputs[0]) + (flat ? ",)" : ", ...)"));
}

void check_labels(const Indices& labels, const DatasetOptions& options) {
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const std::int64_t label = labels.storage()[i];
        if (label < 0 ||
            (!options.class_names.empty() && static_cast<std::size_t>(label) >= options.class_names.size()))
            throw std::out_of_range("[Dataset] got the label " + std::to_string(label) + " of example " +
                                    std::to_string(i) + "; wanted 0 to " +
                                    (options.class_names.empty() ? "the number of classes less 1"
                                                                 : std::to_string(options.class_names.size() - 1)));
    }
}

}    // namespace

template <class T>
Dataset<T>::Dataset(std::shared_ptr<const Source<T>> source, DatasetOptions options)
    : source_(std::move(source)), options_(std::move(options)) {
    if (source_ == nullptr) throw Error("[Dataset] got a null source");
    first_identity_ = detail::fresh_identities(source_->size());
}

template <class T>
Dataset<T>::Dataset(Array<T> inputs, DatasetOptions options) {
    check(inputs, options);
    *this =
        Dataset(std::make_shared<Memory<T>>(Batch<T>{.inputs = Variable<T>(std::move(inputs))}), std::move(options));
}

template <class T>
Dataset<T> Dataset<T>::joined(Array<T> inputs, Indices labels, DatasetOptions options) {
    check(inputs, options);
    check_count(inputs.shape(), labels.shape(), "labels", true);
    check_labels(labels, options);
    return Dataset(std::make_shared<Memory<T>>(Batch<T>{Variable<T>(std::move(inputs)), std::move(labels), {}}),
                   std::move(options));
}

template <class T>
Dataset<T> Dataset<T>::joined(Array<T> inputs, Array<T> targets, DatasetOptions options) {
    check(inputs, options);
    check_count(inputs.shape(), targets.shape(), "targets", false);
    return Dataset(std::make_shared<Memory<T>>(
                       Batch<T>{.inputs = Variable<T>(std::move(inputs)), .targets = Variable<T>(std::move(targets))}),
                   std::move(options));
}

template <class T>
Batch<T> Dataset<T>::all() const {
    if (const auto* memory = dynamic_cast<const Memory<T>*>(source_.get()); memory != nullptr && rows_ == nullptr) {
        const Batch<T>& whole = memory->all();
        return {whole.inputs, share(whole.labels), whole.targets};
    }
    std::vector<std::int64_t> rows(size());
    std::iota(rows.begin(), rows.end(), 0);
    return fetch(rows);
}

template <class T>
void Dataset<T>::check_rows(Rows rows) const {
    if (!defined()) throw Error("[Dataset] this data set was default constructed and has no examples");
    for (std::int64_t row : rows)
        if (row < 0 || static_cast<std::size_t>(row) >= size())
            throw std::out_of_range("[Dataset] got example number " + std::to_string(row) + "; wanted 0 to " +
                                    std::to_string(size()) + " less 1");
}

template <class T>
std::vector<std::int64_t> Dataset<T>::source_rows(Rows rows) const {
    std::vector<std::int64_t> own(rows.begin(), rows.end());
    if (rows_ != nullptr)
        for (std::int64_t& row : own) row = (*rows_)[static_cast<std::size_t>(row)];
    return own;
}

template <class T>
Batch<T> Dataset<T>::fetch(Rows rows) const {
    check_rows(rows);
    return rows_ == nullptr ? source_->fetch(rows) : source_->fetch(source_rows(rows));
}

template <class T>
Indices Dataset<T>::labels() const {
    Indices found = empty_array<std::int64_t>({0});
    if (const auto* memory = dynamic_cast<const Memory<T>*>(source_.get()); memory != nullptr && rows_ == nullptr) {
        found = share(memory->all().labels);
    } else if (size() > 0) {
        std::vector<std::int64_t> rows(size());
        std::iota(rows.begin(), rows.end(), 0);
        found = labels(rows);
    }
    if (found.size() == 0 && size() > 0) throw Error("[Dataset] these examples have no labels");
    return found;
}

template <class T>
Indices Dataset<T>::labels(Rows rows) const {
    check_rows(rows);
    return source_->labels(source_rows(rows));
}

template <class T>
Array<T> Dataset<T>::targets() const {
    Batch<T> batch = all();
    if (!batch.targets.defined()) throw Error("[Dataset] these examples have no targets");
    return share(batch.targets.value());
}

template <class T>
bool Dataset<T>::has_labels() const {
    const std::int64_t first = 0;
    return size() > 0 && fetch(Rows(&first, 1)).labels.size() > 0;
}

template <class T>
bool Dataset<T>::has_targets() const {
    const std::int64_t first = 0;
    return size() > 0 && fetch(Rows(&first, 1)).targets.defined();
}

template <class T>
std::string Dataset<T>::class_name(std::int64_t label) const {
    const auto i = static_cast<std::size_t>(label);
    return i < options_.class_names.size() ? options_.class_names[i] : std::to_string(label);
}

template <class T>
Shape Dataset<T>::example_shape() const {
    if (!options_.example_shape.empty()) return options_.example_shape;
    const std::int64_t first = 0;
    return size() == 0 ? Shape{} : tail(fetch(Rows(&first, 1)).inputs.shape());
}

template <class T>
std::size_t Dataset<T>::classes() const {
    if (!options_.class_names.empty()) return options_.class_names.size();
    return class_counts().size();
}

template <class T>
std::vector<std::size_t> Dataset<T>::class_counts() const {
    std::vector<std::size_t> counts(options_.class_names.size());
    const Indices all_labels = labels();
    for (std::int64_t label : all_labels.storage()) {
        if (label < 0)
            throw std::out_of_range("[Dataset] got the label " + std::to_string(label) + "; wanted 0 or more");
        if (static_cast<std::size_t>(label) >= counts.size()) counts.resize(static_cast<std::size_t>(label) + 1);
        ++counts[static_cast<std::size_t>(label)];
    }
    return counts;
}

template <class T>
std::uint64_t Dataset<T>::identity(std::size_t i) const {
    return identities_ == nullptr ? first_identity_ + i : (*identities_)[i];
}

template <class T>
Dataset<T> Dataset<T>::subset(Rows rows) const {
    check_rows(rows);
    Dataset result = *this;
    auto own = std::make_shared<std::vector<std::int64_t>>();
    auto identities = std::make_shared<std::vector<std::uint64_t>>();
    for (std::int64_t row : rows) {
        const auto i = static_cast<std::size_t>(row);
        own->push_back(rows_ == nullptr ? row : (*rows_)[i]);
        identities->push_back(identity(i));
    }
    result.rows_ = std::move(own);
    result.identities_ = std::move(identities);
    return result;
}

template <class T>
Dataset<T> Dataset<T>::map_inputs(const std::function<Array<T>(const Array<T>&)>& change) const {
    if (!defined()) throw Error("[Dataset] this data set was default constructed and has no examples");
    Dataset result = *this;
    if (dynamic_cast<const Memory<T>*>(source_.get()) != nullptr) {
        Batch<T> batch = all();
        batch.inputs = Variable<T>(change(batch.inputs.value()));
        if (batch.inputs.shape().empty() || batch.size() != size())
            throw ShapeError("[map_inputs] got inputs of shape " + to_string(batch.inputs.shape()) + " back for " +
                             std::to_string(size()) + " examples; wanted one for each");
        if (tail(batch.inputs.shape()) != tail(all().inputs.shape()) && !options_.example_shape.empty() &&
            element_count(options_.example_shape) != batch.inputs.size() / std::max<std::size_t>(1, batch.size()))
            result.options_.example_shape = {};
        result.source_ = std::make_shared<Memory<T>>(std::move(batch));
        if (rows_ != nullptr) result.rows_ = nullptr;
    } else {
        result.source_ = std::make_shared<Changed<T>>(source_, change);
    }
    return result;
}

template <class T>
void Dataset<T>::refuse_held_out(const std::string& who) const {
    for (const auto& held_out : splits_.empty() ? detail::live_splits() : splits_) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < size(); ++i)
            count += std::binary_search(held_out->begin(), held_out->end(), identity(i));
        if (count > 0)
            throw Error("[" + who + "] got " + std::to_string(size()) + " examples, of which " + std::to_string(count) +
                        " are held out for validation or test by a split; fit it on the split's train part (a fit that "
                        "has seen them makes them look better than new data)");
    }
}

template <class T>
Dataset<T> concat(const std::vector<Dataset<T>>& parts) {
    if (parts.empty()) throw Error("[concat] got no data sets; wanted at least one");
    const Dataset<T>& first = parts.front();
    auto shape_of = [](const Dataset<T>& part) {
        const std::int64_t row = 0;
        return part.size() == 0 ? Batch<T>() : part.fetch(Rows(&row, 1));
    };
    const Batch<T> wanted = shape_of(first);
    auto identities = std::make_shared<std::vector<std::uint64_t>>();
    std::vector<std::shared_ptr<const detail::HeldOut>> splits;
    for (const Dataset<T>& part : parts) {
        if (part.size() == 0) throw Error("[concat] got a data set without examples");
        const Batch<T> got = shape_of(part);
        if (got.inputs.shape() != wanted.inputs.shape())
            throw ShapeError("[concat] got examples of shape " + to_string(tail(got.inputs.shape())) +
                             " behind ones of shape " + to_string(tail(wanted.inputs.shape())));
        if ((got.labels.size() > 0) != (wanted.labels.size() > 0) || got.targets.defined() != wanted.targets.defined())
            throw Error("[concat] got examples with labels or targets beside ones without them");
        if (got.targets.defined() && got.targets.shape() != wanted.targets.shape())
            throw ShapeError("[concat] got targets of shape " + to_string(tail(got.targets.shape())) +
                             " behind ones of shape " + to_string(tail(wanted.targets.shape())));
        for (std::size_t i = 0; i < part.size(); ++i) identities->push_back(part.identity(i));
        for (const auto& split : part.splits_)
            if (std::find(splits.begin(), splits.end(), split) == splits.end()) splits.push_back(split);
    }
    Dataset<T> result(std::make_shared<Chain<T>>(parts), first.options_);
    result.identities_ = std::move(identities);
    result.splits_ = std::move(splits);
    return result;
}

template class Dataset<float>;
template class Dataset<double>;
template Dataset<float> concat(const std::vector<Dataset<float>>&);
template Dataset<double> concat(const std::vector<Dataset<double>>&);

}    // namespace xtape::train
