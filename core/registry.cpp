#include <xtape/core/registry.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

namespace xtape {
namespace {

std::vector<OperationInfo>& entries() {
    static std::vector<OperationInfo> list;
    return list;
}

int compare(const OperationInfo& a, const OperationInfo& b) {
    int families = std::strcmp(a.about.family, b.about.family);
    return families != 0 ? families : std::strcmp(a.name, b.name);
}

}    // namespace

std::vector<OperationInfo> operations() {
    auto list = entries();
    std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return compare(a, b) < 0; });
    // An operation that is a template is entered once for each element type.
    auto same = [](const auto& a, const auto& b) { return compare(a, b) == 0; };
    list.erase(std::unique(list.begin(), list.end(), same), list.end());
    return list;
}

Samples& Samples::add(std::string name, std::vector<Array<double>> inputs, SampleFunction<float> in_float,
                      SampleFunction<double> in_double, SampleReference reference, int order) {
    list.push_back(
        {std::move(name), std::move(inputs), std::move(in_float), std::move(in_double), std::move(reference), order});
    return *this;
}

Samples& Samples::refuse(std::string name, std::vector<Array<double>> inputs, SampleFunction<float> in_float,
                         SampleFunction<double> in_double) {
    list.push_back({std::move(name), std::move(inputs), std::move(in_float), std::move(in_double), nullptr, 0, true});
    return *this;
}

SampleReference detail::elementwise(std::size_t arity, std::function<double(const double*)> f) {
    return [arity, f = std::move(f)](const std::vector<Array<double>>& x) {
        Shape shape = x[0].shape();
        for (const auto& input : x) shape = broadcast_shapes("elementwise", shape, input.shape());
        std::vector<Array<double>> in;
        for (const auto& input : x) in.emplace_back(xt::broadcast(input, shape));
        Array<double> y = empty_array<double>(shape);
        std::array<double, 3> numbers{};
        for (std::size_t i = 0; i < y.size(); ++i) {
            for (std::size_t k = 0; k < arity; ++k) numbers[k] = std::as_const(in[k]).storage()[i];
            y.storage()[i] = f(numbers.data());
        }
        return y;
    };
}

Samples detail::unary_samples(SampleFunction<float> in_float, SampleFunction<double> in_double,
                              SampleReference reference, Array<double> six) {
    Samples samples;
    samples.add("0-d", {Array<double>(six(1))}, in_float, in_double, reference, 3);
    samples.add("size 0", {Array<double>(Shape{2, 0})}, in_float, in_double, reference, 1);
    six.reshape({2, 3});
    samples.add("numbers", {six}, std::move(in_float), std::move(in_double), std::move(reference), 3);
    return samples;
}

detail::Registered::Registered(const OperationInfo& info) { entries().push_back(info); }

}    // namespace xtape
