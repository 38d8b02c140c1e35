#include <xtape/core/detail/number.hpp>
#include <xtape/nn/pooling.hpp>

#include <cmath>
#include <string>
#include <utility>

namespace xtape::nn {
namespace {

std::string kind_of(const char* family, std::size_t rank) { return family + std::to_string(rank) + "d"; }

// "2", or "2 x 3".
std::string text(const PerAxis& numbers, std::size_t rank) {
    const Shape list = numbers.of("pool", "size", rank, 1);
    std::string result = std::to_string(list[0]);
    bool equal = true;
    for (std::size_t length : list) equal = equal && length == list[0];
    if (!equal)
        for (std::size_t d = 1; d < rank; ++d) result += " x " + std::to_string(list[d]);
    return result;
}

// Of the three functions of a family, that of the rank.
template <std::size_t rank, class F1, class F2, class F3>
auto of_rank(F1 one, F2 two, F3 three) {
    if constexpr (rank == 1)
        return one();
    else if constexpr (rank == 2)
        return two();
    else
        return three();
}

void check_stride(const std::string& kind, const PerAxis& stride, std::size_t rank) {
    if (!stride.empty()) stride.of(kind, "stride", rank, 1);
}

}    // namespace

template <class T, std::size_t rank>
MaxPool<T, rank>::MaxPool(Module<T>* owner, std::string_view name, PerAxis kernel, xtape::MaxPoolOptions options)
    : Module<T>(owner, name), kernel_(std::move(kernel)), options_(std::move(options)) {
    kernel_.of(kind_of("MaxPool", rank), "kernel", rank, 1);
    check_stride(kind_of("MaxPool", rank), options_.stride, rank);
    options_.padding.of(kind_of("MaxPool", rank), "padding", rank, 0);
    options_.dilation.of(kind_of("MaxPool", rank), "dilation", rank, 1);
}
template <class T, std::size_t rank>
Variable<T> MaxPool<T, rank>::forward(const Variable<T>& x) {
    return of_rank<rank>([&] { return max_pool1d(x, kernel_, options_); },
                         [&] { return max_pool2d(x, kernel_, options_); },
                         [&] { return max_pool3d(x, kernel_, options_); });
}
template <class T, std::size_t rank>
std::string MaxPool<T, rank>::kind() const {
    return kind_of("MaxPool", rank);
}
template <class T, std::size_t rank>
std::string MaxPool<T, rank>::describe() const {
    return kind() + "(" + text(kernel_, rank) + ")";
}

template <class T, std::size_t rank>
AvgPool<T, rank>::AvgPool(Module<T>* owner, std::string_view name, PerAxis kernel, xtape::AvgPoolOptions options)
    : Module<T>(owner, name), kernel_(std::move(kernel)), options_(std::move(options)) {
    kernel_.of(kind_of("AvgPool", rank), "kernel", rank, 1);
    check_stride(kind_of("AvgPool", rank), options_.stride, rank);
    options_.padding.of(kind_of("AvgPool", rank), "padding", rank, 0);
    if (options_.divisor_override == 0u) this->refuse_option("AvgPool", "divisor_override = 0; wanted 1 or more");
}
template <class T, std::size_t rank>
Variable<T> AvgPool<T, rank>::forward(const Variable<T>& x) {
    return of_rank<rank>([&] { return avg_pool1d(x, kernel_, options_); },
                         [&] { return avg_pool2d(x, kernel_, options_); },
                         [&] { return avg_pool3d(x, kernel_, options_); });
}
template <class T, std::size_t rank>
std::string AvgPool<T, rank>::kind() const {
    return kind_of("AvgPool", rank);
}
template <class T, std::size_t rank>
std::string AvgPool<T, rank>::describe() const {
    return kind() + "(" + text(kernel_, rank) + ")";
}

template <class T, std::size_t rank>
LpPool<T, rank>::LpPool(Module<T>* owner, std::string_view name, double p, PerAxis kernel, xtape::LpPoolOptions options)
    : Module<T>(owner, name), p_(p), kernel_(std::move(kernel)), options_(std::move(options)) {
    kernel_.of(kind_of("LpPool", rank), "kernel", rank, 1);
    check_stride(kind_of("LpPool", rank), options_.stride, rank);
    if (!(p_ > 0 && std::isfinite(p_)))
        this->refuse_option("LpPool", "p = " + xtape::detail::to_text(p_) + "; wanted a positive number");
}
template <class T, std::size_t rank>
Variable<T> LpPool<T, rank>::forward(const Variable<T>& x) {
    return of_rank<rank>([&] { return lp_pool1d(x, p_, kernel_, options_); },
                         [&] { return lp_pool2d(x, p_, kernel_, options_); },
                         [&] { return lp_pool3d(x, p_, kernel_, options_); });
}
template <class T, std::size_t rank>
std::string LpPool<T, rank>::kind() const {
    return kind_of("LpPool", rank);
}
template <class T, std::size_t rank>
std::string LpPool<T, rank>::describe() const {
    return kind() + "(" + text(kernel_, rank) + ")";
}

template <class T, std::size_t rank>
AdaptiveAvgPool<T, rank>::AdaptiveAvgPool(Module<T>* owner, std::string_view name, PerAxis size)
    : Module<T>(owner, name), size_(std::move(size)) {
    size_.of(kind_of("AdaptiveAvgPool", rank), "size", rank, 1);
}
template <class T, std::size_t rank>
Variable<T> AdaptiveAvgPool<T, rank>::forward(const Variable<T>& x) {
    return of_rank<rank>([&] { return adaptive_avg_pool1d(x, size_); }, [&] { return adaptive_avg_pool2d(x, size_); },
                         [&] { return adaptive_avg_pool3d(x, size_); });
}
template <class T, std::size_t rank>
std::string AdaptiveAvgPool<T, rank>::kind() const {
    return kind_of("AdaptiveAvgPool", rank);
}
template <class T, std::size_t rank>
std::string AdaptiveAvgPool<T, rank>::describe() const {
    return kind() + "(" + text(size_, rank) + ")";
}

template <class T, std::size_t rank>
AdaptiveMaxPool<T, rank>::AdaptiveMaxPool(Module<T>* owner, std::string_view name, PerAxis size)
    : Module<T>(owner, name), size_(std::move(size)) {
    size_.of(kind_of("AdaptiveMaxPool", rank), "size", rank, 1);
}
template <class T, std::size_t rank>
Variable<T> AdaptiveMaxPool<T, rank>::forward(const Variable<T>& x) {
    return of_rank<rank>([&] { return adaptive_max_pool1d(x, size_); }, [&] { return adaptive_max_pool2d(x, size_); },
                         [&] { return adaptive_max_pool3d(x, size_); });
}
template <class T, std::size_t rank>
std::string AdaptiveMaxPool<T, rank>::kind() const {
    return kind_of("AdaptiveMaxPool", rank);
}
template <class T, std::size_t rank>
std::string AdaptiveMaxPool<T, rank>::describe() const {
    return kind() + "(" + text(size_, rank) + ")";
}

template <class T, std::size_t rank>
MaxUnpool<T, rank>::MaxUnpool(Module<T>* owner, std::string_view name, PerAxis kernel, xtape::MaxUnpoolOptions options)
    : Module<T, Variable<T>(const Variable<T>&, const Indices&)>(owner, name),
      kernel_(std::move(kernel)),
      options_(std::move(options)) {
    kernel_.of(kind_of("MaxUnpool", rank), "kernel", rank, 1);
    check_stride(kind_of("MaxUnpool", rank), options_.stride, rank);
}
template <class T, std::size_t rank>
Variable<T> MaxUnpool<T, rank>::forward(const Variable<T>& x, const Indices& indices) {
    return of_rank<rank>([&] { return max_unpool1d(x, indices, kernel_, options_); },
                         [&] { return max_unpool2d(x, indices, kernel_, options_); },
                         [&] { return max_unpool3d(x, indices, kernel_, options_); });
}
template <class T, std::size_t rank>
std::string MaxUnpool<T, rank>::kind() const {
    return kind_of("MaxUnpool", rank);
}
template <class T, std::size_t rank>
std::string MaxUnpool<T, rank>::describe() const {
    return kind() + "(" + text(kernel_, rank) + ")";
}

template class MaxPool<float, 1>;
template class MaxPool<float, 2>;
template class MaxPool<float, 3>;
template class MaxPool<double, 1>;
template class MaxPool<double, 2>;
template class MaxPool<double, 3>;
template class AvgPool<float, 1>;
template class AvgPool<float, 2>;
template class AvgPool<float, 3>;
template class AvgPool<double, 1>;
template class AvgPool<double, 2>;
template class AvgPool<double, 3>;
template class LpPool<float, 1>;
template class LpPool<float, 2>;
template class LpPool<float, 3>;
template class LpPool<double, 1>;
template class LpPool<double, 2>;
template class LpPool<double, 3>;
template class AdaptiveAvgPool<float, 1>;
template class AdaptiveAvgPool<float, 2>;
template class AdaptiveAvgPool<float, 3>;
template class AdaptiveAvgPool<double, 1>;
template class AdaptiveAvgPool<double, 2>;
template class AdaptiveAvgPool<double, 3>;
template class AdaptiveMaxPool<float, 1>;
template class AdaptiveMaxPool<float, 2>;
template class AdaptiveMaxPool<float, 3>;
template class AdaptiveMaxPool<double, 1>;
template class AdaptiveMaxPool<double, 2>;
template class AdaptiveMaxPool<double, 3>;
template class MaxUnpool<float, 1>;
template class MaxUnpool<float, 2>;
template class MaxUnpool<float, 3>;
template class MaxUnpool<double, 1>;
template class MaxUnpool<double, 2>;
template class MaxUnpool<double, 3>;

}    // namespace xtape::nn
