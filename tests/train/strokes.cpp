#include <xtape/train/data/detail/strokes.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

using xtape::train::detail::draw_digits;

BOOST_AUTO_TEST_SUITE(strokes)

BOOST_AUTO_TEST_CASE(a_seed_draws_the_same_digits_on_every_machine) {
    auto drawn = draw_digits(1000, 1);
    std::uint64_t hash = 14695981039346656037U;    // FNV-1a over the grey levels
    for (float level : std::as_const(drawn.images).storage())
        hash = (hash ^ static_cast<std::uint64_t>(std::lround(level * 255))) * 1099511628211U;
    BOOST_TEST(hash == 6434917688904176898U);
}

BOOST_AUTO_TEST_CASE(another_seed_draws_other_digits) {
    BOOST_TEST((draw_digits(10, 1).images != draw_digits(10, 2).images));
}

BOOST_AUTO_TEST_CASE(more_digits_begin_with_the_same_ones) {
    auto few = draw_digits(3, 5), many = draw_digits(30, 5);
    BOOST_TEST(std::equal(few.images.begin(), few.images.end(), many.images.begin()));
}

BOOST_AUTO_TEST_CASE(ink_is_between_nothing_and_full) {
    auto drawn = draw_digits(500, 3);
    BOOST_TEST((drawn.images.shape() == xtape::Shape{500, 28, 28}));
    auto [least, most] = std::minmax_element(drawn.images.begin(), drawn.images.end());
    BOOST_TEST(*least == 0.0F);
    BOOST_TEST(*most == 1.0F);
}

BOOST_AUTO_TEST_CASE(every_image_has_a_digit_inside_its_border) {
    auto drawn = draw_digits(2000, 4);
    for (std::size_t i = 0; i < 2000; ++i) {
        double inked = 0, border = 0;
        for (std::size_t y = 0; y < 28; ++y)
            for (std::size_t x = 0; x < 28; ++x) {
                bool at_border = y == 0 || y == 27 || x == 0 || x == 27;
                (at_border ? border : inked) += drawn.images(i, y, x) > 0.4F ? 1 : 0;
            }
        BOOST_TEST(inked >= 10);
        BOOST_TEST(border <= inked / 4);
    }
}

BOOST_AUTO_TEST_CASE(all_ten_digits_come_and_differ) {
    constexpr std::size_t count = 5000, pixels = 784;
    auto drawn = draw_digits(count, 6);
    std::array<std::vector<double>, 10> means;
    std::array<double, 10> counts{};
    means.fill(std::vector<double>(pixels));
    for (std::size_t i = 0; i < count; ++i) {
        auto digit = static_cast<std::size_t>(drawn.labels(i));
        counts.at(digit) += 1;
        for (std::size_t p = 0; p < pixels; ++p) means[digit][p] += std::as_const(drawn.images).data()[i * pixels + p];
    }
    for (std::size_t a = 0; a < 10; ++a) {
        BOOST_TEST(counts[a] > 400);
        for (std::size_t b = 0; b < a; ++b) {
            double square = 0;
            for (std::size_t p = 0; p < pixels; ++p)
                square += std::pow(means[a][p] / counts[a] - means[b][p] / counts[b], 2);
            BOOST_TEST(std::sqrt(square) > 1);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
