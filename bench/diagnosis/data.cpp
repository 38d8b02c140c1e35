#include "data.hpp"

#include <xtape/xtape.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

namespace xtape::bench {
namespace {

train::Dataset<T> make_data(const Plan& plan, std::uint64_t seed) {
    switch (plan.data) {
        case Data::digits: return train::digits<T>({.count = plan.count, .seed = seed});
        case Data::blobs:
            return train::blobs<T>({.classes = 4, .per_class = plan.count / 4, .features = 5, .seed = seed});
        case Data::circles: return train::circles<T>({.count = plan.count, .noise = 0.08, .seed = seed});
        case Data::spirals:
            return train::spirals<T>({.classes = 3, .per_class = plan.count / 3, .noise = 0.02, .seed = seed});
        case Data::moons: return train::moons<T>({.count = plan.count, .noise = 0.1, .seed = seed});
        case Data::friedman: return train::friedman<T>({.count = plan.count, .seed = seed});
    }
    throw std::logic_error("no such data");
}

// The same examples with their answers in another order, or all of them in the order of their answers.
train::Dataset<T> with_answers(const train::Dataset<T>& data, const std::vector<std::int64_t>& order) {
    const auto batch = data.fetch(order);
    if (data.has_labels()) return train::Dataset<T>(data.inputs(), batch.labels);
    return train::Dataset<T>(data.inputs(), batch.targets.value());
}

std::vector<std::int64_t> order_of_answers(const train::Dataset<T>& data) {
    std::vector<double> key;
    if (data.has_labels()) {
        const Indices labels = data.labels();
        key.assign(labels.begin(), labels.end());
    } else {
        const Array<T> targets = data.targets();
        key.assign(targets.begin(), targets.end());
    }
    std::vector<std::int64_t> order(data.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        return key[static_cast<std::size_t>(a)] < key[static_cast<std::size_t>(b)];
    });
    return order;
}

// The same examples with more features.
train::Dataset<T> widened(const train::Dataset<T>& data, const Array<T>& columns) {
    const Array<T> inputs = data.inputs();
    const std::size_t n = data.size(), length = inputs.size() / n, more = columns.size() / n;
    Array<T> wide = empty_array<T>({n, length + more});
    for (std::size_t i = 0; i < n; ++i) {
        std::copy_n(inputs.storage().data() + i * length, length, wide.storage().data() + i * (length + more));
        std::copy_n(columns.storage().data() + i * more, more, wide.storage().data() + i * (length + more) + length);
    }
    if (data.has_labels()) return train::Dataset<T>(std::move(wide), data.labels());
    return train::Dataset<T>(std::move(wide), data.targets());
}

// The answer as one more feature, hardly blurred.
train::Dataset<T> leaking(const train::Dataset<T>& data, Stream& stream) {
    Array<T> answer = stream.normal<T>({data.size(), 1}, 0, 0.01);
    for (std::size_t i = 0; i < data.size(); ++i)
        answer.storage()[i] +=
            data.has_labels() ? static_cast<T>(data.labels().storage()[i]) : data.targets().storage()[i];
    return widened(data, answer);
}

}    // namespace

train::Split<T> make_parts(const Plan& plan, std::uint64_t number) {
    Stream& stream = default_generator().stream("faults");
    train::Dataset<T> data = make_data(plan, number);
    if (plan.noise) {    // noise is all that there is to be learnt by heart
        std::vector<std::int64_t> order(data.size());
        std::iota(order.begin(), order.end(), 0);
        for (std::size_t i = 0; i + 1 < order.size(); i += 8)
            std::swap(order[i],
                      order[static_cast<std::size_t>(stream.integer(static_cast<std::int64_t>(order.size())))]);
        data = with_answers(data, order);
        if (plan.data != Data::digits) data = widened(data, stream.normal<T>({data.size(), 20}));
    }
    if (plan.shuffled_labels) {
        const Indices order = stream.permutation(data.size());
        data = with_answers(data, {order.begin(), order.end()});
    }
    if (plan.leak) data = leaking(data, stream);
    auto parts = train::split(data, {.validation = 0.25, .seed = number});
    if (plan.data != Data::digits) {
        const train::Standardize<T> standardize(parts.train);
        parts.train = standardize(parts.train);
        parts.validation = standardize(parts.validation);
    }
    if (plan.data == Data::friedman) {    // targets of mean 0 and deviation 1, about
        auto scaled = [](const train::Dataset<T>& set) {
            return train::Dataset<T>(set.inputs(), Array<T>((set.targets() - T(14.4)) / T(5)));
        };
        parts.train = scaled(parts.train);
        parts.validation = scaled(parts.validation);
    }
    if (plan.target_scale != 1 || plan.target_offset != 0) {
        auto moved = [&](const train::Dataset<T>& set) {
            return train::Dataset<T>(set.inputs(), Array<T>(set.targets() * static_cast<T>(plan.target_scale) +
                                                            static_cast<T>(plan.target_offset)));
        };
        parts.train = moved(parts.train);
        parts.validation = moved(parts.validation);
    }
    if (plan.foreign_answers) {
        const Indices order = stream.permutation(parts.validation.size());
        parts.validation = with_answers(parts.validation, {order.begin(), order.end()});
    }
    if (plan.input_scale != 1) {
        auto scale = [&](const Array<T>& x) { return Array<T>(x * static_cast<T>(plan.input_scale)); };
        parts.train = parts.train.map_inputs(scale);
        parts.validation = parts.validation.map_inputs(scale);
    }
    if (plan.odd_validation)
        parts.validation = parts.validation.map_inputs([](const Array<T>& x) { return Array<T>(x * T(20) + T(30)); });
    if (plan.missing)
        parts.train = parts.train.map_inputs([](const Array<T>& x) {
            Array<T> holes(x);
            holes.storage()[holes.size() / 2] = std::numeric_limits<T>::quiet_NaN();
            return holes;
        });
    if (plan.sorted) parts.train = parts.train.subset(order_of_answers(parts.train));
    return parts;
}

}    // namespace xtape::bench
