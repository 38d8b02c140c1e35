// Attention against plain loops for many settings, its memory, and threads.
#include <xtape/core/backward.hpp>
#include <xtape/core/detail/memory.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/attention.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/selection.hpp>
#include <xtape/ops/shape.hpp>
#include <xtape/ops/softmax.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

using namespace xtape;
using D = double;
using A = Array<D>;

namespace {

struct Setting {
    std::size_t batch, heads, queries, keys, width, value_width;
    AttentionOptions options;
};

std::size_t pick_from(Stream& stream, std::int64_t least, std::int64_t most) {
    return static_cast<std::size_t>(least + stream.integer(most - least + 1));
}

Setting random_setting(Stream& stream) {
    Setting s{pick_from(stream, 1, 2),
              pick_from(stream, 1, 3),
              pick_from(stream, 1, 150),
              pick_from(stream, 1, 300),
              pick_from(stream, 1, 20),
              pick_from(stream, 1, 20),
              {}};
    s.options.causal = stream.integer(2) == 0;
    if (stream.integer(3) == 0) s.options.scale = 0.3;
    if (stream.integer(2) == 0) {
        const Shape shapes[] = {{s.queries, s.keys}, {s.batch, 1, 1, s.keys}, {s.batch, s.heads, s.queries, s.keys}};
        Mask mask = empty_array<bool>(shapes[stream.integer(3)]);
        for (auto& seen : mask.storage()) seen = stream.integer(4) > 0;
        s.options.mask = mask;
    }
    return s;
}

A plain_attention(const A& q, const A& k, const A& v, const Setting& s) {
    A y(Shape{s.batch, s.heads, s.queries, s.value_width}, 0.0);
    const D scale = s.options.scale.value_or(1 / std::sqrt(D(s.width)));
    auto seen = [&](std::size_t b, std::size_t h, std::size_t i, std::size_t j) {
        if (!s.options.mask) return true;
        const Mask& mask = *s.options.mask;
        if (mask.dimension() == 2) return mask(i, j);
        auto at = [&](std::size_t axis, std::size_t place) { return mask.shape()[axis] == 1 ? 0 : place; };
        return mask(at(0, b), at(1, h), at(2, i), at(3, j));
    };
    for (std::size_t b = 0; b < s.batch; ++b)
        for (std::size_t h = 0; h < s.heads; ++h)
            for (std::size_t i = 0; i < s.queries; ++i) {
                D total = 0;
                for (std::size_t j = 0; j < s.keys && (!s.options.causal || j <= i); ++j) {
                    if (!seen(b, h, i, j)) continue;
                    D score = 0;
                    for (std::size_t e = 0; e < s.width; ++e) score += q(b, h, i, e) * k(b, h, j, e);
                    const D weight = std::exp(scale * score);
                    total += weight;
                    for (std::size_t f = 0; f < s.value_width; ++f) y(b, h, i, f) += weight * v(b, h, j, f);
                }
                for (std::size_t f = 0; f < s.value_width && total > 0; ++f) y(b, h, i, f) /= total;
            }
    return y;
}

D largest_difference(const A& got, const A& wanted) {
    BOOST_TEST_REQUIRE(to_string(got.shape()) == to_string(wanted.shape()));
    D worst = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        worst = std::max(worst, std::abs(got.storage()[i] - wanted.storage()[i]));
    return worst;
}

std::vector<A> random_inputs(Stream& stream, const Setting& s) {
    return {stream.normal<D>({s.batch, s.heads, s.queries, s.width}),
            stream.normal<D>({s.batch, s.heads, s.keys, s.width}),
            stream.normal<D>({s.batch, s.heads, s.keys, s.value_width})};
}

Variables<D> leaves(const std::vector<A>& values) {
    Variables<D> list;
    for (const A& value : values) list.push_back(Variable<D>(value, requires_grad));
    return list;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(attention)

BOOST_AUTO_TEST_CASE(values_equal_those_of_plain_loops) {
    Stream stream(3);
    for (int round = 0; round < 200; ++round) {
        const Setting s = random_setting(stream);
        const std::vector<A> in = random_inputs(stream, s);
        const Variables<D> x = leaves(in);
        const Variable<D> y = scaled_dot_product_attention(x[0], x[1], x[2], s.options);
        BOOST_TEST_REQUIRE(largest_difference(y.value(), plain_attention(in[0], in[1], in[2], s)) < 1e-12,
                           "round " << round);
    }
}

// The recorded derivative differentiates the whole matrix of weights; the registry holds it against differences.
BOOST_AUTO_TEST_CASE(derivatives_by_blocks_equal_those_of_the_whole_matrix) {
    Stream stream(4);
    for (int round = 0; round < 40; ++round) {
        Setting s = random_setting(stream);
        if (round % 3 == 0) s.options.dropout = 0.3;
        const Variables<D> x = leaves(random_inputs(stream, s));
        const Variable<D> y = scaled_dot_product_attention(x[0], x[1], x[2], s.options);
        const Variable<D> loss = sum(y * y);
        const auto blocks = grad(loss, x, {.retain_graph = true}), whole = grad(loss, x, {.create_graph = true});
        for (std::size_t i = 0; i < 3; ++i)
            BOOST_TEST_REQUIRE(largest_difference(blocks[i].value(), whole[i].value()) < 1e-11,
                               "round " << round << ", input " << i);
    }
}

// A mask as a bias of 0 and -infinity, where plain numbers are added as well; its gradient against the whole matrix.
BOOST_AUTO_TEST_CASE(a_bias_of_minus_infinity_is_a_mask_and_other_numbers_are_added) {
    Stream stream(9);
    for (int round = 0; round < 40; ++round) {
        Setting s = random_setting(stream);
        if (!s.options.mask) s.options.mask = Mask(Shape{s.queries, s.keys}, true);
        const Variables<D> x = leaves(random_inputs(stream, s));
        const Mask& mask = *s.options.mask;
        A hidden(mask.shape(), 0.0);
        for (std::size_t i = 0; i < mask.size(); ++i)
            if (!mask.storage()[i]) hidden.storage()[i] = -std::numeric_limits<D>::infinity();
        AttentionOptions unmasked = s.options;
        unmasked.mask.reset();
        const A masked = scaled_dot_product_attention(x[0], x[1], x[2], s.options).value();
        const A as_bias = scaled_dot_product_attention(x[0], x[1], x[2], Variable<D>(hidden), unmasked).value();
        BOOST_TEST_REQUIRE(largest_difference(as_bias, masked) == 0, "round " << round);

        Variables<D> all = x;
        all.push_back(Variable<D>(A(hidden + stream.normal<D>(mask.shape())), requires_grad));
        const Variable<D> y = scaled_dot_product_attention(all[0], all[1], all[2], all[3], unmasked);
        const Variable<D> loss = sum(y * y);
        const auto blocks = grad(loss, all, {.retain_graph = true}), whole = grad(loss, all, {.create_graph = true});
        for (std::size_t i = 0; i < 4; ++i)
            BOOST_TEST_REQUIRE(largest_difference(blocks[i].value(), whole[i].value()) < 1e-11,
                               "round " << round << ", input " << i);
    }
}

BOOST_AUTO_TEST_CASE(heads_that_were_split_off_are_read_and_joined_where_they_stand) {
    Stream stream(5);
    const Setting s{2, 3, 7, 7, 4, 4, {.causal = true}};
    const Variable<D> x(stream.normal<D>({2, 7, 12}), requires_grad);
    const Variable<D> heads = swap_axes(reshape(x, {2, 7, 3, 4}), 1, 2);
    const Variable<D> y = scaled_dot_product_attention(heads, heads, heads, s.options);
    const A h = heads.value();
    BOOST_TEST(largest_difference(y.value(), plain_attention(h, h, h, s)) < 1e-13);
    const Variable<D> joined = reshape(swap_axes(y, 1, 2), {2, 7, 12});
    const auto blocks = grad(sum(joined * joined), x, {.retain_graph = true}),
               whole = grad(sum(joined * joined), x, {.create_graph = true});
    BOOST_TEST(largest_difference(blocks.value(), whole.value()) < 1e-13);
}

BOOST_AUTO_TEST_CASE(large_scores_do_not_overflow) {
    const Variable<D> q(A{800.0, -800.0}), k(A{1.0, -1.0}), v(A{2.0, 3.0});
    const A y = scaled_dot_product_attention(reshape(q, {2, 1}), reshape(k, {2, 1}), reshape(v, {2, 1})).value();
    BOOST_TEST(y(0, 0) == 2);
    BOOST_TEST(y(1, 0) == 3);
}

BOOST_AUTO_TEST_CASE(a_query_without_keys_gives_zero_and_moves_nothing) {
    Stream stream(6);
    const Variables<D> x = leaves({stream.normal<D>({2, 3}), stream.normal<D>({4, 3}), stream.normal<D>({4, 3})});
    const Variable<D> y = scaled_dot_product_attention(
        x[0], x[1], x[2], {.mask = Mask{{false, false, false, false}, {true, true, false, true}}});
    const auto g = grad(sum(y * y + y), x);
    for (std::size_t e = 0; e < 3; ++e) {
        BOOST_TEST(y.value()(0, e) == 0);
        BOOST_TEST(g[0].value()(0, e) == 0);
        BOOST_TEST(g[0].value()(1, e) != 0);
        BOOST_TEST(g[2].value()(2, e) == 0);
    }
}

BOOST_AUTO_TEST_CASE(dropout_keeps_the_mean_and_repeats_with_the_seed) {
    const Variable<D> q(A(Shape{400, 64, 2}, 0.0)), k(A(Shape{400, 50, 2}, 0.0)), v(A(Shape{400, 50, 1}, 1.0));
    seed(5);
    const A first = scaled_dot_product_attention(q, k, v, {.dropout = 0.4}).value();
    const A second = scaled_dot_product_attention(q, k, v, {.dropout = 0.4}).value();
    seed(5);
    BOOST_TEST((scaled_dot_product_attention(q, k, v, {.dropout = 0.4}).value() == first));
    BOOST_TEST((first != second));
    D total = 0;
    for (D y : first.storage()) total += y;
    BOOST_TEST(std::abs(total / D(first.size()) - 1) < 0.003);    // 25600 means, each with deviation 0.115: 4 sigma
}

// What is kept for the derivative, which is most of what training needs, against the matrices of weights.
BOOST_AUTO_TEST_CASE(causal_attention_over_1024_places_keeps_a_tenth_of_what_the_plain_form_does) {
    Stream stream(8);
    const Variable<float> q(stream.normal<float>({4, 1024, 64}), requires_grad), k(stream.normal<float>({4, 1024, 64})),
        v(stream.normal<float>({4, 1024, 64}));
    Mask triangle = empty_array<bool>({1024, 1024});
    for (std::size_t i = 0; i < 1024; ++i)
        for (std::size_t j = 0; j < 1024; ++j) triangle(i, j) = j <= i;
    auto kept = [](const std::function<Variable<float>()>& f) {
        const std::size_t before = live_bytes();
        const Variable<float> y = f();
        y.value();
        return live_bytes() - before;
    };
    const std::size_t plain = kept([&] {
        const auto scores = matmul(q, swap_axes(k, -1, -2)) / 8.0;
        return matmul(softmax(where(triangle, scores, -1e30)), v);
    });
    const std::size_t blocks = kept([&] { return scaled_dot_product_attention(q, k, v, {.causal = true}); });
    BOOST_TEST(blocks > 0U);
    BOOST_TEST(blocks * 10 <= plain);
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
    Stream stream(7);
    const int before = get_num_threads();
    const Array<float> q = stream.normal<float>({5, 200, 24}), k = stream.normal<float>({5, 200, 24});
    std::vector<Array<float>> first;
    for (int threads : {1, 2, 4}) {
        set_num_threads(threads);
        seed(2);
        const Variable<float> x(q, requires_grad), z(k, requires_grad);
        const Variable<float> y = scaled_dot_product_attention(x, z, z, {.causal = true, .dropout = 0.1});
        const auto g = grad(sum(y * y), {x, z});
        const std::vector<Array<float>> all{y.value(), g[0].value(), g[1].value()};
        if (first.empty()) first = all;
        for (std::size_t i = 0; i < all.size(); ++i) BOOST_TEST((all[i] == first[i]), threads << " threads");
    }
    set_num_threads(before);
}

BOOST_AUTO_TEST_SUITE_END()
