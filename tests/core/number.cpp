#include <xtape/core/detail/number.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/dropout.hpp>

#include <boost/test/unit_test.hpp>

#include <limits>
#include <stdexcept>
#include <string>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(number)

BOOST_AUTO_TEST_CASE(numbers_in_messages_are_the_shortest_that_read_back) {
    BOOST_TEST(detail::to_text(0.1) == "0.1");
    BOOST_TEST(detail::to_text(0.1F) == "0.1");
    BOOST_TEST(detail::to_text(0.30000000000000004) == "0.30000000000000004");
    BOOST_TEST(detail::to_text(-1e-9) == "-1e-09");
    BOOST_TEST(detail::to_text(-2.0) == "-2");
    BOOST_TEST(detail::to_text(-std::numeric_limits<double>::infinity()) == "-inf");
}

bool names_the_number(const std::invalid_argument& error) {
    return std::string(error.what()).find("-1e-09") != std::string::npos;
}

BOOST_AUTO_TEST_CASE(a_small_number_that_is_refused_is_not_shown_as_zero) {
    BOOST_CHECK_EXCEPTION(Stream().normal<double>({2}, 0, -1e-9), std::invalid_argument, names_the_number);
    BOOST_CHECK_EXCEPTION(nn::Dropout<float>(-1e-9), std::invalid_argument, names_the_number);
}

BOOST_AUTO_TEST_SUITE_END()
