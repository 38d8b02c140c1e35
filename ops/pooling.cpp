#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/pooling.hpp>
#include <xtape/ops/pooling.hpp>
#include <xtape/ops/power.hpp>
#include <xtape/ops/selection.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace xtape {
namespace {

using detail::WindowAxis;
using detail::Windows;

// What a pooling is called in messages: its family's name and rank.
struct Call {
    std::string operation;
    std::size_t rank;
    Call(const char* family, std::size_t r) : operation(family + std::to_string(r) + "d"), rank(r) {}

    [[noreturn]] void refuse_shape(const Shape& got, const std::string& wanted) const {
        throw ShapeError("[" + operation + "] got the shape " + to_string(got) + "; wanted " + wanted);
    }
    [[noreturn]] void refuse_option(const std::string& got, const std::string& wanted) const {
        throw std::invalid_argument("[" + operation + "] got " + got + "; wanted " + wanted);
    }
    void check_dimension(const Shape& shape) const {
        if (shape.size() != rank + 2)
            refuse_shape(shape, "(N, C" + std::string(rank == 1 ? ", L)" : rank == 2 ? ", H, W)" : ", D, H, W)"));
    }
};

struct Sliding {
    PerAxis kernel, stride, padding, dilation;
    bool ceil_mode;
    bool count_padding = true;
};

Windows sliding_windows(const Call& call, const Shape& shape, const Sliding& sliding) {
    call.check_dimension(shape);
    const auto& name = call.operation;
    const std::size_t rank = call.rank;
    const Shape kernel = sliding.kernel.of(name, "kernel", rank, 1),
                stride = sliding.stride.empty() ? kernel : sliding.stride.of(name, "stride", rank, 1),
                padding = sliding.padding.of(name, "padding", rank, 0),
                dilation = sliding.dilation.of(name, "dilation", rank, 1);
    Windows result{rank, {}};
    for (std::size_t d = 0; d < rank; ++d) {
        const std::size_t in = shape[d + 2], window = dilation[d] * (kernel[d] - 1) + 1, before = padding[d];
        if (before > window / 2)
            call.refuse_option("padding = " + std::to_string(before),
                               "at most half a window of " + std::to_string(window));
        if (in == 0 || in + 2 * before < window)
            call.refuse_shape(shape, "at least " + std::to_string(window) + " places, padding included, on axis " +
                                         std::to_string(d + 2));
        std::size_t out = (in + 2 * before - window + (sliding.ceil_mode ? stride[d] - 1 : 0)) / stride[d] + 1;
        if (sliding.ceil_mode && (out - 1) * stride[d] >= in + before) --out;
        auto& axis = result.axes[d + 3 - rank];
        axis = {in, dilation[d], {}};
        for (std::size_t i = 0; i < out; ++i) {
            // In the padded image; the first tap inside.
            std::size_t begin = i * stride[d];
            const std::size_t end = begin + window, counted = std::min(end, in + 2 * before) - begin;
            while (begin < before) begin += dilation[d];
            const std::size_t last = std::min(end - before, in);
            const auto inside = static_cast<double>(last - (begin - before));
            axis.windows.push_back(
                {begin - before, last, sliding.count_padding ? static_cast<double>(counted) : inside});
        }
    }
    return result;
}

Windows adaptive_windows(const Call& call, const Shape& shape, const PerAxis& size) {
    call.check_dimension(shape);
    const Shape parts = size.of(call.operation, "size", call.rank, 1);
    Windows result{call.rank, {}};
    for (std::size_t d = 0; d < call.rank; ++d) {
        const std::size_t in = shape[d + 2], out = parts[d];
        if (in == 0) call.refuse_shape(shape, "axes with places");
        auto& axis = result.axes[d + 3 - call.rank];
        axis = {in, 1, {}};
        for (std::size_t i = 0; i < out; ++i) {
            const std::size_t begin = i * in / out, end = ((i + 1) * in + out - 1) / out;
            axis.windows.push_back({begin, end, static_cast<double>(end - begin)});
        }
    }
    return result;
}

void check_plane(const Call& call, const Shape& shape, std::size_t places) {
    if (places > std::numeric_limits<std::uint32_t>::max()) call.refuse_shape(shape, "at most 2^32 - 1 places");
}

Windows max_windows(std::size_t rank, const Shape& shape, const PerAxis& kernel, const MaxPoolOptions& options) {
    const Call call("max_pool", rank);
    Windows windows =
        sliding_windows(call, shape, {kernel, options.stride, options.padding, options.dilation, options.ceil_mode});
    check_plane(call, shape, windows.inputs());
    return windows;
}

template <class T>
MaxPooled<T> max_pool_with_indices(std::size_t rank, const Variable<T>& x, const PerAxis& kernel,
                                   const MaxPoolOptions& options) {
    const Windows windows = max_windows(rank, x.shape(), kernel, options);
    const auto places = detail::places_of_largest(x.value(), windows);
    const Shape shape = windows.output_shape(x.shape());
    Indices indices = empty_array<std::int64_t>(shape);
    std::copy(places->begin(), places->end(), indices.storage().begin());
    return {detail::at_places(x, places, shape), std::move(indices)};
}

template <class T>
Variable<T> max_unpool(std::size_t rank, const Variable<T>& x, const Indices& indices, const PerAxis& kernel_size,
                       const MaxUnpoolOptions& options) {
    const Call call("max_unpool", rank);
    call.check_dimension(x.shape());
    const auto& name = call.operation;
    if (!same_shape(x.shape(), indices.shape()))
        call.refuse_shape(indices.shape(), "indices of the shape " + to_string(x.shape()) + " of the elements");
    const Shape kernel = kernel_size.of(name, "kernel", rank, 1),
                stride = options.stride.empty() ? kernel : options.stride.of(name, "stride", rank, 1),
                padding = options.padding.of(name, "padding", rank, 0);
    Shape shape{x.shape()[0], x.shape()[1]};
    std::size_t size = 1;
    for (std::size_t d = 0; d < rank; ++d) {
        const std::size_t reach = (std::max<std::size_t>(1, x.shape()[d + 2]) - 1) * stride[d] + kernel[d];
        if (options.output_size.empty() && reach <= 2 * padding[d])
            call.refuse_option("padding = " + std::to_string(padding[d]), "less than half of the output");
        shape.push_back(options.output_size.empty() ? reach - 2 * padding[d]
                                                    : options.output_size.of(name, "output_size", rank, 1)[d]);
        size *= shape.back();
    }
    check_plane(call, shape, size);
    Storage<std::uint32_t> places(indices.size());
    const std::int64_t* from = indices.storage().data();
    std::uint32_t* to = places.data();
    for (std::size_t i = 0; i < indices.size(); ++i) {
        if (from[i] < 0 || static_cast<std::size_t>(from[i]) >= size)
            throw std::out_of_range("[" + name + "] got the index " + std::to_string(from[i]) + "; wanted one of " +
                                    std::to_string(size) + " places");
        to[i] = static_cast<std::uint32_t>(from[i]);
    }
    return detail::put_at_places(x, std::make_shared<const Storage<std::uint32_t>>(std::move(places)), shape);
}

template <class T>
Variable<T> avg_pool(std::size_t rank, const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options) {
    const Call call("avg_pool", rank);
    auto windows = std::make_shared<Windows>(sliding_windows(
        call, x.shape(), {kernel, options.stride, options.padding, 1, options.ceil_mode, options.count_include_pad}));
    if (options.divisor_override) {
        if (*options.divisor_override == 0) call.refuse_option("divisor_override = 0", "1 or more");
        for (auto& axis : windows->axes)
            for (auto& window : axis.windows) window.count = 1;
        for (auto& window : windows->axes[2].windows) window.count = static_cast<double>(*options.divisor_override);
    }
    return detail::average_pool<T>(x, windows);
}

template <class T>
Variable<T> adaptive_avg_pool(std::size_t rank, const Variable<T>& x, const PerAxis& size) {
    return detail::average_pool<T>(
        x, std::make_shared<const Windows>(adaptive_windows(Call("adaptive_avg_pool", rank), x.shape(), size)));
}

template <class T>
Variable<T> adaptive_max_pool(std::size_t rank, const Variable<T>& x, const PerAxis& size) {
    const Call call("adaptive_max_pool", rank);
    const Windows windows = adaptive_windows(call, x.shape(), size);
    check_plane(call, x.shape(), windows.inputs());
    return detail::max_pool(x, windows);
}

template <class T>
Variable<T> lp_pool(std::size_t rank, const Variable<T>& x, double p, const PerAxis& kernel,
                    const LpPoolOptions& options) {
    const Call call("lp_pool", rank);
    if (!(p > 0 && std::isfinite(p))) call.refuse_option("p = " + std::to_string(p), "a positive number");
    const auto windows = std::make_shared<const Windows>(
        sliding_windows(call, x.shape(), {kernel, options.stride, 0, 1, options.ceil_mode}));
    const auto places = static_cast<double>(element_count(kernel.of(call.operation, "kernel", rank, 1)));
    const Variable<T> total = detail::average_pool<T>(pow(x, p), windows) * places;
    const Mask none = xt::equal(total.value(), T(0));
    return where(none, T(0), pow(where(none, T(1), total), 1 / p));
}

}    // namespace

