#include <xtape/io/error.hpp>
#include <xtape/train/search/search.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(journal)

namespace {

struct File {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("xtape_journal_" + std::to_string(::getpid()) + ".jsonl");
    File() { std::filesystem::remove(path); }
    ~File() { std::filesystem::remove(path); }
    std::string text() const {
        std::ostringstream text;
        text << std::ifstream(path).rdbuf();
        return text.str();
    }
    void write(const std::string& text) const { std::ofstream(path) << text; }
};

Space space_of_all() {
    Space space;
    space.log_uniform("lr", 1e-4, 1).integer("n", 1, 9).choice("c", {"a", "b\"\n"});
    space.when("c", "a", Space().uniform("x", 0, 1));
    return space;
}

double value(Trial& trial) { return trial.number("lr") + double(trial.integer("n")); }

}    // namespace

BOOST_AUTO_TEST_CASE(a_search_goes_on_where_it_was_and_keeps_every_bit) {
    File file;
    const SearchOptions options{.trials = 20, .seed = 4, .journal = file.path, .quiet = true};
    auto half = options;
    half.trials = 10;
    random_search(space_of_all(), half, value);
    std::size_t calls = 0;
    auto whole = random_search(space_of_all(), options, [&](Trial& trial) { return ++calls, value(trial); });
    BOOST_TEST(calls == 10u);
    auto fresh = random_search(space_of_all(), {.trials = 20, .seed = 4, .quiet = true}, value);
    for (std::size_t i = 0; i < 20; ++i) {
        BOOST_TEST(whole.trials()[i].value() == fresh.trials()[i].value());
        BOOST_TEST(whole.trials()[i].describe() == fresh.trials()[i].describe());
    }
}

BOOST_AUTO_TEST_CASE(values_that_are_no_numbers_survive) {
    File file;
    const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    const double values[] = {nan, infinity, -infinity, 0.1};
    const SearchOptions options{.trials = 4, .journal = file.path, .quiet = true};
    random_search(space_of_all(), options, [&](Trial& trial) { return values[trial.index()]; });
    auto again = random_search(space_of_all(), options, [](Trial&) -> double { throw std::logic_error("not again"); });
    BOOST_TEST(std::isnan(again.trials()[0].value()));
    BOOST_TEST(again.trials()[1].value() == infinity);
    BOOST_TEST(again.best().value() == -infinity);
    BOOST_TEST(again.trials()[3].value() == 0.1);
}

BOOST_AUTO_TEST_CASE(a_torn_last_line_is_dropped_with_a_note_wherever_it_was_torn) {
    File file;
    const SearchOptions options{.trials = 3, .journal = file.path, .quiet = true};
    auto whole = random_search(space_of_all(), options, value);
    const std::string text = file.text();
    for (std::size_t cut = text.find('\n') + 1; cut < text.size(); ++cut) {
        file.write(text.substr(0, cut));
        auto mended = random_search(space_of_all(), options, value);
        BOOST_TEST(mended.trials().size() == 3u);
        for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(mended.trials()[i].value() == whole.trials()[i].value());
        BOOST_TEST(mended.notes().size() == (text[cut - 1] == '\n' ? 0u : 1u));
    }
}

BOOST_AUTO_TEST_CASE(damage_in_the_middle_is_an_error_that_names_the_line) {
    File file;
    const SearchOptions options{.trials = 3, .journal = file.path, .quiet = true};
    random_search(space_of_all(), options, value);
    const std::string text = file.text();
    for (const char* line : {"nonsense\n", "{\"trial\":0}\n", "{\"trial\":77,\"step\":1,\"value\":2}\n",
                             "{\"trial\":0,\"values\":{\"other\":1}}\n", "[]\n", "\n",
                             "{\"trial\":0,\"status\":\"odd\",\"value\":1,\"seconds\":1}\n"}) {
        file.write(text.substr(0, text.find('\n') + 1) + line + text.substr(text.find('\n') + 1));
        BOOST_CHECK_EXCEPTION(
            random_search(space_of_all(), options, value), xtape::io::Error,
            [](const std::exception& error) { return std::string(error.what()).find("line 2") != std::string::npos; });
    }
    BOOST_CHECK_THROW(random_search(space_of_all(), {.journal = "/nowhere/at/all.jsonl", .quiet = true}, value),
                      xtape::io::Error);
}

