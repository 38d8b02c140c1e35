// Comparing arrays with numbers worked out elsewhere.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/core/shape.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

template <class A, class B>
void check_close(const A& got, const B& wanted, double tolerance) {
    BOOST_TEST_REQUIRE(xtape::to_string(got.shape()) == xtape::to_string(wanted.shape()));
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        auto g = static_cast<double>(got.storage()[i]), w = static_cast<double>(wanted.storage()[i]);
        bool same = g == w || std::abs(g - w) <= tolerance * std::max(1.0, std::abs(w));
        BOOST_TEST(same, "element " << i << ": got " << g << ", wanted " << w);
    }
}

// Numbers between about -1.2 and 1.8 without a pattern that a mistake could hide in.
inline xtape::Array<double> numbers(const xtape::Shape& shape, double phase = 0) {
    xtape::Array<double> x = xtape::empty_array<double>(shape);
    for (std::size_t i = 0; i < x.size(); ++i)
        x.storage()[i] = 0.3 + 1.5 * std::sin(1.7 * static_cast<double>(i) + phase + 0.4);
    return x;
}