template <class T>
Variable<T> max_pool1d(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options) {
    return detail::max_pool(x, max_windows(1, x.shape(), kernel, options));
}
template <class T>
Variable<T> max_pool2d(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options) {
    return detail::max_pool(x, max_windows(2, x.shape(), kernel, options));
}
template <class T>
Variable<T> max_pool3d(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options) {
    return detail::max_pool(x, max_windows(3, x.shape(), kernel, options));
}
template <class T>
MaxPooled<T> max_pool1d_with_indices(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options) {
    return max_pool_with_indices(1, x, kernel, options);
}
template <class T>
MaxPooled<T> max_pool2d_with_indices(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options) {
    return max_pool_with_indices(2, x, kernel, options);
}
template <class T>
MaxPooled<T> max_pool3d_with_indices(const Variable<T>& x, const PerAxis& kernel, const MaxPoolOptions& options) {
    return max_pool_with_indices(3, x, kernel, options);
}
template <class T>
Variable<T> max_unpool1d(const Variable<T>& x, const Indices& indices, const PerAxis& kernel,
                         const MaxUnpoolOptions& options) {
    return max_unpool(1, x, indices, kernel, options);
}
template <class T>
Variable<T> max_unpool2d(const Variable<T>& x, const Indices& indices, const PerAxis& kernel,
                         const MaxUnpoolOptions& options) {
    return max_unpool(2, x, indices, kernel, options);
}
template <class T>
Variable<T> max_unpool3d(const Variable<T>& x, const Indices& indices, const PerAxis& kernel,
                         const MaxUnpoolOptions& options) {
    return max_unpool(3, x, indices, kernel, options);
}
template <class T>
Variable<T> avg_pool1d(const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options) {
    return avg_pool(1, x, kernel, options);
}
template <class T>
Variable<T> avg_pool2d(const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options) {
    return avg_pool(2, x, kernel, options);
}
template <class T>
Variable<T> avg_pool3d(const Variable<T>& x, const PerAxis& kernel, const AvgPoolOptions& options) {
    return avg_pool(3, x, kernel, options);
}
template <class T>
Variable<T> adaptive_avg_pool1d(const Variable<T>& x, const PerAxis& size) {
    return adaptive_avg_pool(1, x, size);
}
template <class T>
Variable<T> adaptive_avg_pool2d(const Variable<T>& x, const PerAxis& size) {
    return adaptive_avg_pool(2, x, size);
}
template <class T>
Variable<T> adaptive_avg_pool3d(const Variable<T>& x, const PerAxis& size) {
    return adaptive_avg_pool(3, x, size);
}
template <class T>
Variable<T> adaptive_max_pool1d(const Variable<T>& x, const PerAxis& size) {
    return adaptive_max_pool(1, x, size);
}
template <class T>
Variable<T> adaptive_max_pool2d(const Variable<T>& x, const PerAxis& size) {
    return adaptive_max_pool(2, x, size);
}
template <class T>
Variable<T> adaptive_max_pool3d(const Variable<T>& x, const PerAxis& size) {
    return adaptive_max_pool(3, x, size);
}
template <class T>
Variable<T> lp_pool1d(const Variable<T>& x, double p, const PerAxis& kernel, const LpPoolOptions& options) {
    return lp_pool(1, x, p, kernel, options);
}
template <class T>
Variable<T> lp_pool2d(const Variable<T>& x, double p, const PerAxis& kernel, const LpPoolOptions& options) {
    return lp_pool(2, x, p, kernel, options);
}
template <class T>
Variable<T> lp_pool3d(const Variable<T>& x, double p, const PerAxis& kernel, const LpPoolOptions& options) {
    return lp_pool(3, x, p, kernel, options);
}

