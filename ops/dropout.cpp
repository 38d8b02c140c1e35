#include <xtape/core/detail/number.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/dropout.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace xtape {
namespace {

using A = Array<double>;
using Arrays = std::vector<A>;

constexpr std::size_t word = 32;
constexpr std::size_t chunk = 64;               // elements whose random numbers are drawn at once
constexpr std::size_t parallel = 256 * 1024;    // elements from which a second thread pays

using Bits = Storage<std::uint32_t>;    // bit i % 32 of word i / 32: whether element i is kept

void check_probability(const char* name, double p) {
    if (!(p >= 0 && p <= 1))
        throw std::invalid_argument("[" + std::string(name) + "] got p = " + detail::to_text(p) + "; wanted 0 to 1");
}

Bits draw_kept(std::size_t count, double p, Stream& stream) {
    std::uint64_t place = stream.reserve_bits(count);
    std::size_t chunks = (count + chunk - 1) / chunk;
    Bits kept(chunks * (chunk / word));
    std::uint32_t* out = kept.data();
    double bound = std::nearbyint(std::ldexp(p, 32));    // dropped: numbers below it
    if (bound >= 0x1p32) {
        std::fill_n(out, kept.size(), 0U);
        return kept;
    }
    auto threshold = static_cast<std::uint32_t>(bound);
    detail::parallel_for(chunks, parallel / chunk, [&](std::size_t begin, std::size_t end) {
        alignas(64) std::uint32_t numbers[16 * chunk];
        for (std::size_t c = begin; c < end; c += 16) {
            std::size_t some = std::min<std::size_t>(16, end - c);
            stream.bits_at(place + c * chunk, {numbers, some * chunk});
            for (std::size_t w = 0; w < some * (chunk / word); ++w) {
                std::uint32_t bits = 0;
                for (std::size_t i = 0; i < word; ++i)
                    bits |= static_cast<std::uint32_t>(numbers[w * word + i] >= threshold) << i;
                out[c * (chunk / word) + w] = bits;
            }
        }
    });
    return kept;
}

template <class T>
struct Dropout {
    static constexpr auto name = "dropout";
    static constexpr auto needs = needs::nothing;
    static constexpr About about{"dropout", "y = x M / (1 - p), M random bits", "dy/dx = M / (1 - p)",
                                 "(...) -> (...)"};
    Bits kept;
    T scale;

    Array<T> forward(const View<T>& x) const {
        Array<T> y = empty_array<T>(x.shape);
        if (y.size() == 0) return y;
        T* out = y.storage().data();
        bool repeated = std::all_of(x.strides.begin(), x.strides.end(), [](auto step) { return step == 0; });
        if (repeated) {
            T number = x.data()[0] * scale, zero = x.data()[0] * 0;
            each_word(y.size(), [=, this](std::size_t begin, std::size_t count) {
                std::uint32_t bits = kept[begin / word];
                for (std::size_t i = 0; i < count; ++i) out[begin + i] = bits >> i & 1U ? number : zero;
            });
            return y;
        }
        Array<T> in_order = materialize(x);
        const T* in = std::as_const(in_order).storage().data();
        each_word(y.size(), [=, this](std::size_t begin, std::size_t count) {
            multiply(in + begin, kept[begin / word], scale, out + begin, count);
        });
        return y;
    }
    auto vjp(const Variable<T>& g, const Variable<T>&, const Variable<T>&) const {
        return pullbacks([&g, this] { return xtape::apply(Dropout{kept.share(), scale}, g); });
    }
    static Samples samples();

private:
    // Without branches, which random bits would mispredict; NaN stays NaN.
    static void multiply(const T* __restrict in, std::uint32_t bits, T scale, T* __restrict out, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            out[i] = in[i] * (static_cast<T>(static_cast<std::int32_t>(bits >> i & 1U)) * scale);
    }
    // Calls work(first element, count), with a constant count of 32 for all words but the last.
    template <class Work>
    static void each_word(std::size_t size, Work work) {
        detail::parallel_for((size + word - 1) / word, parallel / word, [=](std::size_t begin, std::size_t end) {
            std::size_t full = std::min(end, size / word);
            for (std::size_t w = begin; w < full; ++w) work(w * word, word);
            if (full < end) work(full * word, size - full * word);
        });
    }
};

// The mask as numbers: 1 where kept, else 0.
template <class T>
Array<T> kept_numbers(const Shape& shape, double p, Stream& stream) {
    Array<T> ones(shape, T(1));
    return Dropout<T>{draw_kept(ones.size(), p, stream), T(1)}.forward(view(ones));
}

}    // namespace

template <class T>
Variable<T> dropout(const Variable<T>& x, double p, Stream& stream, bool inverted) {
    check_probability("dropout", p);
    auto scale = static_cast<T>(!inverted ? 1 : p < 1 ? 1 / (1 - p) : 0);
    return apply(Dropout<T>{draw_kept(x.size(), p, stream), scale}, x);
}

