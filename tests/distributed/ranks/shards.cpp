#include <xtape/train/data/loader.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/distributed/detail/shard_tree.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <vector>

#include "ranks.hpp"

using namespace ranks;
using train::detail::Node;

namespace {

void add_noise(Array<float>& x, Stream& stream) {
    const Array<float> noise = stream.normal<float>(x.shape());
    for (std::size_t i = 0; i < x.size(); ++i) x.storage()[i] += noise.storage()[i];
}

DataLoader<float> loader(bool prefetch) {
    return DataLoader<float>(moons<float>({.count = 23}),
                             {.batch_size = 10, .shuffle = true, .prefetch = prefetch, .seed = 7}, add_noise);
}

}    // namespace

BOOST_AUTO_TEST_SUITE(shards)

BOOST_AUTO_TEST_CASE(a_shard_is_the_same_whoever_is_given_it) {
    DataLoader<float> whole = loader(false), part = loader(true);
    while (const Parts<float>* all = whole.next({4, 0, 4})) {
        const std::vector<Batch<float>> expected = all->shards;
        const Parts<float>* some = part.next({4, 1, 3});
        BOOST_TEST(some->examples == all->examples);
        BOOST_TEST(some->shards.size() == 2u);
        for (std::size_t i = 0; i < 2; ++i) {
            BOOST_TEST(identical(share(some->shards[i].inputs.value()), share(expected[i + 1].inputs.value())));
            BOOST_TEST(identical(share(some->shards[i].labels), share(expected[i + 1].labels)));
        }
    }
}

BOOST_AUTO_TEST_CASE(shards_follow_each_other_and_some_are_empty_in_a_small_batch) {
    const Cut cut{4, 0, 4};
    BOOST_TEST(cut.size(0, 10) == 3u);
    BOOST_TEST(cut.size(1, 10) == 3u);
    BOOST_TEST(cut.size(3, 10) == 2u);
    BOOST_TEST(cut.begin(2, 10) == 6u);
    BOOST_TEST(cut.size(2, 3) == 1u);
    BOOST_TEST(cut.size(3, 3) == 0u);
    BOOST_TEST(cut.begin(4, 3) == 3u);
}

BOOST_AUTO_TEST_CASE(a_cut_that_is_none_is_refused) {
    DataLoader<float> batches = loader(false);
    for (const Cut& cut : {Cut{0, 0, 0}, Cut{2, 1, 3}, Cut{4, 3, 2}})
        BOOST_CHECK_THROW(batches.next(cut), std::invalid_argument);
    BOOST_TEST(batches.batches_given() == 0u);
}

// Numbers whose sum depends on the order.
BOOST_AUTO_TEST_CASE(the_tree_gives_the_same_sum_however_the_shards_are_shared_out) {
    for (std::size_t count : {1u, 2u, 3u, 5u, 8u, 13u})
        for (std::size_t present = 1; present <= count; ++present) {
            float reference = 0;
            for (std::size_t ranks = 1; ranks <= count + 2; ++ranks) {
                std::vector<Node> leaves;
                std::vector<std::vector<float>> sums;
                for (std::size_t rank = 0; rank < ranks; ++rank)
                    for (Node node : train::detail::nodes_within(train::detail::share_of(rank, ranks, count), count)) {
                        std::vector<float> stack;
                        for (const auto& step : train::detail::steps_of(std::span(&node, 1))) {
                            if (step.is_shard) {
                                const float x = 1.0F / (1.0F + 7.0F * static_cast<float>(step.shard));
                                stack.push_back(step.shard < present ? x : 0);
                                continue;
                            }
                            const float upper = stack.back();
                            stack.pop_back();
                            stack.back() += upper;
                        }
                        BOOST_TEST(stack.size() == 1u);
                        leaves.push_back(node);
                        sums.push_back(stack);
                    }
                std::vector<const float*> places;
                for (std::size_t i = 0; i < leaves.size(); ++i)
                    places.push_back(leaves[i].first < present ? sums[i].data() : nullptr);
                float total = 0;
                train::detail::sum_tree<float>(leaves, places, &total, 1, count);
                if (ranks == 1) reference = total;
                BOOST_TEST(total == reference);
            }
        }
}

BOOST_AUTO_TEST_SUITE_END()
