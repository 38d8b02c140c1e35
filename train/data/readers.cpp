#include <xtape/io/cifar10.hpp>
#include <xtape/io/mnist.hpp>
#include <xtape/train/data/readers.hpp>

#include <algorithm>
#include <cmath>

namespace xtape::train {
namespace {

// Bytes as numbers from 0 to 1.
template <class T>
Array<T> levels(const Array<std::uint8_t>& bytes, const Shape& shape) {
    Array<T> result = empty_array<T>(shape);
    std::transform(bytes.storage().cbegin(), bytes.storage().cend(), result.storage().begin(),
                   [](std::uint8_t level) { return static_cast<T>(level) / T(255); });
    return result;
}

}    // namespace

template <class T>
Split<T> read_mnist(const std::filesystem::path& folder) {
    auto [train, test] = io::read_mnist(folder);
    auto flat = [](io::ImageSet& set) {
        return Dataset<T>(levels<T>(set.images, {set.images.shape()[0], 784}), std::move(set.labels),
                          {.example_shape = Shape{28, 28}});
    };
    return {flat(train), {}, flat(test)};
}

template <class T>
Split<T> read_cifar10(const std::filesystem::path& folder) {
    auto [train, test, names] = io::read_cifar10(folder);
    auto images = [&names = names](io::ColourImages& set) {
        return Dataset<T>(levels<T>(set.images, set.images.shape()), std::move(set.labels), {.class_names = names});
    };
    return {images(train), {}, images(test)};
}

template <class T>
Dataset<T> from_table(const io::CsvTable& table, const TableOptions& options) {
    std::vector<std::string> inputs = options.inputs;
    if (inputs.empty())
        for (const std::string& name : table.names())
            if (name != options.target) inputs.push_back(name);
    Array<T> x(table.numbers(inputs));
    if (options.target.empty()) return Dataset<T>(std::move(x));
    const io::CsvColumn& target = table.column(options.target);
    if (!target.is_text && !options.target_is_class) {
        Array<T> y = empty_array<T>({table.rows(), 1});
        std::transform(target.numbers.begin(), target.numbers.end(), y.storage().begin(),
                       [](double number) { return static_cast<T>(number); });
        return Dataset<T>(std::move(x), std::move(y));
    }
    Indices labels = empty_array<std::int64_t>({table.rows()});
    for (std::size_t row = 0; row < table.rows(); ++row) {
        const double number = target.numbers[row];
        if (!(number >= 0) || number != std::floor(number) || number > 1e9)
            throw io::Error("[read_csv] got the class " + std::to_string(number) + " in row " +
                            std::to_string(row + 1) + " of '" + options.target + "'; wanted integers from 0");
        labels(row) = static_cast<std::int64_t>(number);
    }
    return Dataset<T>(std::move(x), std::move(labels), {.class_names = target.categories});
}

template <class T>
Dataset<T> read_csv(const std::filesystem::path& path, const TableOptions& options) {
    return from_table<T>(io::read_csv(path, options.csv), options);
}

template Split<float> read_mnist(const std::filesystem::path&);
template Split<double> read_mnist(const std::filesystem::path&);
template Split<float> read_cifar10(const std::filesystem::path&);
template Split<double> read_cifar10(const std::filesystem::path&);
template Dataset<float> read_csv(const std::filesystem::path&, const TableOptions&);
template Dataset<double> read_csv(const std::filesystem::path&, const TableOptions&);
template Dataset<float> from_table(const io::CsvTable&, const TableOptions&);
template Dataset<double> from_table(const io::CsvTable&, const TableOptions&);

}    // namespace xtape::train
