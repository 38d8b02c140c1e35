// Principal components, and whitening by them.
#pragma once

#include <xtape/train/preprocess/preprocessing.hpp>

#include <cstddef>
#include <memory>

namespace xtape::train {

// y = (x - mean) W of flattened inputs, W (features, components), whose columns come from the eigenvectors of the
// covariance of the training data (divided by n). Fitted in double. Throws ShapeError for other examples.
template <class T>
class Projection : public Preprocessing<T> {
public:
    Array<T> transform(const Array<T>& inputs) const override;
    // The training data's best approximation of what was mapped: exact when no component was left out.
    Array<T> inverse(const Array<T>& outputs) const override;
    State state() const override;
    void load_state(const State& state) override;

    bool fitted() const { return fitted_; }
    const Array<double>& mean() const { return mean_; }              // (features,)
    const Array<double>& variances() const { return variances_; }    // of all components, the largest first
    // The share of the variance that the components that are kept have.
    double kept_share() const;
    std::size_t components() const { return forward_.shape()[1]; }

protected:
    struct Eigen {
        Array<double> mean, vectors, variances;    // (d,), (d, d) by columns, (d,): the largest first
        Shape example;
    };
    static Eigen decompose(const char* who, const Dataset<T>& train);
    void set(const Eigen& eigen, Array<double> forward, Array<double> backward);

private:
    bool fitted_ = false;
    Shape example_;
    Array<double> mean_, variances_, forward_, backward_;    // (d, k) and (k, d)
};

struct PcaOptions {
    std::size_t components = 0;    // 0: all
    double share = 0;              // the fewest components that have this share of the variance; 0: not asked
    bool whiten = false;           // divide each component by its deviation
    double eps = 1e-5;             // when whitening: y / sqrt(variance + eps)
};

// The first principal components. Throws std::invalid_argument for more components than features, a share outside [0,
// 1], both given, or a negative eps. Each component's sign makes its largest weight positive.
template <class T>
class PCA : public Projection<T> {
public:
    using Options = PcaOptions;

    PCA() = default;
    explicit PCA(const Dataset<T>& train, PcaOptions options = {});
    const char* name() const override { return "PCA"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<PCA>(*this); }
};

struct ZcaOptions {
    double eps = 1e-5;
};

// ZCA whitening: uncorrelated features that are as close to the inputs as possible, W = V diag(1 / sqrt(variance +
// eps)) V^T. Bell and Sejnowski 1997.
template <class T>
class ZCA : public Projection<T> {
public:
    using Options = ZcaOptions;

    ZCA() = default;
    explicit ZCA(const Dataset<T>& train, ZcaOptions options = {});
    const char* name() const override { return "ZCA"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<ZCA>(*this); }
};

extern template class Projection<float>;
extern template class Projection<double>;
extern template class PCA<float>;
extern template class PCA<double>;
extern template class ZCA<float>;
extern template class ZCA<double>;

}    // namespace xtape::train
