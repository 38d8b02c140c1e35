// What a run prints, on terminals of any width and elsewhere.
#include <xtape/train/loop/detail/progress_bar.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "runs.hpp"

using namespace runs;
using train::detail::ProgressBar;

BOOST_AUTO_TEST_SUITE(progress)

namespace {

// A terminal, and what is written to it.
class Terminal {
public:
    explicit Terminal(unsigned short columns) : master_(::posix_openpt(O_RDWR | O_NOCTTY)) {
        BOOST_REQUIRE((master_ >= 0 && ::grantpt(master_) == 0 && ::unlockpt(master_) == 0));
        out_ = std::fopen(::ptsname(master_), "w");
        BOOST_REQUIRE(out_ != nullptr);
        winsize size{};
        size.ws_row = 24;
        size.ws_col = columns;
        BOOST_REQUIRE(::ioctl(master_, TIOCSWINSZ, &size) == 0);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;
    ~Terminal() {
        std::fclose(out_);
        ::close(master_);
    }
    std::FILE* out() const { return out_; }
    // What has been written so far, in pieces that each begin at the left.
    std::vector<std::string> lines() const {
        std::string all;
        char buffer[4096];
        ::fcntl(master_, F_SETFL, O_NONBLOCK);
        for (ssize_t count; (count = ::read(master_, buffer, sizeof buffer)) > 0;)
            all.append(buffer, static_cast<std::size_t>(count));
        std::vector<std::string> result{""};
        for (std::size_t i = 0; i < all.size(); ++i)
            if (all[i] == '\r' || all[i] == '\n')
                result.push_back("");
            else if (all.compare(i, 3, "\033[K") == 0)
                i += 2;
            else
                result.back() += all[i];
        return result;
    }

private:
    int master_;
    std::FILE* out_ = nullptr;
};

const ProgressBar::Moment moment{2, 17, 0.123456, 1e-3, {{"accuracy", 0.9876}}};

std::string drawn(unsigned short columns) {
    const Terminal terminal(columns);
    ProgressBar bar(Progress::automatic, 30, 450, terminal.out());
    bar.count(32);
    bar.draw(moment);
    const auto lines = terminal.lines();
    BOOST_TEST(lines.size() == 2u);
    return lines.back();
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_bar_has_everything_where_there_is_room) {
    const std::string line = drawn(150);
    BOOST_TEST(line.starts_with("["));
    for (const char* part : {"epoch 3/30", "step 17/450", "loss 0.1235", "accuracy 0.9876", "lr 0.001", "/s", " left"})
        BOOST_TEST(line.find(part) != std::string::npos, part << " is not in " << line);
}

BOOST_AUTO_TEST_CASE(no_line_is_longer_than_the_terminal_and_what_matters_most_stays) {
    for (unsigned short columns = 1; columns < 160; ++columns) {
        const std::string line = drawn(columns);
        BOOST_TEST(line.size() < columns);
        if (columns > 10) BOOST_TEST(line.find("epoch 3/30") != std::string::npos);
        if (columns > 26) BOOST_TEST(line.find("loss") != std::string::npos);
        if (columns > 70) BOOST_TEST(line.find("left") != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(it_is_redrawn_at_most_ten_times_a_second) {
    const Terminal terminal(80);
    ProgressBar bar(Progress::automatic, 30, 450, terminal.out());
    int draws = 0;
    const auto begin = std::chrono::steady_clock::now();
    while (draws < 3) {
        bar.count(1);
        if (!bar.is_due()) continue;
        bar.draw(moment);
        ++draws;
    }
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin;
    BOOST_TEST(passed.count() >= 0.3 * 0.999);
    BOOST_TEST(terminal.lines().size() == 4u);
}

BOOST_AUTO_TEST_CASE(elsewhere_there_are_plain_lines_or_nothing_when_asked) {
    Folder folder;
    for (Progress kind : {Progress::automatic, Progress::none}) {
        std::FILE* out = std::fopen((folder / "out").c_str(), "w");
        {
            ProgressBar bar(kind, 3, 10, out);
            bar.count(1);
            BOOST_TEST(!bar.is_due());
            bar.epoch(1, {{"train.loss", 0.25}});
            bar.end("Done.\n");
        }
        std::fclose(out);
        BOOST_TEST(text(folder / "out") == (kind == Progress::none ? "" : "epoch 1/3:  train.loss 0.25\nDone.\n"));
    }
}

BOOST_AUTO_TEST_CASE(a_finished_run_says_in_four_lines_what_it_did) {
    Folder folder;
    std::fflush(stdout);
    const int before = ::dup(1), file = ::open((folder / "out").c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(file, 1);
    {
        Scripted run;
        run.losses = {3, 1, 2};
        Trainer<double> trainer(run.model, run.optimizer, run.objective, {.epochs = 3, .progress = Progress::lines});
        trainer.add<Checkpointing>({.path = folder / "run.h5"});
        trainer.add<CsvLog>({.path = folder / "log.csv"});
        DataLoader<double> validation(run.batches.data(), {.batch_size = 1});
        trainer.fit(run.batches, validation);
    }
    std::fflush(stdout);
    ::dup2(before, 1);
    ::close(before);
    ::close(file);
    const std::string printed = text(folder / "out");
    const std::string last = printed.substr(printed.find("Best"));
    BOOST_TEST(last.starts_with("Best validation.loss: 1, in epoch 2 of 3.\nTime: 0:0"));
    BOOST_TEST(last.find(", to step 3.\n") != std::string::npos);
    BOOST_TEST(last.find(" examples per second.\nCheckpoint: " + (folder / "run.h5").string() +
                         "; logs: " + (folder / "log.csv").string() + "\n") != std::string::npos);
    BOOST_TEST(std::count(last.begin(), last.end(), '\n') == 4);
}

BOOST_AUTO_TEST_SUITE_END()
