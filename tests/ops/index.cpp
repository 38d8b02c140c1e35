#include <xtape/core/backward.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/index.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <stdexcept>
#include <string>

using namespace xtape;

namespace tests {    // ::index is a function of the C library

BOOST_AUTO_TEST_SUITE(index)

BOOST_AUTO_TEST_CASE(an_index_out_of_range_is_named_with_its_position) {
    Variable<double> x(Array<double>{1.0, 2.0, 3.0});
    auto text = [&](auto f) -> std::string {
        try {
            f();
        } catch (const std::out_of_range& error) {
            return error.what();
        }
        return "nothing was thrown";
    };
    BOOST_TEST(text([&] {
                   take(x, Indices{0, 3});
               }) == "[take] got the index 3 at position 1; wanted one of 3 elements");
    BOOST_TEST(text([&] { embedding(x, Indices{-4}); }) ==
               "[embedding] got the index -4 at position 0; wanted one of 3 elements");
    BOOST_TEST(text([&] { one_hot<double>(Indices{-1}, 2); }) ==
               "[one_hot] got the index -1 at position 0; wanted one of 2 elements");
}

BOOST_AUTO_TEST_CASE(one_hot_has_a_one_a_row) {
    auto y = one_hot<float>(Indices{{0, 2}}, 3);
    BOOST_TEST((y == make_array<float>({1, 0, 0, 0, 0, 1}, {1, 2, 3})));
    BOOST_TEST(one_hot<float>(Indices(std::int64_t{1}), 2).dimension() == 1);
}

// Rows that come up again and again are summed in one order.
BOOST_AUTO_TEST_CASE(the_gradient_of_an_embedding_does_not_depend_on_the_number_of_threads) {
    Indices indices(Shape{3000});
    Array<float> seed = empty_array<float>(Shape{3000, 200});
    for (std::size_t i = 0; i < indices.size(); ++i) indices.storage()[i] = static_cast<std::int64_t>(i * i % 7);
    for (std::size_t i = 0; i < seed.size(); ++i) seed.storage()[i] = 1.0F / static_cast<float>(i + 1);
    auto gradient = [&](int threads) {
        set_num_threads(threads);
        Variable<float> table(Array<float>(Shape{7, 200}, 1.0F), requires_grad);
        return grad(embedding(table, indices), {table}, {}, {Variable<float>(seed)})[0].value();
    };
    int before = get_num_threads();
    auto one = gradient(1), three = gradient(3);
    set_num_threads(before);
    BOOST_TEST(std::memcmp(one.storage().data(), three.storage().data(), one.size() * sizeof(float)) == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}    // namespace tests
