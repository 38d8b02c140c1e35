#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "../../examples/optimizer_comparison/comparison.hpp"

using namespace optimizer_comparison;

BOOST_AUTO_TEST_SUITE(optimizer_comparison)

BOOST_AUTO_TEST_CASE(every_optimizer_comes_near_the_minimum) {
    const auto trajectories = compare(1000);
    BOOST_TEST(trajectories.size() == 6U);
    for (const auto& [optimizer, places] : trajectories) BOOST_TEST_CONTEXT(optimizer) {
            BOOST_TEST(places.size() == 1001U);
            BOOST_TEST(places.front().loss == 41.25);
            BOOST_TEST(places.back().loss < 0.1);
        }
}

BOOST_AUTO_TEST_CASE(the_first_step_of_sgd_goes_down_the_gradient) {
    const auto trajectories = compare(1);
    const auto& places = trajectories[0].places;
    BOOST_TEST(std::abs(places[1].x - (1 - 0.005 * (2 * 2 * 0.5 + 2 * 3.5 * 1.25 + 2 * 5 * 2.375))) < 1e-14);
    BOOST_TEST(std::abs(places[1].y - (1.5 - 0.005 * (2 * 2 + 4 * 3.5 * 1.5 + 6 * 5 * 2.25))) < 1e-14);
}

BOOST_AUTO_TEST_CASE(every_step_is_a_line_of_the_csv) {
    std::ostringstream out;
    write_csv(out, compare(2));
    const std::string text = out.str();
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 1 + 6 * 3);
    BOOST_TEST(text.starts_with("optimizer,step,x,y,loss\nsgd,0,1,1.5,41.25\n"));
}

BOOST_AUTO_TEST_SUITE_END()
