#include <xtape/core/detail/product.hpp>
#include <xtape/core/shape.hpp>
#include <xtape/optim/detail/flat.hpp>
#include <xtape/optim/muon.hpp>
#include <xtape/optim/rule.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xtape::optim {
namespace {

template <class T>
Array<T> transposed(const Array<T>& x) {
    const std::size_t rows = x.shape()[0], columns = x.shape()[1];
    Array<T> y = empty_array<T>({columns, rows});
    const T* from = x.storage().data();
    T* to = y.storage().data();
    constexpr std::size_t tile = 16;
    for (std::size_t i = 0; i < rows; i += tile)
        for (std::size_t j = 0; j < columns; j += tile)
            for (std::size_t k = i; k < std::min(rows, i + tile); ++k)
                for (std::size_t l = j; l < std::min(columns, j + tile); ++l) to[l * rows + k] = from[k * columns + l];
    return y;
}

// About U V^T, where x = U S V^T.
template <class T>
Array<T> orthogonalized(Array<T> x, const MuonOptions& o) {
    using xtape::detail::add_product;
    using xtape::detail::Transpose;
    const auto [a, b, c] = o.ns_coefficients;
    const bool tall = x.shape()[0] > x.shape()[1];    // then x^T has the smaller square
    if (tall) x = transposed(x);
    detail::combine(x, 1 / std::max(detail::norm(x), o.eps), 0, x);
    const std::size_t rows = x.shape()[0];
    Array<T> gram = empty_array<T>({rows, rows}), change = empty_array<T>({rows, rows});
    for (std::int64_t step = 0; step < o.ns_steps; ++step) {
        add_product(1, x, x, Transpose::yes, 0, gram);
        std::copy_n(std::as_const(gram).storage().data(), gram.size(), change.storage().data());
        add_product(c, gram, gram, Transpose::no, b, change);
        Array<T> next = x;
        add_product(1, change, x, Transpose::no, a, next);
        x = std::move(next);
    }
    return tall ? transposed(x) : x;
}

}    // namespace

template <>
struct Rule<MuonOptions> {
    static constexpr const char* name = "Muon";
    static constexpr Range iterations{1, 99, false, false, "1 to 99"};
    static constexpr std::array<std::pair<AdjustLR, const char*>, 2> adjustments{
        {{AdjustLR::original, "original"}, {AdjustLR::match_rms_adamw, "match_rms_adamw"}}};

    static void options(auto& o, const auto& visit) {
        visit("lr", o.lr, not_negative);
        visit("weight_decay", o.weight_decay, not_negative);
        visit("momentum", o.momentum, below_one);
        visit("nesterov", o.nesterov);
        visit("ns_coefficients", o.ns_coefficients, finite);
        visit("eps", o.eps, positive);
        visit("ns_steps", o.ns_steps, iterations);
        visit("adjust_lr", o.adjust_lr, adjustments);
        visit("non_finite", o.non_finite);
    }
    static void check_parameter(const MuonOptions&, const std::string& parameter, const Shape& shape) {
        if (shape.size() != 2)
            throw std::invalid_argument("[Muon] got the parameter '" + parameter + "' of the shape " +
                                        to_string(shape) + "; wanted matrices only: give the others to AdamW");
    }
    static Buffers buffers(const MuonOptions&) { return {"momentum_buffer"}; }

    template <class T>
    struct Whole {
        MuonOptions o;
        double lr;

        Whole(const MuonOptions& options, const StepInfo& now) : o(options), lr(now.lr) {}
        void operator()(Array<T>& p, const Array<T>& g, std::span<Array<T>> buffers) const {
            Array<T>& momentum = buffers[0];
            detail::combine(momentum, o.momentum, 1 - o.momentum, g);
            Array<T> x = momentum;
            if (o.nesterov) detail::combine(x, o.momentum, 1 - o.momentum, g);
            x = orthogonalized(std::move(x), o);
            const auto rows = static_cast<double>(p.shape()[0]), columns = static_cast<double>(p.shape()[1]);
            const double adjustment = o.adjust_lr == AdjustLR::original ? std::sqrt(std::max(1.0, rows / columns))
                                                                        : 0.2 * std::sqrt(std::max(rows, columns));
            detail::combine(p, 1 - lr * o.weight_decay, -lr * adjustment, x);
        }
    };
};

template class OptimizerOf<float, MuonOptions>;
template class OptimizerOf<double, MuonOptions>;

}    // namespace xtape::optim
