// Scaling of features: each is shifted and divided by numbers of its own.
#pragma once

#include <xtape/train/preprocess/preprocessing.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace xtape::train {

// y = (x - shift) / scale + offset, shift and scale having the shape of an example, or one that broadcasts to it. A
// feature that is constant in the training data has scale 1: it is shifted and not divided by 0.
template <class T>
class Scaling : public Preprocessing<T> {
public:
    Array<T> transform(const Array<T>& inputs) const override;
    Array<T> inverse(const Array<T>& outputs) const override;
    State state() const override;
    void load_state(const State& state) override;

    bool fitted() const { return fitted_; }
    const Array<double>& shift() const { return shift_; }
    const Array<double>& scale() const { return scale_; }

protected:
    void set(Array<double> shift, Array<double> scale, double offset = 0);

private:
    template <bool forward>
    Array<T> apply(const Array<T>& inputs) const;

    bool fitted_ = false;
    Array<double> shift_, scale_;
    double offset_ = 0;
};

// y = x - mean, of each feature: zero-centred data. Of images, the mean image.
template <class T>
class Center : public Scaling<T> {
public:
    Center() = default;
    explicit Center(const Dataset<T>& train);
    const char* name() const override { return "Center"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<Center>(*this); }
};

// y = (x - mean) / deviation, of each feature; the deviation divides by n.
template <class T>
class Standardize : public Scaling<T> {
public:
    Standardize() = default;
    explicit Standardize(const Dataset<T>& train);
    const char* name() const override { return "Standardize"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<Standardize>(*this); }
};

struct ChannelOptions {
    std::size_t axis = 1;    // of the inputs: 1 for (n, channels, height, width)
};

// y = (x - mean) / deviation, of each channel over all examples and places.
template <class T>
class ChannelStandardize : public Scaling<T> {
public:
    using Options = ChannelOptions;

    ChannelStandardize() = default;
    // Throws ShapeError when the inputs have no such axis.
    explicit ChannelStandardize(const Dataset<T>& train, ChannelOptions options = {});
    const char* name() const override { return "ChannelStandardize"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<ChannelStandardize>(*this); }
};

struct MinMaxOptions {
    double low = 0, high = 1;
};

// y = low + (high - low) (x - min) / (max - min), of each feature. Throws std::invalid_argument unless low < high.
template <class T>
class MinMax : public Scaling<T> {
public:
    using Options = MinMaxOptions;

    MinMax() = default;
    explicit MinMax(const Dataset<T>& train, MinMaxOptions options = {});
    const char* name() const override { return "MinMax"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<MinMax>(*this); }
};

// y = (x - median) / (third quartile - first quartile), of each feature: outliers do not matter. Quartiles are
// interpolated linearly, as NumPy's. Needs all examples in memory.
template <class T>
class Robust : public Scaling<T> {
public:
    Robust() = default;
    explicit Robust(const Dataset<T>& train);
    const char* name() const override { return "Robust"; }
    std::unique_ptr<Preprocessing<T>> clone() const override { return std::make_unique<Robust>(*this); }
};

extern template class Scaling<float>;
extern template class Scaling<double>;
extern template class Center<float>;
extern template class Center<double>;
extern template class Standardize<float>;
extern template class Standardize<double>;
extern template class ChannelStandardize<float>;
extern template class ChannelStandardize<double>;
extern template class MinMax<float>;
extern template class MinMax<double>;
extern template class Robust<float>;
extern template class Robust<double>;

}    // namespace xtape::train
