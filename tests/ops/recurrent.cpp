// Recurrent layers against plain loops for many settings, padding, and threads.
#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/detail/recurrent/samples.hpp>
#include <xtape/ops/recurrent.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace xtape;
using D = double;
using A = Array<D>;

namespace {

struct Setting {
    std::size_t batch, time, in, units, width;
    bool biased;
    RecurrentOptions options;
};

std::size_t pick_from(Stream& stream, std::int64_t least, std::int64_t most) {
    return static_cast<std::size_t>(least + stream.integer(most - least + 1));
}

Setting random_setting(Stream& stream, bool projected) {
    Setting s{pick_from(stream, 1, 17),
              pick_from(stream, 1, 6),
              pick_from(stream, 1, 9),
              pick_from(stream, 2, 40),
              0,
              stream.integer(2) == 0,
              {}};
    s.width = projected ? pick_from(stream, 1, static_cast<std::int64_t>(s.units) - 1) : s.units;
    s.options.reverse = stream.integer(2) == 0;
    if (stream.integer(2) == 0) {
        s.options.lengths = Indices(Shape{s.batch}, 0);
        for (auto& length : s.options.lengths->storage())
            length = stream.integer(static_cast<std::int64_t>(s.time) + 1);
    }
    return s;
}

// x, hidden, (cell,) weights, (biases,) (projection), as detail::plain_loop takes them.
template <class Cell>
std::vector<A> random_inputs(Stream& stream, const Setting& s) {
    const std::size_t rows = Cell::gates * s.units;
    std::vector<A> list{stream.normal<D>({s.batch, s.time, s.in}), stream.normal<D>({s.batch, s.width})};
    if (Cell::has_cell) list.push_back(stream.normal<D>({s.batch, s.units}));
    list.push_back(stream.normal<D>({rows, s.in}, 0, 0.5));
    list.push_back(stream.normal<D>({rows, s.width}, 0, 0.5));
    for (int k = 0; k < 2 && s.biased; ++k) list.push_back(stream.normal<D>({rows}));
    if (s.width != s.units) list.push_back(stream.normal<D>({s.width, s.units}));
    return list;
}

// Outputs, hidden state and cell of the fused operation.
template <class T, class Cell>
Variables<T> run(const Variables<T>& x, const Setting& s) {
    const std::size_t k = Cell::has_cell ? 3 : 2;
    RecurrentWeights<T> weights{x[k], x[k + 1]};
    if (s.biased) weights.input_bias = x[k + 2];
    if (s.biased) weights.hidden_bias = x[k + 3];
    if (s.width != s.units) weights.projection = x[x.size() - 1];
    if constexpr (Cell::has_cell) {
        auto [y, state] = lstm(x[0], {x[1], x[2]}, weights, s.options);
        return {y, state.hidden, state.cell};
    } else if constexpr (Cell::gates == 3) {
        auto [y, hidden] = gru(x[0], x[1], weights, s.options);
        return {y, hidden};
    } else {
        constexpr bool is_tanh = std::is_same_v<Cell, detail::SimpleCell<detail::Nonlinear::tanh>>;
        auto [y, hidden] =
            rnn(x[0], x[1], weights, is_tanh ? RecurrentNonlinearity::tanh : RecurrentNonlinearity::relu, s.options);
        return {y, hidden};
    }
}

template <class T>
Variables<T> leaves(const std::vector<A>& values) {
    Variables<T> list;
    for (const A& value : values) list.push_back(Variable<T>(Array<T>(xt::cast<T>(value)), requires_grad));
    return list;
}

template <class T>
Variable<T> weighted(const Variables<T>& y) {
    Variable<T> total = sum(y[0] * y[0]);
    for (std::size_t k = 1; k < y.size(); ++k) total = total + sum(y[k] * y[k]) * double(k + 1);
    return total;
}

D largest_difference(const Variables<D>& got, const A& wanted) {
    D worst = 0;
    std::size_t i = 0;
    for (const auto& part : got)
        for (D value : part.value().storage()) {
            const D w = wanted.storage()[i++];
            worst = std::max(worst, std::abs(value - w) / std::max(1.0, std::abs(w)));
        }
    BOOST_TEST(i == wanted.size());
    return worst;
}

template <class Cell>
void check_against_loops(bool projected) {
    Stream stream(7);
    for (int round = 0; round < 200; ++round) {
        const Setting s = random_setting(stream, projected);
        const std::vector<A> inputs = random_inputs<Cell>(stream, s);
        const A wanted = detail::plain_loop(Cell{}, inputs, s.biased, projected, s.options);
        BOOST_TEST_REQUIRE(largest_difference(run<D, Cell>(leaves<D>(inputs), s), wanted) < 1e-12, "round " << round);
    }
}

// Derivatives by the fused loop against those recorded step by step, which the registry holds against differences.
template <class Cell>
void check_derivatives(bool projected) {
    Stream stream(8);
    for (int round = 0; round < 40; ++round) {
        const Setting s = random_setting(stream, projected);
        const Variables<D> x = leaves<D>(random_inputs<Cell>(stream, s));
        const auto fused = grad(weighted(run<D, Cell>(x, s)), x);
        const auto recorded = grad(weighted(run<D, Cell>(x, s)), x, {.create_graph = true});
        for (std::size_t i = 0; i < x.size(); ++i)
            BOOST_TEST_REQUIRE(largest_difference({fused[i]}, recorded[i].value()) < 1e-10,
                               "round " << round << ", input " << i);
    }
}

using Tanh = detail::SimpleCell<detail::Nonlinear::tanh>;
using Relu = detail::SimpleCell<detail::Nonlinear::relu>;
using Lstm = detail::LongShortCell;
using Gru = detail::GatedCell;

}    // namespace

