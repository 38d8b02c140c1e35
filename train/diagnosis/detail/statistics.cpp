#include <xtape/train/diagnosis/detail/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xtape::train::detail {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t lanes = 32, block = 4096, most_values = 4096, bins = 40;

// The sum of f(i), in lanes that the compiler keeps in registers, block by block.
template <class T, class F>
double sum(std::size_t count, F f) {
    double total = 0;
    for (std::size_t begin = 0; begin < count; begin += block) {
        const std::size_t end = std::min(begin + block, count);
        T part[lanes] = {};
        std::size_t i = begin;
        for (; i + lanes <= end; i += lanes)
            for (std::size_t k = 0; k < lanes; ++k) part[k] += f(i + k);
        for (std::size_t k = 0; i < end; ++i, ++k) part[k] += f(i);
        for (T p : part) total += static_cast<double>(p);
    }
    return total;
}

// The sum of f(N(), i) over i with numbers N = T; in double, should that overflow: squares of large floats are no
// floats.
template <class T, class F>
double safe_sum(std::size_t count, F f) {
    const double total = sum<T>(count, [&](std::size_t i) { return f(T(), i); });
    return std::isfinite(total) ? total : sum<double>(count, [&](std::size_t i) { return f(double(), i); });
}

}    // namespace

template <class T>
double dot(std::span<const T> a, std::span<const T> b) {
    return safe_sum<T>(a.size(), [x = a.data(), y = b.data()](auto number, std::size_t i) {
        using N = decltype(number);
        return static_cast<N>(x[i]) * static_cast<N>(y[i]);
    });
}

template <class T>
double norm(std::span<const T> a) {
    return std::sqrt(dot(a, a));
}

template <class T>
double distance(std::span<const T> a, std::span<const T> b) {
    return std::sqrt(safe_sum<T>(a.size(), [x = a.data(), y = b.data()](auto number, std::size_t i) {
        using N = decltype(number);
        const N away = static_cast<N>(x[i]) - static_cast<N>(y[i]);
        return away * away;
    }));
}

template <class T>
Moments moments(std::span<const T> values) {
    const auto n = static_cast<double>(values.size());
    const double mean =
        safe_sum<T>(values.size(),
                    [x = values.data()](auto number, std::size_t i) { return static_cast<decltype(number)>(x[i]); }) /
        n;
    const double variance = safe_sum<T>(values.size(),
                                        [x = values.data(), mean](auto number, std::size_t i) {
                                            using N = decltype(number);
                                            const N away = static_cast<N>(x[i]) - static_cast<N>(mean);
                                            return away * away;
                                        }) /
                            n;
    return {mean, std::sqrt(variance), std::sqrt(mean * mean + variance)};
}

template <class T>
double spread_over_examples(const Array<T>& y) {
    if (y.dimension() < 2 || y.size() == 0) return none;
    const std::size_t count = y.shape()[0], units = y.size() / count;
    std::vector<T> sums(units), squares(units);
    const T* first = y.storage().data();
    for (std::size_t i = 1; i < count; ++i) {
        const T* row = first + i * units;
        for (std::size_t u = 0; u < units; ++u) {
            const T away = row[u] - first[u];    // of the first example, so that little is lost to rounding
            sums[u] += away;
            squares[u] += away * away;
        }
    }
    double total = 0;
    const auto n = static_cast<double>(count);
    for (std::size_t u = 0; u < units; ++u) {
        const double mean = static_cast<double>(sums[u]) / n;
        total += std::max(0.0, static_cast<double>(squares[u]) / n - mean * mean);
    }
    return std::sqrt(total / static_cast<double>(units));
}

template <class T>
double rows_alike(const Array<T>& weight) {
    if (weight.dimension() < 2 || weight.shape()[0] < 2 || weight.size() == 0) return none;
    const std::size_t rows = weight.shape()[0], length = weight.size() / rows;
    const T* first = weight.storage().data();
    std::size_t alike = 0;
    for (std::size_t r = 1; r < rows; ++r) {
        const T* row = first + r * length;
        std::size_t i = 0;
        while (i < length && std::abs(row[i] - first[i]) <= T(1e-5) * std::abs(first[i])) ++i;
        alike += i == length ? 1 : 0;
    }
    return static_cast<double>(alike) / static_cast<double>(rows - 1);
}

template <class T>
double saturation(std::string_view operation, std::span<const T> y) {
    double low = 0, high = 0;
    if (operation == "sigmoid") {    // the slope is y (1 - y), at most 1/4
        high = (1 + std::sqrt(0.95)) / 2;
        low = 1 - high;
    } else if (operation == "tanh") {    // 1 - y^2
        high = std::sqrt(0.95);
        low = -high;
    } else {
        return none;
    }
    std::size_t flat = 0;
    for (T value : y) flat += value < static_cast<T>(low) || value > static_cast<T>(high) ? 1 : 0;
    return static_cast<double>(flat) / static_cast<double>(y.size());
}

template <class T>
Histogram histogram(std::span<const T> values) {
    const std::size_t stride = std::max<std::size_t>(1, values.size() / most_values);
    Histogram result;
    bool any = false;
    for (std::size_t i = 0; i < values.size(); i += stride) {
        const auto value = static_cast<double>(values[i]);
        if (!std::isfinite(value)) continue;
        result.low = any ? std::min(result.low, value) : value;
        result.high = any ? std::max(result.high, value) : value;
        any = true;
    }
    if (!any) return result;
    result.counts.resize(bins);
    const double width = result.high - result.low;
    const double scale = width > 0 ? static_cast<double>(bins) / width : 0;
    for (std::size_t i = 0; i < values.size(); i += stride) {
        const auto value = static_cast<double>(values[i]);
        if (!std::isfinite(value)) continue;
        ++result.counts[std::min(bins - 1, static_cast<std::size_t>((value - result.low) * scale))];
    }
    return result;
}

template double dot(std::span<const float>, std::span<const float>);
template double norm(std::span<const float>);
template double distance(std::span<const float>, std::span<const float>);
template Moments moments(std::span<const float>);
template double spread_over_examples(const Array<float>&);
template double rows_alike(const Array<float>&);
template double saturation(std::string_view, std::span<const float>);
template Histogram histogram(std::span<const float>);
template double dot(std::span<const double>, std::span<const double>);
template double norm(std::span<const double>);
template double distance(std::span<const double>, std::span<const double>);
template Moments moments(std::span<const double>);
template double spread_over_examples(const Array<double>&);
template double rows_alike(const Array<double>&);
template double saturation(std::string_view, std::span<const double>);
template Histogram histogram(std::span<const double>);

}    // namespace xtape::train::detail
