// Checkpoints in rotation: what is kept, and what the link points to.
#include <xtape/io/rotation.hpp>

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <limits>
#include <set>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;
using files::Thing;

namespace {

struct Fixture {
    files::Folder folder;
    Thing thing;
    io::SaveOptions quick{.durable = false};

    std::set<std::int64_t> steps(const io::Rotation& rotation) const {
        std::set<std::int64_t> result;
        for (const auto& kept : rotation.checkpoints()) {
            BOOST_TEST(std::filesystem::exists(kept.path));
            result.insert(kept.step);
        }
        auto files = std::distance(std::filesystem::directory_iterator(folder.path()), {});
        BOOST_TEST(static_cast<std::size_t>(files) == result.size() + (result.empty() ? 0 : 1));    // and the link
        return result;
    }
    std::int64_t latest_count(const io::Rotation& rotation) const {
        Thing loaded;
        io::load(rotation.latest(), {{"model", loaded}});
        return loaded.count;
    }
};

using Steps = std::set<std::int64_t>;

}    // namespace

BOOST_FIXTURE_TEST_SUITE(rotation, Fixture)

BOOST_AUTO_TEST_CASE(the_last_and_the_best_are_kept_and_latest_always_loads) {
    io::Rotation rotation(folder.path(), {.keep_last = 2, .keep_best = 1, .save = quick});
    const double losses[] = {5, 1, 4, 3, 2};
    for (int step = 0; step < 5; ++step) {
        thing.count = step;
        rotation.save({{"model", thing}}, step, losses[step]);
        BOOST_TEST(latest_count(rotation) == step);
    }
    BOOST_TEST((steps(rotation) == Steps{1, 3, 4}));
    BOOST_TEST(rotation.best()->filename() == "checkpoint-000000001.h5");
}

BOOST_AUTO_TEST_CASE(nan_and_no_metric_are_never_best) {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (bool larger : {false, true}) {
        files::Folder fresh;
        io::Rotation rotation(fresh.path(),
                              {.keep_last = 1, .keep_best = 1, .larger_is_better = larger, .save = quick});
        rotation.save({{"model", thing}}, 0, nan);
        BOOST_TEST(!rotation.best().has_value());
        rotation.save({{"model", thing}}, 1, 0.5);
        rotation.save({{"model", thing}}, 2, nan);
        rotation.save({{"model", thing}}, 3);
        BOOST_TEST(rotation.checkpoints().size() == 2U);
        BOOST_TEST(rotation.best()->filename() == "checkpoint-000000001.h5");
    }
}

BOOST_AUTO_TEST_CASE(larger_can_be_better) {
    io::Rotation rotation(folder.path(), {.keep_last = 1, .keep_best = 2, .larger_is_better = true, .save = quick});
    const double accuracies[] = {0.5, 0.9, -std::numeric_limits<double>::infinity(), 0.7, 0.1};
    for (int step = 0; step < 5; ++step) rotation.save({{"model", thing}}, step, accuracies[step]);
    BOOST_TEST((steps(rotation) == Steps{1, 3, 4}));
}

BOOST_AUTO_TEST_CASE(a_resumed_run_goes_on_with_the_files_that_are_there) {
    const io::RotationOptions options{.keep_last = 1, .keep_best = 1, .save = quick};
    {
        io::Rotation rotation(folder.path(), options);
        rotation.save({{"model", thing}}, 1, 0.1);
        rotation.save({{"model", thing}}, 2, 0.3);
    }
    io::Rotation rotation(folder.path(), options);
    BOOST_TEST((steps(rotation) == Steps{1, 2}));
    rotation.save({{"model", thing}}, 3, 0.2);
    BOOST_TEST((steps(rotation) == Steps{1, 3}));
    BOOST_TEST(*rotation.checkpoints()[0].metric == 0.1);
}

BOOST_AUTO_TEST_CASE(going_back_to_an_earlier_step_moves_latest_there) {
    io::Rotation rotation(folder.path(), {.keep_last = 2, .keep_best = 0, .save = quick});
    for (int step : {1, 2, 3}) rotation.save({{"model", thing}}, step);
    thing.count = 77;
    rotation.save({{"model", thing}}, 2);
    BOOST_TEST(latest_count(rotation) == 77);
    BOOST_TEST((steps(rotation) == Steps{2, 3}));
}

BOOST_AUTO_TEST_CASE(other_files_are_left_alone) {
    for (const char* name : {"checkpoint-notes.h5", "checkpoint-12.txt", "other-000000001.h5"})
        std::ofstream(folder.path() / name) << "mine";
    io::Rotation rotation(folder.path(), {.keep_last = 1, .keep_best = 0, .save = quick});
    for (int step : {1, 2}) rotation.save({{"model", thing}}, step);
    BOOST_TEST(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 5);
}

BOOST_AUTO_TEST_CASE(options_that_keep_nothing_and_bad_folders_are_refused) {
    BOOST_CHECK_THROW(io::Rotation(folder.path(), {.keep_last = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(io::Rotation(folder.path(), {.name = "a/b"}), std::invalid_argument);
    BOOST_CHECK_THROW(io::Rotation(folder.write("file", {1})), io::Error);
}

BOOST_AUTO_TEST_SUITE_END()
