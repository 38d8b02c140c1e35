// Worker commands, which are programs in any language, and cross-validation in them.
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/search/cross_validation.hpp>
#include <xtape/train/search/search.hpp>
#include <xtape/train/search/worker.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <cmath>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(workers)

namespace {

Space space() {
    Space result;
    result.uniform("x", -1, 1).choice("kind", {"a", "b"}).integer("n", 1, 9);
    return result;
}

double value_of(Trial& trial) {
    return trial.number("x") * trial.number("x") + double(trial.integer("n")) + (trial.choice("kind") == "b" ? 0.5 : 0);
}

// A script of the shell, which is there wherever there are processes.
struct Shell : Folder {
    std::vector<std::string> script(const std::string& text) const {
        std::ofstream(path / "worker.sh") << "read trial\n" << text;
        return {"sh", (path / "worker.sh").string()};
    }
};

SearchResult run(const std::vector<std::string>& command, SearchOptions options = {}) {
    options.trials = 6;
    options.seed = 5;
    options.workers = 2;
    options.quiet = true;
    options.command = command;
    return random_search(space(), options);
}

}    // namespace

// This very test program is the worker: see worker_of_the_test.
BOOST_AUTO_TEST_CASE(a_command_gives_what_a_function_gives) {
    const std::string self = fs::absolute(boost::unit_test::framework::master_test_suite().argv[0]);
    ::setenv("XTAPE_TEST_WORKER", "1", 1);
    const SearchResult commanded = run({self, "--run_test=workers/worker_of_the_test"});
    ::unsetenv("XTAPE_TEST_WORKER");
    const SearchResult called = random_search(space(), {.trials = 6, .seed = 5, .quiet = true}, value_of);
    BOOST_TEST(commanded.trials().size() == 6u);
    for (std::size_t i = 0; i < 6; ++i) {
        BOOST_TEST(commanded.trials()[i].outcome().error == "");
        BOOST_TEST(commanded.trials()[i].value() == called.trials()[i].value());
    }
}

BOOST_AUTO_TEST_CASE(worker_of_the_test) {
    if (std::getenv("XTAPE_TEST_WORKER") == nullptr) return;
    std::printf("what a program prints on its way does no harm");
    ::_exit(run_worker(space(), [](Trial& trial) {
        std::printf("{\"value\": 99}\n");
        std::fflush(stdout);
        return value_of(trial);
    }));
}

BOOST_FIXTURE_TEST_CASE(reports_are_answered_and_other_lines_mean_nothing, Shell) {
    const auto command = script(R"(
echo "epoch 1 of 2"
echo '{"step": 1, "value": 3}'
read answer
echo '[1, 2]'
echo '{"other": 1}'
echo "{\"value\": 4, \"stopped\": false}"
[ "$answer" = true ] || echo '{"error": "was not answered"}'
)");
    const SearchResult result = run(command);
    for (const Trial& trial : result.trials()) {
        BOOST_TEST(trial.outcome().error == "");
        BOOST_TEST(trial.value() == 4);
        BOOST_TEST(trial.reports().size() == 1u);
    }
}

BOOST_FIXTURE_TEST_CASE(a_worker_is_given_its_trial_and_its_threads, Shell) {
    const auto command =
        script("echo \"$trial\" >" + (path / "trial-$$").string() + "\necho \"{\\\"value\\\": $OMP_NUM_THREADS}\"\n");
    const SearchResult result = run(command, {.threads = 3});
    std::set<std::string> lines;
    for (const auto& file : fs::directory_iterator(path))
        if (file.path().filename().string().starts_with("trial-")) lines.insert(text(file.path()));
    BOOST_TEST(lines.size() == 6u);
    for (const std::string& line : lines)
        BOOST_TEST((line.starts_with("{\"trial\":") && line.find("\"kind\":\"") != std::string::npos), line);
    for (const Trial& trial : result.trials()) BOOST_TEST(trial.value() == 3);
}

BOOST_FIXTURE_TEST_CASE(a_command_that_fails_is_a_failed_trial, Shell) {
    auto error = [&](const std::vector<std::string>& command, SearchOptions options = {}) {
        const SearchResult result = run(command, options);
        BOOST_TEST(result.trials().size() == 6u);
        for (const Trial& trial : result.trials()) BOOST_TEST((trial.status() == TrialStatus::failed));
        return result.trials()[0].outcome().error;
    };
    BOOST_TEST(error({"/no/such/program"}).find("cannot be run") != std::string::npos);
    BOOST_TEST(error(script("exit 3\n")).find("code 3") != std::string::npos);
    BOOST_TEST(error(script("echo nothing\n")).find("without a value") != std::string::npos);
    BOOST_TEST(error(script("echo '{\"error\": \"no luck\"}'\n")) == "no luck");
    BOOST_TEST(error(script("sleep 100 & wait\n"), {.trial_seconds = 0.2}).find("longer than") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_search_has_a_function_or_a_command) {
    BOOST_CHECK_THROW(random_search(space(), {.quiet = true}), std::invalid_argument);
    BOOST_CHECK_THROW(random_search(space(), {.command = {"true"}, .quiet = true}),
                      std::invalid_argument);    // no workers
    BOOST_CHECK_THROW(random_search(space(), {.workers = 1, .command = {"true"}, .quiet = true}, value_of),
                      std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_value_of_cross_validation_is_the_mean_over_the_folds) {
    const auto data = blobs<double>({.per_class = 10, .seed = 3});
    std::set<std::size_t> sizes;
    auto evaluate = cross_validated<double>(data, {.folds = 4, .stratified = true, .seed = 2},
                                            [&](Trial& trial, const Split<double>& fold) {
                                                sizes.insert(fold.train.size() + fold.validation.size());
                                                return trial.number("x") + double(fold.validation.size());
                                            });
    const SearchResult result =
        random_search(Space().uniform("x", 0, 1), {.trials = 3, .seed = 1, .quiet = true}, evaluate);
    for (const Trial& trial : result.trials()) {
        BOOST_TEST(trial.value() == trial.number("x") + 30.0 / 4, boost::test_tools::tolerance(1e-12));
        BOOST_TEST(trial.reports().size() == 4u);
    }
    BOOST_TEST((sizes == std::set<std::size_t>{30}));
    BOOST_CHECK_THROW(cross_validated<double>(data, {.folds = 1}, [](Trial&, const Split<double>&) { return 0.0; }),
                      std::invalid_argument);
    BOOST_CHECK_THROW(cross_validated<double>(data, {}, {}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_trial_can_be_stopped_between_folds) {
    const auto data = blobs<double>({.per_class = 10, .seed = 3});
    auto evaluate = cross_validated<double>(data, {.folds = 8},
                                            [](Trial& trial, const Split<double>&) { return trial.number("x"); });
    const SearchResult result = random_search(
        Space().uniform("x", 0, 1), {.trials = 20, .seed = 1, .halving = {.factor = 2}, .quiet = true}, evaluate);
    std::size_t stopped = 0;
    for (const Trial& trial : result.trials()) stopped += trial.status() == TrialStatus::stopped;
    BOOST_TEST(stopped > 4u);
    BOOST_TEST((result.best().status() == TrialStatus::complete));
}

BOOST_AUTO_TEST_SUITE_END()
