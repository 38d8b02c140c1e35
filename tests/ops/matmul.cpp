#include <xtape/core/backward.hpp>
#include <xtape/ops/matmul.hpp>
#include <xtape/ops/reduce.hpp>
#include <xtape/ops/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace xtape;

namespace {

Array<float> waves(const Shape& shape) {
    Array<float> x = empty_array<float>(shape);
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] = static_cast<float>(i % 17) - 8;
    return x;
}

// Whether the value is still a view that nobody has put in order.
template <class T>
bool is_lazy(const Variable<T>& x) {
    return !x.node().ready.load();
}

}    // namespace

BOOST_AUTO_TEST_SUITE(matmul)

BOOST_AUTO_TEST_CASE(transposed_operands_are_not_copied) {
    Variable<float> a(waves({40, 60}), requires_grad), b(waves({50, 40}), requires_grad);
    auto left = transpose(a), right = transpose(b);
    auto y = xtape::matmul(left, right);
    BOOST_TEST(y.shape()[0] == 60);
    BOOST_TEST(is_lazy(left));
    BOOST_TEST(is_lazy(right));
    backward(sum(y));
    BOOST_TEST(is_lazy(left));
    BOOST_TEST(is_lazy(right));
}

// Whole numbers small enough to be exact in any order of summation.
BOOST_AUTO_TEST_CASE(the_gradient_of_a_sum_equals_that_of_equal_numbers) {
    for (std::size_t n : {5, 130}) {
        Variable<float> a(waves({n, n + 3}), requires_grad), b(waves({n + 3, n + 7}), requires_grad);
        auto lazy = grad(sum(xtape::matmul(a, b)), {a, b});
        auto dense = grad(xtape::matmul(a, b), {a, b}, {}, {Variable<float>(Array<float>(Shape{n, n + 7}, 1.0F))});
        for (std::size_t k : {0, 1}) BOOST_TEST((lazy[k].value() == dense[k].value()));
    }
}

BOOST_AUTO_TEST_CASE(a_mismatch_names_both_shapes) {
    Variable<float> a(waves({2, 3})), b(waves({4, 5}));
    try {
        xtape::matmul(a, b);
        BOOST_ERROR("was not refused");
    } catch (const ShapeError& error) {
        BOOST_TEST(std::string(error.what()).starts_with("[matmul] got the shapes (2, 3) and (4, 5)"), error.what());
    }
}

BOOST_AUTO_TEST_SUITE_END()