template Variable<float> max_pool1d(const Variable<float>&, const PerAxis&, const MaxPoolOptions&);
template Variable<float> max_pool2d(const Variable<float>&, const PerAxis&, const MaxPoolOptions&);
template Variable<float> max_pool3d(const Variable<float>&, const PerAxis&, const MaxPoolOptions&);
template MaxPooled<float> max_pool1d_with_indices(const Variable<float>&, const PerAxis&, const MaxPoolOptions&);
template MaxPooled<float> max_pool2d_with_indices(const Variable<float>&, const PerAxis&, const MaxPoolOptions&);
template MaxPooled<float> max_pool3d_with_indices(const Variable<float>&, const PerAxis&, const MaxPoolOptions&);
template Variable<float> max_unpool1d(const Variable<float>&, const Indices&, const PerAxis&, const MaxUnpoolOptions&);
template Variable<float> max_unpool2d(const Variable<float>&, const Indices&, const PerAxis&, const MaxUnpoolOptions&);
template Variable<float> max_unpool3d(const Variable<float>&, const Indices&, const PerAxis&, const MaxUnpoolOptions&);
template Variable<float> avg_pool1d(const Variable<float>&, const PerAxis&, const AvgPoolOptions&);
template Variable<float> avg_pool2d(const Variable<float>&, const PerAxis&, const AvgPoolOptions&);
template Variable<float> avg_pool3d(const Variable<float>&, const PerAxis&, const AvgPoolOptions&);
template Variable<float> adaptive_avg_pool1d(const Variable<float>&, const PerAxis&);
template Variable<float> adaptive_avg_pool2d(const Variable<float>&, const PerAxis&);
template Variable<float> adaptive_avg_pool3d(const Variable<float>&, const PerAxis&);
template Variable<float> adaptive_max_pool1d(const Variable<float>&, const PerAxis&);
template Variable<float> adaptive_max_pool2d(const Variable<float>&, const PerAxis&);
template Variable<float> adaptive_max_pool3d(const Variable<float>&, const PerAxis&);
template Variable<float> lp_pool1d(const Variable<float>&, double, const PerAxis&, const LpPoolOptions&);
template Variable<float> lp_pool2d(const Variable<float>&, double, const PerAxis&, const LpPoolOptions&);
template Variable<float> lp_pool3d(const Variable<float>&, double, const PerAxis&, const LpPoolOptions&);
template Variable<double> max_pool1d(const Variable<double>&, const PerAxis&, const MaxPoolOptions&);
template Variable<double> max_pool2d(const Variable<double>&, const PerAxis&, const MaxPoolOptions&);
template Variable<double> max_pool3d(const Variable<double>&, const PerAxis&, const MaxPoolOptions&);
template MaxPooled<double> max_pool1d_with_indices(const Variable<double>&, const PerAxis&, const MaxPoolOptions&);
template MaxPooled<double> max_pool2d_with_indices(const Variable<double>&, const PerAxis&, const MaxPoolOptions&);
template MaxPooled<double> max_pool3d_with_indices(const Variable<double>&, const PerAxis&, const MaxPoolOptions&);
template Variable<double> max_unpool1d(const Variable<double>&, const Indices&, const PerAxis&,
                                       const MaxUnpoolOptions&);
