// The colours of series under the three kinds of colour blindness, and against the paper.
#include <xtape/train/report/detail/style.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <span>
#include <string>
#include <string_view>

using namespace xtape::train::detail;

BOOST_AUTO_TEST_SUITE(colours)

namespace {

using Colour = std::array<double, 3>;
using Matrix = std::array<std::array<double, 3>, 3>;

Colour times(const Matrix& m, const Colour& c) {
    Colour result{};
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < 3; ++k) result[i] += m[i][k] * c[k];
    return result;
}

// Linear light of "#rrggbb".
Colour linear(std::string_view text) {
    Colour result{};
    for (std::size_t i = 0; i < 3; ++i) {
        const double v = std::stoi(std::string(text.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
        result[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    }
    return result;
}

Colour lab(const Colour& light) {
    const Matrix to_xyz{
        {{0.4124564, 0.3575761, 0.1804375}, {0.2126729, 0.7151522, 0.0721750}, {0.0193339, 0.1191920, 0.9503041}}};
    Colour xyz = times(to_xyz, light);
    xyz[0] /= 0.95047;
    xyz[2] /= 1.08883;
    for (double& v : xyz) v = v > 0.008856 ? std::cbrt(v) : 7.787 * v + 16.0 / 116;
    return {116 * xyz[1] - 16, 500 * (xyz[0] - xyz[1]), 200 * (xyz[1] - xyz[2])};
}

double luminance(std::string_view colour) {
    const Colour c = linear(colour);
    return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

double contrast(std::string_view a, std::string_view b) {
    const double x = luminance(a), y = luminance(b);
    return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

// Machado, Oliveira and Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009.
const std::array<Matrix, 4> eyes{{
    {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {{{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {{{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {{{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}},
}};

double least_distance(std::span<const std::string_view> colours) {
    double least = 1e9;
    for (const Matrix& eye : eyes)
        for (std::size_t i = 0; i < colours.size(); ++i)
            for (std::size_t k = 0; k < i; ++k) {
                Colour a = times(eye, linear(colours[i])), b = times(eye, linear(colours[k]));
                for (std::size_t c = 0; c < 3; ++c) {
                    a[c] = std::clamp(a[c], 0.0, 1.0);
                    b[c] = std::clamp(b[c], 0.0, 1.0);
                }
                const Colour p = lab(a), q = lab(b);
                least = std::min(least, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
            }
    return least;
}

}    // namespace

// A difference of about 2 can just be seen side by side; 15 is told apart across a figure.
BOOST_AUTO_TEST_CASE(all_eyes_tell_the_colours_of_series_apart) {
    BOOST_TEST(least_distance(light_colours) > 15);
    BOOST_TEST(least_distance(dark_colours) > 15);
}

// 3 is what WCAG 2.1 wants of graphical objects (1.4.11).
BOOST_AUTO_TEST_CASE(series_stand_out_from_the_paper) {
    for (auto colour : light_colours) BOOST_TEST(contrast(colour, light_paper) >= 3, colour);
    for (auto colour : dark_colours) BOOST_TEST(contrast(colour, dark_paper) >= 3, colour);
}

BOOST_AUTO_TEST_CASE(the_ramp_goes_away_from_the_paper) {
    for (std::size_t i = 1; i < light_ramp.size(); ++i) {
        BOOST_TEST(contrast(light_ramp[i], light_paper) > contrast(light_ramp[i - 1], light_paper));
        BOOST_TEST(contrast(dark_ramp[i], dark_paper) > contrast(dark_ramp[i - 1], dark_paper));
    }
}

BOOST_AUTO_TEST_SUITE_END()
