#include <xtape/train/search/search.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

#include "ranks.hpp"

using namespace ranks;

BOOST_AUTO_TEST_SUITE(search_over_ranks)

BOOST_AUTO_TEST_CASE(ranks_with_one_journal_share_its_trials_and_know_all_results) {
    const auto journal = std::filesystem::temp_directory_path() /
                         ("xtape_search_over_" + std::to_string(here().size()) + "_ranks.jsonl");
    if (here().is_root()) std::filesystem::remove(journal);
    here().barrier();
    Space space;
    space.uniform("x", -1, 1);
    Array<double> evaluations(Shape{1}, 0.0);
    const SearchResult result =
        random_search(space, {.trials = 24, .seed = 5, .journal = journal, .quiet = true}, [&](Trial& trial) {
            evaluations(0) += 1;
            const double x = trial.number("x");
            return x * x;
        });
    BOOST_TEST(result.trials().size() == 24u);
    here().sum(evaluations);
    BOOST_TEST(evaluations(0) == 24);
    State best;
    best.add("value", result.best().value());
    for (const State& other : here().all_gather(best))
        BOOST_TEST(other.get<double>("value") == best.get<double>("value"));
    here().barrier();
    if (here().is_root()) std::filesystem::remove(journal);
}

BOOST_AUTO_TEST_SUITE_END()
