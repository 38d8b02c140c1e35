#include <xtape/train/data/augment.hpp>
#include <xtape/train/data/loader.hpp>
#include <xtape/train/data/synthetic.hpp>

#include <boost/test/unit_test.hpp>
#include <xtensor/xbuilder.hpp>

#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(loader)

namespace {

Dataset<float> numbered(std::size_t count) {
    Array<float> inputs = empty_array<float>({count, 1});
    Indices labels = empty_array<std::int64_t>({count});
    for (std::size_t i = 0; i < count; ++i) inputs(i, 0) = static_cast<float>(i), labels(i) = i % 4 == 0;
    return Dataset<float>(std::move(inputs), std::move(labels));
}

using Seen = std::vector<float>;

void take(const Batch<float>& batch, Seen& seen) {
    seen.insert(seen.end(), batch.inputs.value().storage().cbegin(), batch.inputs.value().storage().cend());
}

Seen epoch(DataLoader<float>& batches) {
    Seen seen;
    for (const auto& batch : batches) take(batch, seen);
    return seen;
}

void add_noise(Array<float>& inputs, Stream& stream) {
    const Array<float> noise = stream.uniform<float>(inputs.shape(), 0, 0.5);
    for (std::size_t i = 0; i < inputs.size(); ++i) inputs.storage()[i] += noise.storage()[i];
}

}    // namespace

BOOST_AUTO_TEST_CASE(every_example_comes_once_an_epoch_in_an_order_of_its_own) {
    DataLoader<float> batches(numbered(10), {.batch_size = 4, .shuffle = true, .seed = 1});
    BOOST_TEST(batches.size() == 3u);
    const Seen first = epoch(batches), second = epoch(batches);
    BOOST_TEST(std::set<float>(first.begin(), first.end()).size() == 10u);
    BOOST_TEST(first.size() == 10u);
    BOOST_TEST(first != second);
    DataLoader<float> again(numbered(10), {.batch_size = 4, .shuffle = true, .seed = 1});
    BOOST_TEST(epoch(again) == first);
    DataLoader<float> plain(numbered(10), {.batch_size = 4, .drop_last = true});
    BOOST_TEST(epoch(plain) == (Seen{0, 1, 2, 3, 4, 5, 6, 7}));
}

BOOST_AUTO_TEST_CASE(a_loader_goes_on_from_a_state_at_every_place_with_and_without_prefetching) {
    const LoaderOptions plain{.batch_size = 3, .shuffle = true, .seed = 7};
    LoaderOptions ahead = plain;
    ahead.prefetch = true;
    Seen whole;
    DataLoader<float> reference(numbered(10), plain, add_noise);
    for (int e = 0; e < 3; ++e)
        for (const auto& batch : reference) take(batch, whole);
    for (std::size_t stop = 0; stop <= 12; ++stop)
        for (bool first_ahead : {false, true})
            for (bool second_ahead : {false, true}) {
                DataLoader<float> first(numbered(10), first_ahead ? ahead : plain, add_noise);
                Seen seen;
                for (std::size_t i = 0; i < stop;)
                    if (const auto* batch = first.next()) take(*batch, seen), ++i;
                LoaderOptions other_seed = second_ahead ? ahead : plain;
                other_seed.seed = 99;    // everything comes from the state
                DataLoader<float> second(numbered(10), other_seed, add_noise);
                second.next();
                second.load_state(first.state());
                while (second.epoch() < 3)
                    if (const auto* batch = second.next()) take(*batch, seen);
                BOOST_TEST(seen == whole);
            }
}