BOOST_AUTO_TEST_SUITE(recurrent)

BOOST_AUTO_TEST_CASE(values_equal_those_of_plain_loops) {
    check_against_loops<Tanh>(false);
    check_against_loops<Relu>(false);
    check_against_loops<Lstm>(false);
    check_against_loops<Lstm>(true);
    check_against_loops<Gru>(false);
}

BOOST_AUTO_TEST_CASE(fused_derivatives_equal_those_of_single_steps) {
    check_derivatives<Tanh>(false);
    check_derivatives<Relu>(false);
    check_derivatives<Lstm>(false);
    check_derivatives<Lstm>(true);
    check_derivatives<Gru>(false);
}

BOOST_AUTO_TEST_CASE(a_hidden_state_longer_than_a_strip_of_the_kernel_is_summed_whole) {
    Stream stream(9);
    const Setting s{2, 2, 3, 600, 600, true, {}};
    const std::vector<A> inputs = random_inputs<Gru>(stream, s);
    const A wanted = detail::plain_loop(Gru{}, inputs, true, false, {});
    BOOST_TEST(largest_difference(run<D, Gru>(leaves<D>(inputs), s), wanted) < 1e-11);
    const Variables<D> x = leaves<D>(inputs);
    const auto fused = grad(weighted(run<D, Gru>(x, s)), x);
    const auto recorded = grad(weighted(run<D, Gru>(x, s)), x, {.create_graph = true});
    for (std::size_t i = 0; i < x.size(); ++i) BOOST_TEST(largest_difference({fused[i]}, recorded[i].value()) < 1e-9);
}

using Cells = std::tuple<Tanh, Lstm, Gru>;
BOOST_AUTO_TEST_CASE_TEMPLATE(nothing_depends_on_padding_and_its_gradients_are_zero, Kind, Cells) {
    Stream stream(10);
    for (bool reverse : {false, true}) {
        const Setting s{3, 5, 4, 6, 6, true, {.reverse = reverse, .lengths = Indices{5, 2, 0}}};
        std::vector<A> inputs = random_inputs<Kind>(stream, s), dirty = inputs;
        for (std::size_t b = 0; b < 3; ++b)
            for (std::size_t t = static_cast<std::size_t>((*s.options.lengths)(b)); t < 5; ++t)
                for (std::size_t i = 0; i < 4; ++i) dirty[0](b, t, i) = std::numeric_limits<D>::quiet_NaN();
        for (bool create_graph : {false, true}) {
            const Variables<D> x = leaves<D>(inputs), z = leaves<D>(dirty);
            const Variables<D> y = run<D, Kind>(x, s), same = run<D, Kind>(z, s);
            for (std::size_t k = 0; k < y.size(); ++k) BOOST_TEST((y[k].value() == same[k].value()));
            const auto g = grad(weighted(y), x, {.create_graph = create_graph}),
                       h = grad(weighted(same), z, {.create_graph = create_graph});
            for (std::size_t i = 0; i < g.size(); ++i) BOOST_TEST((g[i].value() == h[i].value()), "input " << i);
            for (std::size_t t = 2; t < 5; ++t) {
                for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(g[0].value()(1, t, i) == 0);
                for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(y[0].value()(1, t, i) == 0);
            }
            for (std::size_t i = 0; i < 6; ++i) BOOST_TEST(y[1].value()(2, i) == inputs[1](2, i));    // length 0
        }
    }
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
    Stream stream(11);
    const Setting s{37, 9, 24, 48, 48, true, {}};
    const std::vector<A> inputs = random_inputs<Lstm>(stream, s);
    const int before = get_num_threads();
    std::vector<Array<float>> first;
    for (int threads : {1, 2, 3, 7}) {
        set_num_threads(threads);
        const Variables<float> x = leaves<float>(inputs), y = run<float, Lstm>(x, s);
        std::vector<Array<float>> all;
        for (const auto& part : y) all.push_back(part.value());
        for (const auto& part : grad(weighted(y), x)) all.push_back(part.value());
        if (first.empty()) first = all;
        for (std::size_t k = 0; k < all.size(); ++k) BOOST_TEST((all[k] == first[k]), threads << " threads, " << k);
    }
    set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
