#include <xtape/core/backward.hpp>
#include <xtape/core/gradcheck.hpp>
#include <xtape/core/operation.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(reduce)

BOOST_AUTO_TEST_CASE(axes_may_be_given_in_many_ways) {
    Variable<double> x(Array<double>(Shape{2, 3, 4}, 1.0));
    std::size_t last = 2;
    BOOST_TEST(to_string(sum(x, last).shape()) == "(2, 3)");
    BOOST_TEST(to_string(sum(x, {0, last}).shape()) == "(3,)");
    BOOST_TEST(to_string(sum(x, std::vector<int>{-1, 0}).shape()) == "(3,)");
    BOOST_TEST(to_string(sum(x, all_axes, {.keep_dims = true}).shape()) == "(1, 1, 1)");
    BOOST_TEST(to_string(sum(x).shape()) == "()");
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_sum_is_a_view_of_one_element) {
    Variable<float> x(Array<float>(Shape{64, 64}, 1.0F), requires_grad);
    Variable<float> g = grad(sum(x), {x})[0];
    BOOST_TEST(detail::view_of(g).storage.size() == 1);
}

BOOST_AUTO_TEST_CASE(the_gradient_of_prod_is_exact_at_one_zero_and_at_several) {
    Variable<double> x(Array<double>{{2.0, 0.0, -3.0}, {0.0, 0.0, 5.0}, {2.0, 3.0, 4.0}}, requires_grad);
    backward(sum(prod(x, 1)));
    BOOST_TEST(x.grad() == (Array<double>{{0.0, -6.0, 0.0}, {0.0, 0.0, 0.0}, {12.0, 8.0, 6.0}}),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_second_derivative_of_prod_at_zeros_is_exact) {
    Variable<double> x(Array<double>{0.0, 0.0, 5.0, 2.0}, requires_grad);
    auto first = grad(prod(x), {x}, {.create_graph = true})[0];
    auto second = grad(sum(first), {x})[0];
    BOOST_TEST(second.value() == (Array<double>{10.0, 10.0, 0.0, 0.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_gradient_of_prod_survives_an_overflow_and_an_underflow) {
    Variable<float> x(Array<float>{{1e-10F, 1e-10F, 1e-10F, 1e-20F}, {1e5F, 1e10F, 1e5F, 1e20F}}, requires_grad);
    backward(sum(prod(x, 1)));
    BOOST_TEST(x.grad()(0, 3) == 1e-30F, boost::test_tools::tolerance(1e-5F));
    BOOST_TEST(x.grad()(1, 3) == 1e20F, boost::test_tools::tolerance(1e-5F));
}

BOOST_AUTO_TEST_CASE(not_a_number_reaches_the_sum_the_mean_and_the_product) {
    Variable<double> x(Array<double>{1.0, std::nan(""), 3.0});
    for (const auto& y : {sum(x), mean(x), prod(x)}) BOOST_TEST(std::isnan(y.item()));
}

BOOST_AUTO_TEST_CASE(a_product_of_many_has_the_same_bits_on_one_thread_and_on_two) {
    Array<float> values = empty_array<float>({300, 700});
    for (std::size_t i = 0; i < values.size(); ++i)
        values.storage()[i] = 1.0F + (static_cast<float>(i * 7919 % 1000) - 500) * 1e-5F;
    Variable<float> x(std::move(values));
    std::vector<Array<float>> one, two;
    int threads = get_num_threads();
    for (auto* results : {&one, &two}) {
        set_num_threads(results == &one ? 1 : 2);
        results->push_back(prod(x).value());
        results->push_back(prod(x, 0).value());
        results->push_back(prod(x, 1).value());
        results->push_back(prod(transpose(x), 1).value());
    }
    set_num_threads(threads);
    for (std::size_t k = 0; k < one.size(); ++k) BOOST_TEST(one[k].storage() == two[k].storage());
}

BOOST_AUTO_TEST_SUITE_END()
