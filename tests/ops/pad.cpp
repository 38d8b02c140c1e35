#include <xtape/core/backward.hpp>
#include <xtape/ops/arithmetic.hpp>
#include <xtape/ops/pad.hpp>
#include <xtape/ops/reduce.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(pad)

BOOST_AUTO_TEST_CASE(reflected_and_repeated_elements_collect_the_gradient) {
    Variable<double> x(Array<double>{1.0, 2.0, 3.0}, requires_grad);
    backward(sum(xtape::pad(x, {{2, 1}}, {.mode = PadMode::reflect})));
    BOOST_TEST(x.grad() == (Array<double>{1.0, 3.0, 2.0}), boost::test_tools::per_element());
    x.zero_grad();
    backward(sum(xtape::pad(x, {{2, 1}}, {.mode = PadMode::edge})));
    BOOST_TEST(x.grad() == (Array<double>{3.0, 1.0, 2.0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(errors_say_which_width_does_not_fit) {
    Variable<double> x(Array<double>{1.0, 2.0, 3.0});
    try {
        xtape::pad(x, {{3, 0}}, {.mode = PadMode::reflect});
        BOOST_ERROR("was not refused");
    } catch (const ShapeError& error) {
        BOOST_TEST(std::string(error.what()) ==
                   "[pad] got a reflection by 3 of axis 0 of the shape (3,); wanted fewer elements than the axis has");
    }
    BOOST_CHECK_THROW(xtape::pad(x, -1), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
