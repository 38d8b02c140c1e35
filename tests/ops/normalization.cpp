// The fused normalisations on sizes that samples cannot have: beyond the tiles and blocks of their loops.
#include <xtape/core/backward.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/normalization.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace xtape;
using D = double;

namespace {

enum class Kind { batch, layer };

template <class T>
Variables<T> leaves(Kind kind, const Shape& shape) {
    Stream random(5);
    Shape features{kind == Kind::batch ? shape[1] : shape.back()};
    return {Variable<T>(random.normal<T>(shape, 1, 2), requires_grad),
            Variable<T>(random.normal<T>(features), requires_grad),
            Variable<T>(random.normal<T>(features), requires_grad)};
}

template <class T>
Variable<T> normalized(Kind kind, const Variables<T>& in) {
    return kind == Kind::batch ? batch_norm(in[0], in[1], in[2]) : layer_norm(in[0], in[1], in[2]);
}

template <class T>
double distance(const Array<T>& a, const Array<T>& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, static_cast<double>(std::abs(a.storage()[i] - b.storage()[i])));
    return largest;
}

const std::vector<std::pair<Kind, Shape>> cases{
    {Kind::batch, {37, 600}}, {Kind::batch, {19, 90, 3}},  {Kind::batch, {5, 6, 7, 9}}, {Kind::batch, {33, 1}},
    {Kind::layer, {70, 45}},  {Kind::layer, {3, 2, 1030}}, {Kind::layer, {100, 1}}};

}    // namespace

BOOST_AUTO_TEST_SUITE(normalization)

BOOST_AUTO_TEST_CASE(fused_derivatives_equal_those_of_the_composite) {
    for (const auto& [kind, shape] : cases) BOOST_TEST_CONTEXT(to_string(shape)) {
            auto in = leaves<D>(kind, shape);
            Variable<D> seed(Stream(6).normal<D>(shape));
            auto fused = grad(normalized(kind, in), in, {}, {seed});
            auto composite = grad(normalized(kind, in), in, {.create_graph = true}, {seed});
            for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(distance(fused[i].value(), composite[i].value()) < 1e-11);
        }
}

BOOST_AUTO_TEST_CASE(gradients_that_repeat_or_are_transposed_are_read_as_they_are) {
    for (const auto& [kind, shape] : cases) BOOST_TEST_CONTEXT(to_string(shape)) {
            auto in = leaves<D>(kind, shape);
            auto repeated = grad(sum(normalized(kind, in)), in);
            auto spread = grad(normalized(kind, in), in, {}, {Variable<D>(Array<D>(shape, 1.0))});
            Shape reversed(shape.rbegin(), shape.rend());
            Variable<D> weights(Stream(6).normal<D>(reversed));
            auto turned = grad(sum(transpose(normalized(kind, in)) * weights), in);
            auto straight = grad(normalized(kind, in), in, {}, {transpose(weights)});
            for (std::size_t i = 0; i < 3; ++i) {
                BOOST_TEST(distance(repeated[i].value(), spread[i].value()) < 1e-11);
                BOOST_TEST(distance(turned[i].value(), straight[i].value()) < 1e-11);
            }
        }
}

BOOST_AUTO_TEST_CASE(the_number_of_threads_changes_no_bit) {
    int threads = get_num_threads();
    for (auto& [kind, shape] : std::vector<std::pair<Kind, Shape>>{
             {Kind::batch, {1000, 300}}, {Kind::batch, {40, 30, 200}}, {Kind::layer, {1000, 300}}}) {
        std::vector<Variables<float>> results;
        for (int count : {1, 2}) {
            set_num_threads(count);
            auto in = leaves<float>(kind, shape);
            auto y = normalized(kind, in);
            auto result = grad(y, in, {}, {Variable<float>(Stream(6).normal<float>(shape))});
            result.push_back(y);
            results.push_back(result);
        }
        for (std::size_t i = 0; i < 4; ++i)
            BOOST_TEST((results[0][i].value().storage() == results[1][i].value().storage()));
    }
    set_num_threads(threads);
}

BOOST_AUTO_TEST_SUITE_END()
