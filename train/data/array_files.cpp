#include <xtape/io/array_file.hpp>
#include <xtape/io/npy.hpp>
#include <xtape/train/data/array_files.hpp>

#include <algorithm>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <variant>

namespace xtape::train {
namespace {

void check_names(const char* who, const ArrayNames& names) {
    if (!names.labels.empty() && !names.targets.empty())
        throw std::invalid_argument(std::string("[") + who +
                                    "] got labels and targets; wanted one of them, or neither");
}

// Rows of an HDF5 file, with labels in memory.
template <class T>
class RowSource final : public Source<T> {
public:
    RowSource(const std::filesystem::path& path, const ArrayNames& names, const io::RowReaderOptions& options)
        : inputs_(path, names.inputs, options) {
        if (!names.labels.empty()) labels_ = io::read<std::int64_t>(path, names.labels, options.file);
        if (!names.targets.empty()) targets_ = std::make_unique<io::RowReader<T>>(path, names.targets, options);
        // A data set of as many rows without elements is refused for what is wrong with the answers.
        const Array<T> rows = empty_array<T>({inputs_.size(), 0});
        const DatasetOptions options_of_answers{.class_names = names.dataset.class_names};
        if (!names.labels.empty()) Dataset<T>(share(rows), share(labels_), options_of_answers);
        if (targets_) Dataset<T>(share(rows), empty_array<T>({targets_->size(), 0}), options_of_answers);
    }

    std::size_t size() const override { return inputs_.size(); }
    Batch<T> fetch(Rows rows) const override {
        Batch<T> batch{.inputs = Variable<T>(inputs_.fetch(rows)), .labels = labels(rows)};
        if (targets_) batch.targets = Variable<T>(targets_->fetch(rows));
        return batch;
    }
    Indices labels(Rows rows) const override {
        return labels_.size() == 0 ? empty_array<std::int64_t>({0}) : detail::take_rows(labels_, rows);
    }

private:
    io::RowReader<T> inputs_;
    Indices labels_ = empty_array<std::int64_t>({0});
    std::unique_ptr<io::RowReader<T>> targets_;
};

// An array of any numbers, as one of T.
template <class T>
Array<T> numbers(const char* who, const State::Value& value, const std::string& name) {
    return std::visit(
        [&]<class V>(const V& array) -> Array<T> {
            if constexpr (std::is_same_v<V, Array<T>>)
                return share(array);
            else if constexpr (requires { array.storage(); })
                return Array<T>(xt::cast<T>(array));
            else
                throw io::Error(std::string("[") + who + "] got '" + name + "', " + describe(value) +
                                "; wanted an array of numbers");
        },
        value);
}

}    // namespace

template <class T>
Dataset<T> read_hdf5(const std::filesystem::path& path, const ArrayNames& names, const io::RowReaderOptions& options) {
    check_names("read_hdf5", names);
    auto source = std::make_shared<RowSource<T>>(path, names, options);
    // An example_shape that does not fit is refused now, as for arrays in memory.
    if (source->size() > 0) Dataset<T>(source->fetch(std::vector<std::int64_t>{0}).inputs.value(), names.dataset);
    return Dataset<T>(std::move(source), names.dataset);
}

template <class T>
Dataset<T> read_npz(const std::filesystem::path& path, const ArrayNames& names) {
    check_names("read_npz", names);
    const State arrays = io::read_npz(path);
    auto find = [&](const std::string& name) -> const State::Value& {
        if (const State::Value* value = arrays.find(name)) return *value;
        std::string all;
        for (const auto& each : arrays) all += (all.empty() ? "" : ", ") + each.name;
        throw io::Error("[read_npz] '" + path.string() + "' has no array '" + name + "'; there are " +
                        (all.empty() ? "none" : all));
    };
    Array<T> inputs = numbers<T>("read_npz", find(names.inputs), names.inputs);
    if (!names.targets.empty())
        return Dataset<T>(std::move(inputs), numbers<T>("read_npz", find(names.targets), names.targets), names.dataset);
    if (names.labels.empty()) return Dataset<T>(std::move(inputs), names.dataset);
    const State::Value& labels = find(names.labels);
    if (!std::holds_alternative<Indices>(labels))
        throw io::Error("[read_npz] got '" + names.labels + "', " + describe(labels) + "; wanted integers as labels");
    return Dataset<T>(std::move(inputs), share(std::get<Indices>(labels)), names.dataset);
}

template <class T>
Dataset<T> read_npy(const std::filesystem::path& inputs, const std::filesystem::path& answers,
                    const DatasetOptions& options) {
    Array<T> x = numbers<T>("read_npy", io::read_npy(inputs), inputs.string());
    if (answers.empty()) return Dataset<T>(std::move(x), options);
    const State::Value y = io::read_npy(answers);
    if (const auto* labels = std::get_if<Indices>(&y)) return Dataset<T>(std::move(x), share(*labels), options);
    return Dataset<T>(std::move(x), numbers<T>("read_npy", y, answers.string()), options);
}

template Dataset<float> read_hdf5(const std::filesystem::path&, const ArrayNames&, const io::RowReaderOptions&);
template Dataset<double> read_hdf5(const std::filesystem::path&, const ArrayNames&, const io::RowReaderOptions&);
template Dataset<float> read_npz(const std::filesystem::path&, const ArrayNames&);
template Dataset<double> read_npz(const std::filesystem::path&, const ArrayNames&);
template Dataset<float> read_npy(const std::filesystem::path&, const std::filesystem::path&, const DatasetOptions&);
template Dataset<double> read_npy(const std::filesystem::path&, const std::filesystem::path&, const DatasetOptions&);

}    // namespace xtape::train
