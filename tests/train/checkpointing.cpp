#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(checkpointing)

namespace {

// Seven epochs of two steps whose validation losses are given.
struct Judged : Scripted {
    Folder folder;
    DataLoader<double> two{Dataset<double>(Array<double>(Shape{2, 1}, 1.0), Array<double>(Shape{2, 1}, 0.0)),
                           {.batch_size = 1}};
    DataLoader<double> validation{batches.data(), {.batch_size = 1}};
    Trainer<double> trainer{model, optimizer, objective, {.epochs = 7, .progress = Progress::none}};

    Judged() { losses = {5, 1, 4, 2, 6, 3, 7}; }
    std::vector<std::string> files() const {
        std::vector<std::string> names;
        for (const auto& file : fs::directory_iterator(folder.path)) names.push_back(file.path().filename());
        std::sort(names.begin(), names.end());
        return names;
    }
};

}    // namespace

BOOST_FIXTURE_TEST_CASE(a_folder_keeps_the_last_and_the_best, Judged) {
    auto& saving =
        trainer.add<Checkpointing>({.folder = folder.path, .keep_last = 2, .keep_best = 2, .every_epoch = true});
    trainer.fit(two, validation);
    // Epochs 2 and 4 were the best, 6 and 7 the last.
    const std::vector<std::string> wanted{"checkpoint-000000004.h5", "checkpoint-000000008.h5",
                                          "checkpoint-000000012.h5", "checkpoint-000000014.h5", "checkpoint-latest.h5"};
    BOOST_TEST(files() == wanted, boost::test_tools::per_element());
    BOOST_TEST(saving.best()->filename() == "checkpoint-000000004.h5");
    BOOST_TEST(saving.path() == folder / "checkpoint-latest.h5");
    BOOST_TEST(trainer.saved() == folder / "checkpoint-000000014.h5");
    Judged other;
    BOOST_TEST(other.trainer.resume(*saving.best()));
    BOOST_TEST(other.trainer.history().last("validation.loss") == 1, boost::test_tools::tolerance(1e-12));
}

BOOST_FIXTURE_TEST_CASE(a_step_that_ends_an_epoch_is_saved_with_the_epoch, Judged) {
    trainer.add<Checkpointing>({.folder = folder.path, .keep_last = 1, .keep_best = 1, .every_steps = 1});
    trainer.fit(two, validation);
    const std::vector<std::string> wanted{"checkpoint-000000004.h5", "checkpoint-000000014.h5", "checkpoint-latest.h5"};
    BOOST_TEST(files() == wanted, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_model_that_was_put_back_is_not_judged_by_the_last_epoch, Judged) {
    losses = {5, 4, 3, 2, 1, 7, 0.5};
    trainer.add<EarlyStopping>({.min_delta = 1, .restore_best = true});    // 0.5 is not enough of a gain on 1
    auto& saving =
        trainer.add<Checkpointing>({.folder = folder.path, .keep_last = 1, .keep_best = 2, .every_epoch = true});
    trainer.fit(two, validation);
    BOOST_TEST(saving.best()->filename() == "checkpoint-000000010.h5");
}

BOOST_FIXTURE_TEST_CASE(time_is_a_reason_to_save, Judged) {
    trainer.add<Checkpointing>({.path = folder / "run.h5", .every_minutes = 1e-9, .at_end = false});
    std::int64_t saved = 0;
    trainer.add<Call>({.after_step = [&](Training&) { saved += fs::remove(folder / "run.h5"); }});
    trainer.fit(two, validation);
    BOOST_TEST(saved == 13);    // what step 14 saves is still there
    BOOST_TEST(fs::exists(folder / "run.h5"));
}

BOOST_FIXTURE_TEST_CASE(options_that_make_no_sense_are_refused, Judged) {
    BOOST_CHECK_THROW(Checkpointing({}), std::invalid_argument);
    BOOST_CHECK_THROW(Checkpointing({.path = "a", .folder = "b"}), std::invalid_argument);
    BOOST_CHECK_THROW(Checkpointing({.path = "a", .every_steps = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(Checkpointing({.path = "a", .every_minutes = -1}), std::invalid_argument);
    BOOST_CHECK_THROW(Checkpointing({.folder = folder.path, .keep_last = 0}), std::invalid_argument);
    trainer.add<Checkpointing>({.folder = folder.path, .monitor = "validation.lost"});
    BOOST_CHECK_THROW(trainer.fit(two, validation), std::invalid_argument);
    BOOST_TEST(trainer.steps() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
