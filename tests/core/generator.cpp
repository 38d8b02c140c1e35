// Random streams: the published generator, its distributions, its state.
#include <xtape/core/error.hpp>
#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>

#include <boost/test/unit_test.hpp>

#include <Random123/philox.h>

#include <algorithm>
#include <cmath>
#include <thread>
#include <type_traits>
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

BOOST_AUTO_TEST_CASE(named_streams_depend_on_seed_and_name_alone) {
    auto draw = [](Stream& stream) { return stream.uniform<float>({64}).storage(); };
    Generator first(3), second(3);
    first.stream("other").uniform<float>({1000});
    first.general().uniform<float>({1000});
    BOOST_TEST((draw(first.stream("augmentation")) == draw(second.stream("augmentation"))));
    BOOST_TEST(!(draw(second.stream("noise")) == draw(second.stream("augmentation"))));
    BOOST_TEST(&second.stream("dropout") == &second.dropout());
    BOOST_TEST((Generator(3).stream("x").uniform<float>({3}).storage() !=
                Generator(4).stream("x").uniform<float>({3}).storage()));
    for (const char* name : {"", "a.b", "a/b"}) BOOST_CHECK_THROW(first.stream(name), std::invalid_argument);
    // Pinned: what is saved under a name must mean the same for ever.
    BOOST_TEST(Generator(3).stream("augmentation").state().get<std::int64_t>("number") == -7118318690128264283);
}

BOOST_AUTO_TEST_CASE(named_streams_are_part_of_the_state_and_references_to_them_stay) {
    Generator whole(5);
    whole.stream("augmentation").uniform<float>({100});
    State state = whole.state();
    auto next = whole.stream("augmentation").uniform<float>({100});
    Generator fresh(1);
    fresh.load_state(state);
    BOOST_TEST((fresh.stream("augmentation").uniform<float>({100}).storage() == next.storage()));

    Generator used(1);
    Stream& augmentation = used.stream("augmentation");
    Stream& noise = used.stream("noise");
    augmentation.uniform<float>({7});
    used.load_state(state);
    BOOST_TEST((augmentation.uniform<float>({100}).storage() == next.storage()));
    BOOST_TEST((noise.uniform<float>({9}).storage() == Generator(5).stream("noise").uniform<float>({9}).storage()));
}

// The state of a generator by xtape 0.1, before streams had names.
BOOST_AUTO_TEST_CASE(older_states_of_four_streams_are_loaded_and_written_as_ever) {
    State old;
    std::int64_t number = 0;
    for (std::string name : {"general", "initialisation", "dropout", "shuffling"}) {
        old.add(name + ".key", std::int64_t{42});
        old.add(name + ".number", number++);
        old.add(name + ".counter", std::int64_t{0});
    }
    Generator generator(1);
    generator.load_state(old);
    BOOST_TEST(
        (generator.dropout().uniform<float>({50}).storage() == Generator(42).dropout().uniform<float>({50}).storage()));
    const State now = Generator(42).state();
    BOOST_TEST(compare_layout(old, now).empty());
    for (const auto& [name, value] : old) BOOST_TEST(identical(value, now.at(name)), name);
    old.add("junk.key", std::int64_t{1});
    BOOST_CHECK_THROW(generator.load_state(old), StateError);
}

BOOST_AUTO_TEST_CASE(splitting_gives_other_streams_each_time_and_the_same_ones_again) {
    Generator generator(8), again(8);
    auto shards = generator.split(3), more = generator.split(2), same = again.split(3);
    auto draw = [](Generator& from) { return from.dropout().uniform<float>({64}).storage(); };
    Generator root(8);
    std::vector<decltype(draw(root))> all{draw(root)};
    for (std::size_t i = 0; i < 3; ++i) all.push_back(draw(shards[i]));
    for (auto& shard : more) all.push_back(draw(shard));
    for (std::size_t i = 0; i < all.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) BOOST_TEST(!(all[i] == all[j]));
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST((draw(same[i]) == all[1 + i]));
    BOOST_TEST(Stream(8).split(0).empty());
    auto streams = Stream(8).split(2);
    BOOST_TEST(!(streams[0].uniform<float>({64}).storage() == streams[1].uniform<float>({64}).storage()));
}

BOOST_AUTO_TEST_CASE(a_guard_sets_the_generator_of_its_thread_for_its_scope) {
    Generator mine(77), inner(78);
    Generator* process = &default_generator();
    {
        GeneratorGuard guard(mine);
        BOOST_TEST(&default_generator() == &mine);
        std::thread([&] { BOOST_TEST(&default_generator() == process); }).join();
        GeneratorGuard nested(inner);
        BOOST_TEST(&default_generator() == &inner);
    }
    BOOST_TEST(&default_generator() == process);
    static_assert(!std::is_constructible_v<GeneratorGuard, Generator>);
}

BOOST_AUTO_TEST_SUITE_END()
