#include <xtape/core/mode.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/train/preprocess/detail/fitting.hpp>
#include <xtape/train/preprocess/principal.hpp>

#include <xtensor-blas/xlinalg.hpp>

#include <cmath>
#include <stdexcept>

namespace xtape::train {
namespace {

Array<double> product(const Array<double>& a, const Array<double>& b) {
    NoGrad guard;
    return matmul(Variable<double>(share(a)), Variable<double>(share(b))).value();
}

// x (n, d) as doubles, less the mean.
template <class T>
Array<double> centred(const Array<T>& inputs, const Array<double>& mean) {
    const std::size_t d = mean.size();
    Array<double> result = empty_array<double>({inputs.shape()[0], d});
    double* y = result.storage().data();
    for (std::size_t i = 0; i < result.size(); ++i)
        y[i] = static_cast<double>(inputs.storage()[i]) - mean.storage()[i % d];
    return result;
}

Array<double> transposed(const Array<double>& a) { return Array<double>(xt::transpose(a)); }

}    // namespace

template <class T>
typename Projection<T>::Eigen Projection<T>::decompose(const char* who, const Dataset<T>& train) {
    detail::check_fit(who, train);
    Eigen result;
    const std::int64_t first = 0;
    result.example = detail::example_of(train.fetch(Rows(&first, 1)).inputs.shape());
    const std::size_t d = element_count(result.example);
    const auto count = static_cast<double>(train.size());
    result.mean = xt::zeros<double>({d});
    detail::for_blocks(train, [&](const Array<T>& inputs) {
        for (std::size_t i = 0; i < inputs.size(); ++i)
            result.mean.storage()[i % d] += static_cast<double>(inputs.storage()[i]) / count;
    });
    Array<double> covariance = xt::zeros<double>({d, d});
    detail::for_blocks(train, [&](const Array<T>& inputs) {
        const Array<double> x = centred(inputs, result.mean);
        covariance += product(transposed(x), x) / count;
    });
    auto [values, vectors] = xt::linalg::eigh(xt::xarray<double, xt::layout_type::column_major>(covariance));
    result.variances = empty_array<double>({d});
    result.vectors = empty_array<double>({d, d});
    for (std::size_t k = 0; k < d; ++k) {    // ascending order there, descending here
        result.variances(k) = std::max(0.0, values(d - 1 - k));
        std::size_t largest = 0;
        for (std::size_t i = 0; i < d; ++i)
            if (std::abs(vectors(i, d - 1 - k)) > std::abs(vectors(largest, d - 1 - k))) largest = i;
        const double sign = vectors(largest, d - 1 - k) < 0 ? -1 : 1;
        for (std::size_t i = 0; i < d; ++i) result.vectors(i, k) = sign * vectors(i, d - 1 - k);
    }
    return result;
}

template <class T>
void Projection<T>::set(const Eigen& eigen, Array<double> forward, Array<double> backward) {
    example_ = eigen.example;
    mean_ = eigen.mean;
    variances_ = eigen.variances;
    forward_ = std::move(forward);
    backward_ = std::move(backward);
    fitted_ = true;
}

template <class T>
double Projection<T>::kept_share() const {
    double kept = 0, all = 0;
    for (std::size_t k = 0; k < variances_.size(); ++k) {
        all += variances_(k);
        if (k < components()) kept += variances_(k);
    }
    return all == 0 ? 1 : kept / all;
}

template <class T>
Array<T> Projection<T>::transform(const Array<T>& inputs) const {
    if (!fitted_) throw Error("[" + std::string(this->name()) + "] is not fitted; construct it with training data");
    if (inputs.dimension() == 0 || detail::example_of(inputs.shape()) != example_)
        this->refuse("inputs of shape " + to_string(inputs.shape()) + "; was fitted on examples of shape " +
                     to_string(example_));
    return Array<T>(product(centred(inputs, mean_), forward_));
}

template <class T>
Array<T> Projection<T>::inverse(const Array<T>& outputs) const {
    if (!fitted_) throw Error("[" + std::string(this->name()) + "] is not fitted; construct it with training data");
    if (outputs.dimension() != 2 || outputs.shape()[1] != components())
        this->refuse("outputs of shape " + to_string(outputs.shape()) + "; wanted (n, " + std::to_string(components()) +
                     ")");
    Array<double> back = product(Array<double>(outputs), backward_);
    double* x = back.storage().data();
    for (std::size_t i = 0; i < back.size(); ++i) x[i] += mean_.storage()[i % mean_.size()];
    Shape shape = example_;
    shape.insert(shape.begin(), outputs.shape()[0]);
    Array<T> result(back);
    return share(result, shape);
}

template <class T>
State Projection<T>::state() const {
    State state;
    state.add("kind", std::string(this->name()));
    if (!fitted_) return state;
    Indices example = empty_array<std::int64_t>({example_.size()});
    for (std::size_t i = 0; i < example_.size(); ++i) example(i) = static_cast<std::int64_t>(example_[i]);
    state.add("example_shape", std::move(example));
    state.add("mean", share(mean_));
    state.add("variances", share(variances_));
    state.add("forward", share(forward_));
    state.add("backward", share(backward_));
    return state;
}

template <class T>
void Projection<T>::load_state(const State& state) {
    const char* who = this->name();
    if (const auto& kind = detail::wanted<std::string>(who, state, "kind"); kind != who)
        throw StateError("[" + std::string(who) + "] got the state of " + kind);
    if (!state.contains("mean")) {
        fitted_ = false;
        return;
    }
    const auto& example = detail::wanted<Indices>(who, state, "example_shape");
    const auto& mean = detail::wanted<Array<double>>(who, state, "mean");
    const auto& variances = detail::wanted<Array<double>>(who, state, "variances");
    const auto& forward = detail::wanted<Array<double>>(who, state, "forward");
    const auto& backward = detail::wanted<Array<double>>(who, state, "backward");
    Eigen eigen{share(mean), {}, share(variances), Shape(example.storage().begin(), example.storage().end())};
    const std::size_t d = mean.size(), k = backward.dimension() == 2 ? backward.shape()[0] : 0;
    if (element_count(eigen.example) != d || variances.shape() != Shape{d} || forward.shape() != Shape{d, k} ||
        backward.shape() != Shape{k, d})
        throw StateError("[" + std::string(who) + "] got a state whose arrays do not fit each other");
    set(eigen, share(forward), share(backward));
}

template <class T>
PCA<T>::PCA(const Dataset<T>& train, PcaOptions options) {
    auto refuse = [](const std::string& got, const std::string& wanted) {
        throw std::invalid_argument("[PCA] got " + got + "; wanted " + wanted);
    };
    if (!(options.share >= 0 && options.share <= 1)) refuse("share = " + std::to_string(options.share), "0 to 1");
    if (options.share > 0 && options.components > 0) refuse("components and share", "one of the two");
    if (!(options.eps >= 0)) refuse("eps = " + std::to_string(options.eps), "0 or more");
    const auto eigen = this->decompose("PCA", train);
    const std::size_t d = eigen.mean.size();
    if (options.components > d)
        refuse("components = " + std::to_string(options.components),
               "at most as many as features, " + std::to_string(d));
    std::size_t count = options.components == 0 ? d : options.components;
    if (options.share > 0) {
        double all = 0, kept = 0;
        for (double variance : eigen.variances.storage()) all += variance;
        for (count = 0; count < d && (count == 0 || kept < options.share * all); ++count)
            kept += eigen.variances(count);
    }
    Array<double> forward = empty_array<double>({d, count}), backward = empty_array<double>({count, d});
    for (std::size_t k = 0; k < count; ++k) {
        const double scale = options.whiten ? std::sqrt(eigen.variances(k) + options.eps) : 1;
        for (std::size_t i = 0; i < d; ++i) {
            forward(i, k) = scale == 0 ? 0 : eigen.vectors(i, k) / scale;
            backward(k, i) = eigen.vectors(i, k) * scale;
        }
    }
    this->set(eigen, std::move(forward), std::move(backward));
}

template <class T>
ZCA<T>::ZCA(const Dataset<T>& train, ZcaOptions options) {
    if (!(options.eps >= 0))
        throw std::invalid_argument("[ZCA] got eps = " + std::to_string(options.eps) + "; wanted 0 or more");
    const auto eigen = this->decompose("ZCA", train);
    const std::size_t d = eigen.mean.size();
    Array<double> shrunk = eigen.vectors, grown = eigen.vectors;
    for (std::size_t k = 0; k < d; ++k) {
        const double scale = std::sqrt(eigen.variances(k) + options.eps);
        for (std::size_t i = 0; i < d; ++i) {
            shrunk(i, k) = scale == 0 ? 0 : shrunk(i, k) / scale;
            grown(i, k) *= scale;
        }
    }
    const Array<double> back = transposed(eigen.vectors);
    this->set(eigen, product(shrunk, back), product(grown, back));
}

template class Projection<float>;
template class Projection<double>;
template class PCA<float>;
template class PCA<double>;
template class ZCA<float>;
template class ZCA<double>;

}    // namespace xtape::train
