// Short innermost axes (short/...): every operation that works along an axis or broadcasts, on (n, 3) and on (3, n)
// with n = 100,000, forward and backward from a dense seed. The last column is the time of (n, 3) over that of (3, n).
#include <xtape/xtape.hpp>

#include "runner.hpp"

using namespace xtape;

namespace {

// What the operations work on: an array of that shape, a row and a column that broadcast to it, and indices along it.
template <class T>
struct Inputs {
    Variable<T> x, y, positive, row, column, row2, transposed;
    Indices places, list, classes, rows;

    explicit Inputs(const Shape& shape)
        : x(make(shape)),
          y(make(shape)),
          positive(Array<T>(xt::abs(make(shape).value()) + T(0.1)), requires_grad),
          row(make({shape[1]})),
          column(make({shape[0], 1})),
          row2(make({shape[1]})),
          transposed(make({shape[1], shape[0]})),
          places(indices(shape, shape[1])),
          list(indices({shape[1]}, shape[1])),
          classes(indices({shape[0]}, shape[1])),
          rows(indices({shape[0]}, shape[0])) {}

    static Variable<T> make(const Shape& shape) {
        return Variable<T>(default_generator().general().template normal<T>(shape), requires_grad);
    }
    static Indices indices(const Shape& shape, std::size_t count) {
        Indices result = empty_array<std::int64_t>(shape);
        for (auto& i : result.storage()) i = default_generator().general().integer(static_cast<std::int64_t>(count));
        return result;
    }
};

template <class T>
class Pairs {
public:
    explicit Pairs(std::string prefix) : prefix_(std::move(prefix)) {}

    template <class F>
    void operator()(const std::string& name, F f) {
        if (!bench::wanted(prefix_ + name + "_3xn") && !bench::wanted(prefix_ + name + "_nx3")) return;
        double wide = time(name + "_3xn", wide_, f, 0);
        time(name + "_nx3", tall_, f, wide);
    }

private:
    template <class F>
    double time(const std::string& name, Inputs<T>& in, F f, double other) {
        auto seed = default_generator().general().template normal<T>(f(in).shape());
        auto sweep = [&] {
            for (auto* v : {&in.x, &in.y, &in.positive, &in.row, &in.column, &in.row2, &in.transposed}) v->zero_grad();
            backward(f(in), seed);
        };
        return bench::run(prefix_ + name, sweep, 0.15, other);
    }

    std::string prefix_;
    Inputs<T> wide_{Shape{3, 100000}}, tall_{Shape{100000, 3}};
};

template <class T>
void run_pairs(const std::string& prefix) {
    Pairs<T> op(prefix);
    using In = Inputs<T>;
    op("multiply", [](In& in) { return in.x * in.y; });
    op("multiply_row", [](In& in) { return in.x * in.row; });
    op("multiply_column", [](In& in) { return in.x * in.column; });
    op("row_times_column", [](In& in) { return in.row * in.column; });
    op("add_transposed", [](In& in) { return in.x + transpose(in.transposed); });
    op("where", [](In& in) { return where(in.x > in.y, in.row, in.column); });
    op("maximum_row", [](In& in) { return maximum(in.x, in.row); });
    for (std::ptrdiff_t axis : {0, 1}) {
        auto along = "_axis" + std::to_string(axis);
        op("sum" + along, [=](In& in) { return sum(in.x, axis); });
        op("prod" + along, [=](In& in) { return prod(in.positive, axis); });
        op("var" + along, [=](In& in) { return var(in.x, axis); });
        op("norm" + along, [=](In& in) { return norm(in.x, 2, axis); });
        op("norm1.5" + along, [=](In& in) { return norm(in.x, 1.5, axis); });
        op("amax" + along, [=](In& in) { return amax(in.x, axis); });
        op("logsumexp" + along, [=](In& in) { return logsumexp(in.x, axis); });
        op("softmax" + along, [=](In& in) { return softmax(in.x, axis); });
        op("log_softmax" + along, [=](In& in) { return log_softmax(in.x, axis); });
        op("cumsum" + along, [=](In& in) { return cumsum(in.x, axis); });
        op("cumprod" + along, [=](In& in) { return cumprod(in.positive, axis); });
        op("concat" + along, [=](In& in) { return concat({in.x, in.y}, axis); });
        op("stack" + along, [=](In& in) { return stack({in.x, in.y}, axis + 1); });
        op("flip" + along, [=](In& in) { return flip(in.x, axis) * in.y; });
        op("roll" + along, [=](In& in) { return roll(in.x, 1, axis); });
        op("repeat" + along, [=](In& in) { return repeat(in.x, 2, axis); });
        op("narrow" + along, [=](In& in) { return narrow(in.x, axis, Range{1}) * 2.0; });
    }
    op("tile", [](In& in) { return tile(in.x, {2, 2}); });
    op("unstack_stack", [](In& in) {
        bool tall = in.x.shape()[1] == 3;
        auto parts = unstack(in.x, tall ? 1 : 0);
        return stack(Variables<T>{parts[1], parts[2], parts[0]}, tall ? 1 : 0);
    });
    op("pad", [](In& in) { return pad(in.x, {{1, 1}, {1, 1}}); });
    op("gather", [](In& in) { return gather(in.x, 1, in.places); });
    op("scatter_add", [](In& in) { return scatter_add(in.x, 1, in.places, in.y); });
    op("index_select", [](In& in) { return index_select(in.x, 1, in.list); });
    op("embedding", [](In& in) { return embedding(in.x, in.rows); });
    op("tril", [](In& in) { return tril(in.x); });
    op("layer_norm", [](In& in) { return layer_norm(in.x, in.row, in.row2); });
    op("rms_norm", [](In& in) { return rms_norm(in.x, in.row); });
    op("batch_norm", [](In& in) { return batch_norm(in.x, in.row, in.row2); });
    op("cross_entropy", [](In& in) { return nn::cross_entropy(in.x, in.classes); });
    op("cross_entropy_soft", [](In& in) { return nn::cross_entropy(in.x, in.y); });
}

}    // namespace

void bench::short_axes() {
    run_pairs<float>("short/");
    run_pairs<double>("short64/");
}
