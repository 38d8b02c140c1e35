// Random streams: the published generator, its distributions, its state.
#include <xtape/core/error.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>

#include <boost/test/unit_test.hpp>

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <vector>

using namespace xtape;

BOOST_AUTO_TEST_SUITE(generator)

BOOST_AUTO_TEST_CASE(the_bits_are_those_of_random123) {
    Stream stream(0x123456789ABCDEF0, 0x0FEDCBA987654321);
    std::vector<std::uint32_t> bits(256);
    stream.bits(bits);
    for (std::uint32_t counter = 0; counter < 64; ++counter) {
        auto wanted = r123::Philox4x32()({{counter, 0, 0x87654321, 0x0FEDCBA9}}, {{0x9ABCDEF0, 0x12345678}});
        for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(bits[counter / 16 * 64 + k * 16 + counter % 16] == wanted[k]);
    }
}

BOOST_AUTO_TEST_CASE(uniform_and_normal_numbers_have_their_moments) {
    constexpr double count = 1 << 20;
    auto check = [](const auto& numbers, double mean, double variance, double fourth) {
        double sum = 0, squares = 0;
        for (double x : numbers.storage()) {
            sum += x - mean;
            squares += (x - mean) * (x - mean);
        }
        // Five standard errors: one chance in a million.
        BOOST_TEST(std::abs(sum / count) < 5 * std::sqrt(variance / count));
        BOOST_TEST(std::abs(squares / count - variance) < 5 * std::sqrt((fourth - variance * variance) / count));
    };
    Stream stream(11);
    Shape shape{1 << 20};
    check(stream.uniform<float>(shape), 0.5, 1.0 / 12, 1.0 / 80);
    check(stream.uniform<double>(shape), 0.5, 1.0 / 12, 1.0 / 80);
    check(stream.normal<float>(shape), 0.0, 1.0, 3.0);
    check(stream.normal<double>(shape, 2.0, 3.0), 2.0, 9.0, 243.0);
}

BOOST_AUTO_TEST_CASE(uniform_numbers_stay_in_their_interval) {
    Stream stream(5);
    auto numbers = stream.uniform<float>({1 << 20}, -3.0, 7.0);
    BOOST_TEST(*std::min_element(numbers.storage().cbegin(), numbers.storage().cend()) >= -3.0F);
    BOOST_TEST(*std::max_element(numbers.storage().cbegin(), numbers.storage().cend()) < 7.0F);
    BOOST_CHECK_THROW(stream.uniform<float>({2}, 1.0, 0.0), std::invalid_argument);
    BOOST_CHECK_THROW(stream.normal<float>({2}, 0.0, -1.0), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_permutation_holds_every_number_once_and_all_orders_come) {
    Stream stream(7);
    std::vector<int> orders(6);
    for (int i = 0; i < 6000; ++i) {
        auto p = stream.permutation(3);
        std::vector<std::int64_t> sorted(p.storage().cbegin(), p.storage().cend());
        std::sort(sorted.begin(), sorted.end());
        BOOST_TEST_REQUIRE((sorted == std::vector<std::int64_t>{0, 1, 2}));
        ++orders[static_cast<std::size_t>(p(0) * 2 + (p(1) > p(2) ? 1 : 0))];
    }
    for (int count : orders) BOOST_TEST(std::abs(count - 1000) < 145);    // five standard deviations
}

BOOST_AUTO_TEST_CASE(a_restored_state_goes_on_with_the_same_numbers) {
    Generator generator(42);
    generator.dropout().uniform<float>({100});
    State state = generator.state();
    auto next = generator.dropout().uniform<float>({100});
    Generator other(1);
    other.load_state(state);
    auto again = other.dropout().uniform<float>({100});
    BOOST_TEST((next.storage() == again.storage()));
    BOOST_TEST((other.initialisation().uniform<float>({3}).storage() ==
                Generator(42).initialisation().uniform<float>({3}).storage()));
    BOOST_CHECK_THROW(other.load_state(State()), StateError);
}

BOOST_AUTO_TEST_CASE(streams_and_seeds_differ_and_the_same_seed_repeats) {
    auto draw = [](std::uint64_t key, std::uint64_t number) { return Stream(key, number).uniform<float>({64}); };
    BOOST_TEST((draw(1, 0).storage() == draw(1, 0).storage()));
    BOOST_TEST(!(draw(1, 0).storage() == draw(2, 0).storage()));
    BOOST_TEST(!(draw(1, 0).storage() == draw(1, 1).storage()));
    seed(9);
    auto first = default_generator().general().uniform<double>({8});
    seed(9);
    BOOST_TEST((first.storage() == default_generator().general().uniform<double>({8}).storage()));
}

BOOST_AUTO_TEST_SUITE_END()
