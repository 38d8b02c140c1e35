#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(resume)

BOOST_AUTO_TEST_CASE(a_run_interrupted_at_any_step_ends_in_the_same_bits) {
    Folder folder;
    seed(3);
    Run whole(folder / "whole.h5", 0, folder / "whole.jsonl");
    whole.fit();
    BOOST_TEST(whole.trainer.history().epochs() >= 4u);
    const std::int64_t steps = whole.trainer.steps();
    for (std::int64_t stop = 1; stop < steps; stop += 5) {
        const fs::path path = folder / "part.h5", log = folder / "part.jsonl";
        fs::remove(log);
        seed(3);
        {
            Run part(path, stop, log);
            part.fit();
            BOOST_TEST(part.trainer.steps() == stop);
            BOOST_TEST(part.trainer.interrupted());
        }
        seed(777);
        Run resumed(path, 0, log);
        BOOST_TEST(resumed.trainer.resume(path));
        BOOST_TEST(resumed.trainer.steps() == stop);
        resumed.fit();
        check_same(whole, resumed);
        BOOST_TEST(text(log) == text(folder / "whole.jsonl"));
    }
}

BOOST_AUTO_TEST_CASE(a_run_can_go_on_in_the_same_process) {
    Folder folder;
    seed(3);
    Run whole(folder / "whole.h5");
    whole.fit();
    seed(3);
    Run parts(folder / "part.h5", 7);
    parts.fit();
    BOOST_TEST(parts.trainer.steps() == 7);
    seed(3);
    Run other(folder / "other.h5");
    BOOST_TEST(other.trainer.resume(folder / "part.h5"));
    other.fit();
    check_same(whole, other);
}

BOOST_AUTO_TEST_CASE(a_signal_ends_the_program_as_it_would_when_the_step_has_been_saved) {
    Folder folder;
    const fs::path path = folder / "signal.h5";
    const pid_t child = ::fork();
    if (child == 0) {
        seed(3);
        Run run(path);
        run.trainer.template add<Call>({.after_step = [](Training& training) {
            if (training.steps() == 9) std::raise(SIGINT);
        }});
        run.fit();
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_TEST((WIFSIGNALED(status) && WTERMSIG(status) == SIGINT));
    seed(1);
    Run resumed(path);
    BOOST_TEST(resumed.trainer.resume(path));
    BOOST_TEST(resumed.trainer.steps() == 9);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_does_not_fit_changes_nothing) {
    Folder folder;
    seed(3);
    Run run(folder / "run.h5", 5);
    run.fit();
    Scripted other;
    Trainer<double> trainer(other.model, other.optimizer, other.objective, {.progress = Progress::none});
    const State before = trainer.state();
    BOOST_CHECK_THROW(trainer.resume(folder / "run.h5"), Error);
    for (const auto& [name, value] : before) BOOST_TEST(identical(value, trainer.state().at(name)));
    BOOST_TEST(!trainer.resume(folder / "missing.h5"));
}

BOOST_AUTO_TEST_SUITE_END()