BOOST_AUTO_TEST_CASE(a_loop_goes_on_after_a_state_was_loaded_and_begins_anew_after_a_break) {
    DataLoader<float> batches(numbered(6), {.batch_size = 2});
    for (const auto& batch : batches) {
        static_cast<void>(batch);
        break;
    }
    BOOST_TEST(epoch(batches) == (Seen{0, 1, 2, 3, 4, 5}));
    batches.next();
    DataLoader<float> other(numbered(6), {.batch_size = 2});
    other.load_state(batches.state());
    BOOST_TEST(epoch(other) == (Seen{2, 3, 4, 5}));
    BOOST_TEST(epoch(other) == (Seen{0, 1, 2, 3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(the_state_of_another_loader_is_refused_and_nothing_changes) {
    DataLoader<float> batches(numbered(6), {.batch_size = 2});
    DataLoader<float> others[] = {DataLoader<float>(numbered(7), {.batch_size = 2})};
    batches.next();
    BOOST_CHECK_THROW(batches.load_state(others[0].state()), StateError);
    BOOST_CHECK_THROW(batches.load_state(DataLoader<float>(numbered(6), {.batch_size = 3}).state()), StateError);
    BOOST_CHECK_THROW(batches.load_state(DataLoader<float>(numbered(6), {.batch_size = 2, .shuffle = true}).state()),
                      StateError);
    BOOST_CHECK_THROW(batches.load_state(State()), StateError);
    BOOST_TEST(batches.batches_given() == 1u);
}

BOOST_AUTO_TEST_CASE(classes_are_drawn_by_their_weights) {
    DataLoader<float> batches(numbered(400), {.batch_size = 400, .class_weights = {1, 3}, .seed = 2});
    double ones = 0;
    for (int e = 0; e < 20; ++e)
        for (const auto& batch : batches)
            for (std::int64_t label : batch.labels.storage()) ones += static_cast<double>(label);
    BOOST_TEST(std::abs(ones / 8000 - 0.5) < 0.02);    // a quarter of the examples, three times as likely
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
    BOOST_CHECK_THROW(DataLoader<float>(numbered(3), {.batch_size = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(DataLoader<float>(numbered(3), {.batch_size = 4, .drop_last = true}), std::invalid_argument);
    BOOST_CHECK_THROW(DataLoader<float>(Dataset<float>()), std::invalid_argument);
    BOOST_CHECK_THROW(DataLoader<float>(numbered(8), {.class_weights = {1, 2, 3}}), std::invalid_argument);
    BOOST_CHECK_THROW(DataLoader<float>(numbered(8), {.class_weights = {1, -1}}), std::invalid_argument);
    BOOST_CHECK_THROW(DataLoader<float>(numbered(8), {.class_weights = {0, 0}}), std::invalid_argument);
    BOOST_CHECK_THROW(augment<float>({.noise = -1}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(an_exception_of_a_prefetched_batch_reaches_the_caller) {
    DataLoader<float> batches(numbered(6), {.batch_size = 2, .prefetch = true}, [](Array<float>& inputs, Stream&) {
        if (inputs(0, 0) == 2) throw std::runtime_error("spoilt");
    });
    BOOST_CHECK_NO_THROW(batches.next());
    BOOST_CHECK_THROW(batches.next(), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_data_are_not_changed_by_a_transform) {
    auto data = numbered(4);
    DataLoader<float> batches(data, {.batch_size = 4, .seed = 1}, add_noise);
    epoch(batches);
    BOOST_TEST((data.inputs() == share(Array<float>{0.0F, 1.0F, 2.0F, 3.0F}, Shape{4, 1})));
}

BOOST_AUTO_TEST_CASE(augmented_images_are_moved_and_turned_as_asked) {
    Array<float> image = xt::zeros<float>({1, 5, 5});
    image(0, 2, 1) = 1;
    auto changed = [&](const AugmentOptions& options, std::uint64_t seed) {
        Array<float> copy = image;
        Stream stream(seed, 0);
        augment<float>(options)(copy, stream);
        return copy;
    };
    std::set<std::pair<std::size_t, std::size_t>> places;
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const Array<float> moved = changed({.shift = 1}, seed);
        for (std::size_t y = 0; y < 5; ++y)
            for (std::size_t x = 0; x < 5; ++x)
                if (moved(0, y, x) == 1) places.insert({y, x});
    }
    BOOST_TEST((places == std::set<std::pair<std::size_t, std::size_t>>{
                              {1, 0}, {1, 1}, {1, 2}, {2, 0}, {2, 1}, {2, 2}, {3, 0}, {3, 1}, {3, 2}}));
    double flipped = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
        flipped += double(changed({.flip_horizontal = true}, seed)(0, 2, 3));
    BOOST_TEST(std::abs(flipped - 100) < 30);
    // A turn about the middle keeps the middle, and ink that stays inside.
    image(0, 2, 2) = 1;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const Array<float> turned = changed({.rotation = 45}, seed);
        BOOST_TEST(turned(0, 2, 2) == 1, boost::test_tools::tolerance(1e-5F));
        BOOST_TEST(std::abs(xt::sum(turned)() - 2) < 0.35);
    }
    image.fill(1);
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        const double left = double(xt::sum(changed({.cutout = 2}, seed))());
        BOOST_TEST((left >= 21 && left <= 24));
    }
    Array<float> flat = xt::ones<float>({2, 7});
    Stream stream(1, 1);
    BOOST_CHECK_THROW(augment<float>({.shift = 1})(flat, stream), ShapeError);
    BOOST_CHECK_THROW(augment<float>({.image = Shape{2, 3}})(flat, stream), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()