BOOST_AUTO_TEST_CASE(the_journal_of_another_search_is_refused_and_left_alone) {
    File file;
    const SearchOptions options{.trials = 3, .journal = file.path, .quiet = true};
    random_search(space_of_all(), options, value);
    const std::string text = file.text();
    auto refused = [&](auto search, const char* part) {
        BOOST_CHECK_EXCEPTION(search(), std::invalid_argument, [&](const std::exception& error) {
            return std::string(error.what()).find(part) != std::string::npos;
        });
        BOOST_TEST(file.text() == text);
    };
    auto seed = options;
    seed.seed = 1;
    auto other = options;
    other.maximize = true;
    refused([&] { random_search(space_of_all(), seed, value); }, "its seed is 0, this one's is 1");
    refused([&] { random_search(space_of_all(), other, value); }, "maximize");
    refused([&] { tpe_search(space_of_all(), options, value); }, "sampler");
    refused([&] { random_search(space_of_all().uniform("more", 0, 1), options, value); }, "space");
}

BOOST_AUTO_TEST_CASE(an_exception_reaches_the_caller_and_the_trial_is_run_again) {
    File file;
    const SearchOptions options{.trials = 6, .journal = file.path, .quiet = true};
    BOOST_CHECK_THROW(random_search(space_of_all(), options,
                                    [](Trial& trial) {
                                        if (trial.index() == 2) throw std::runtime_error("power cut");
                                        return value(trial);
                                    }),
                      std::runtime_error);
    std::multiset<std::size_t> run;
    random_search(space_of_all(), options, [&](Trial& trial) { return run.insert(trial.index()), value(trial); });
    BOOST_TEST((run == std::multiset<std::size_t>{2, 3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(several_processes_share_a_journal_and_one_that_is_killed_loses_nothing) {
    File file;
    const SearchOptions options{.trials = 24, .seed = 8, .journal = file.path, .quiet = true};
    auto slowly = [](Trial& trial) {
        std::this_thread::sleep_for(std::chrono::milliseconds(15));
        return value(trial);
    };
    pid_t children[3];
    for (pid_t& child : children)
        if ((child = ::fork()) == 0) {
            random_search(space_of_all(), options, slowly);
            ::_exit(0);
        }
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    ::kill(children[0], SIGKILL);
    auto result = random_search(space_of_all(), options, slowly);
    for (pid_t child : children) ::waitpid(child, nullptr, 0);
    BOOST_TEST(result.trials().size() == 24u);
    auto fresh = random_search(space_of_all(), {.trials = 24, .seed = 8, .quiet = true}, value);
    for (std::size_t i = 0; i < 24; ++i) BOOST_TEST(result.trials()[i].value() == fresh.trials()[i].value());
    // Each trial ended once: none was run by two processes to its end.
    const std::string text = file.text();
    std::size_t ended = 0;
    for (std::size_t at = 0; (at = text.find("\"status\":\"complete\"", at)) != std::string::npos; ++at) ++ended;
    BOOST_TEST(ended == 24u);
}

BOOST_AUTO_TEST_CASE(reports_of_an_interrupted_run_do_not_count_twice) {
    File file;
    const SearchOptions options{.trials = 3, .journal = file.path, .halving = {.factor = 2}, .quiet = true};
    bool cut = true;
    auto evaluate = [&](Trial& trial) {
        for (int step = 1; step <= 4; ++step) {
            if (!trial.report(step, value(trial))) break;
            if (cut && trial.index() == 1) throw std::runtime_error("power cut");
        }
        return value(trial);
    };
    BOOST_CHECK_THROW(random_search(space_of_all(), options, evaluate), std::runtime_error);
    cut = false;
    auto result = random_search(space_of_all(), options, evaluate);
    BOOST_TEST(result.trials()[1].reports().front().step == 1);
    BOOST_TEST(result.trials().size() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
