// Arrays and variables in words.
#include <xtape/core/variable.hpp>
#include <xtape/ops/arithmetic.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <iomanip>
#include <limits>
#include <sstream>
#include <string>

using namespace xtape;

namespace {

template <class X>
std::string printed(const X& x) {
    std::ostringstream stream;
    stream << x;
    return stream.str();
}

}    // namespace

BOOST_AUTO_TEST_SUITE(print)

BOOST_AUTO_TEST_CASE(arrays_print_like_numpys_with_type_and_shape) {
    BOOST_TEST(printed(Array<float>{{1, -2.5F}, {1e-9F, 30}}) == "[[    1,  -2.5],\n [1e-09,    30]]  float32 (2, 2)");
    BOOST_TEST(printed(Array<double>(3.25)) == "3.25  float64 ()");
    BOOST_TEST(printed(Indices{7, 10}) == "[ 7, 10]  int64 (2,)");
    BOOST_TEST(printed(Mask{true, false}) == "[ true, false]  bool (2,)");
    BOOST_TEST(printed(Array<double>(Shape{2, 0, 3})) == "[]  float64 (2, 0, 3)");
    BOOST_TEST(printed(Array<double>{std::numeric_limits<double>::quiet_NaN()}).substr(0, 5) == "[nan]");
    BOOST_TEST(printed(Array<float>(Shape{2, 1, 2}, 1.0F)) == "[[[1, 1]],\n\n [[1, 1]]]  float32 (2, 1, 2)");
}

BOOST_AUTO_TEST_CASE(long_arrays_show_their_edges) {
    Array<double> numbers(Shape{2000});
    for (std::size_t i = 0; i < 2000; ++i) numbers(i) = static_cast<double>(i);
    BOOST_TEST(printed(numbers) == "[   0,    1,    2, ..., 1997, 1998, 1999]  float64 (2000,)");
    Array<float> table(Shape{500, 3}, 0.5F);
    BOOST_TEST(printed(table) ==
               "[[0.5, 0.5, 0.5],\n [0.5, 0.5, 0.5],\n [0.5, 0.5, 0.5],\n ...,\n [0.5, 0.5, 0.5],\n [0.5, 0.5, 0.5],\n "
               "[0.5, 0.5, 0.5]]  float32 (500, 3)");
}

BOOST_AUTO_TEST_CASE(the_stream_says_how_numbers_look) {
    std::ostringstream stream;
    stream << std::fixed << std::setprecision(2) << Array<double>{1.0, 2.345};
    BOOST_TEST(stream.str() == "[1.00, 2.35]  float64 (2,)");
}

BOOST_AUTO_TEST_CASE(variables_say_where_they_come_from) {
    Variable<float> x(Array<float>{1, 2}, requires_grad);
    BOOST_TEST(printed(x) == "[1, 2]  float32 (2,), requires_grad");
    BOOST_TEST(printed(x + x) == "[2, 4]  float32 (2,), from add");
    x.set_name("w");
    BOOST_TEST(printed(x.detach()) == "[1, 2]  float32 (2,)");
    BOOST_TEST(printed(x) == "[1, 2]  float32 (2,), w, requires_grad");
    BOOST_TEST(printed(Variable<double>()) == "undefined Variable");
}

BOOST_AUTO_TEST_SUITE_END()