template <class T>
Variable<T> feature_dropout(const Variable<T>& x, double p, Stream& stream) {
    check_probability("feature_dropout", p);
    if (x.dimension() < 2)
        throw ShapeError("[feature_dropout] got the shape " + to_string(x.shape()) +
                         "; wanted two axes or more, (examples, features, ...)");
    Shape shape(x.dimension(), 1);
    std::copy_n(x.shape().begin(), 2, shape.begin());
    Array<T> mask = kept_numbers<T>(shape, p, stream);
    auto scale = static_cast<T>(p < 1 ? 1 / (1 - p) : 0);
    for (T& element : mask.storage()) element *= scale;
    return x * Variable<T>(std::move(mask));
}

template <class T>
Variable<T> alpha_dropout(const Variable<T>& x, double p, Stream& stream) {
    check_probability("alpha_dropout", p);
    constexpr double least = -1.7580993408473766;
    double a = p < 1 ? 1 / std::sqrt((1 - p) * (1 + p * least * least)) : 0, b = -a * least * p;
    Array<T> mask = kept_numbers<T>(x.shape(), p, stream), shift = empty_array<T>(x.shape());
    for (std::size_t i = 0; i < mask.size(); ++i) {
        shift.storage()[i] = static_cast<T>(mask.storage()[i] != 0 ? b : a * least + b);
        mask.storage()[i] *= static_cast<T>(a);
    }
    return x * Variable<T>(std::move(mask)) + Variable<T>(std::move(shift));
}

template Variable<float> dropout(const Variable<float>&, double, Stream&, bool);
template Variable<double> dropout(const Variable<double>&, double, Stream&, bool);
template Variable<float> feature_dropout(const Variable<float>&, double, Stream&);
template Variable<double> feature_dropout(const Variable<double>&, double, Stream&);
template Variable<float> alpha_dropout(const Variable<float>&, double, Stream&);
template Variable<double> alpha_dropout(const Variable<double>&, double, Stream&);

namespace {

// What the stream Stream(5) lets through first.
std::vector<double> first_kept(std::size_t count, double p) {
    std::vector<std::uint32_t> bits(count);
    Stream(5).bits(bits);
    std::vector<double> kept;
    for (auto number : bits) kept.push_back(number >= p * 0x1p32 ? 1.0 : 0.0);
    return kept;
}

template <class T>
Samples Dropout<T>::samples() {
    auto with = [](double p, bool inverted) {
        return [=](const auto& x) {
            Stream stream(5);
            return dropout(x[0], p, stream, inverted);
        };
    };
    auto wanted = [](double p, double scale) {
        return [=](const Arrays& x) {
            A y = x[0];
            auto kept = first_kept(y.size(), p);
            for (std::size_t i = 0; i < y.size(); ++i) y.storage()[i] *= kept[i] * scale;
            return y;
        };
    };
    A numbers{{1.5, -2.0, 0.5, 3.0, 1.0}, {0.25, 3.0, -1.0, 2.5, -0.5}};
    return Samples()
        .add("half", {numbers}, with(0.5, true), wanted(0.5, 2))
        .add("a fifth, not inverted", {numbers}, with(0.2, false), wanted(0.2, 1))
        .add("nothing", {numbers}, with(0, true), wanted(0, 1))
        .add("all", {numbers}, with(1, true), wanted(1, 0))
        .add("0-d", {A(3.0)}, with(0.5, true), wanted(0.5, 2))
        .add("size 0", {A(Shape{2, 0})}, with(0.5, true), wanted(0.5, 2), 1)
        .add(
            "features", {A{{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}}}},
            [](const auto& x) {
                Stream stream(5);
                return feature_dropout(x[0], 0.5, stream);
            },
            [](const Arrays& x) {
                A y = x[0];
                auto kept = first_kept(3, 0.5);
                for (std::size_t i = 0; i < 6; ++i) y.storage()[i] *= 2 * kept[i / 2];
                return y;
            })
        .add(
            "alpha", {numbers},
            [](const auto& x) {
                Stream stream(5);
                return alpha_dropout(x[0], 0.5, stream);
            },
            [](const Arrays& x) {
                A y = x[0];
                auto kept = first_kept(y.size(), 0.5);
                double c = -1.7580993408473766, a = std::pow(0.5 * (1 + 0.5 * c * c), -0.5);
                for (std::size_t i = 0; i < y.size(); ++i)
                    y.storage()[i] = a * (kept[i] != 0 ? y.storage()[i] : c) - a * c * 0.5;
                return y;
            })
        .refuse("p = -0.1", {numbers}, with(-0.1, true))
        .refuse("p = 1.5", {numbers}, with(1.5, true))
        .refuse("p = NaN", {numbers}, with(std::nan(""), true))
        .refuse("features of a vector", {A{1.0, 2.0}}, [](const auto& x) {
            Stream stream(5);
            return feature_dropout(x[0], 0.5, stream);
        });
}

}    // namespace
}    // namespace xtape