template Variable<double> max_unpool2d(const Variable<double>&, const Indices&, const PerAxis&,
                                       const MaxUnpoolOptions&);
template Variable<double> max_unpool3d(const Variable<double>&, const Indices&, const PerAxis&,
                                       const MaxUnpoolOptions&);
template Variable<double> avg_pool1d(const Variable<double>&, const PerAxis&, const AvgPoolOptions&);
template Variable<double> avg_pool2d(const Variable<double>&, const PerAxis&, const AvgPoolOptions&);
template Variable<double> avg_pool3d(const Variable<double>&, const PerAxis&, const AvgPoolOptions&);
template Variable<double> adaptive_avg_pool1d(const Variable<double>&, const PerAxis&);
template Variable<double> adaptive_avg_pool2d(const Variable<double>&, const PerAxis&);
template Variable<double> adaptive_avg_pool3d(const Variable<double>&, const PerAxis&);
template Variable<double> adaptive_max_pool1d(const Variable<double>&, const PerAxis&);
template Variable<double> adaptive_max_pool2d(const Variable<double>&, const PerAxis&);
template Variable<double> adaptive_max_pool3d(const Variable<double>&, const PerAxis&);
template Variable<double> lp_pool1d(const Variable<double>&, double, const PerAxis&, const LpPoolOptions&);
template Variable<double> lp_pool2d(const Variable<double>&, double, const PerAxis&, const LpPoolOptions&);
template Variable<double> lp_pool3d(const Variable<double>&, double, const PerAxis&, const LpPoolOptions&);

}    // namespace xtape
