// Runs that are killed at random moments, and resumed in another process. XTAPE_KILLS says how many: scripts/kills.sh.
#include <xtape/train/data/augment.hpp>
#include <xtape/train/data/digits.hpp>
#include <xtape/train/loop/tensorboard.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include "runs.hpp"

using namespace runs;

BOOST_AUTO_TEST_SUITE(killed)

namespace {

struct DigitNet : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 784, 12};
    nn::BatchNorm<float> norm{this, "norm", 12};
    nn::Dropout<float> dropout{this, "dropout", 0.1};
    nn::Linear<float> fc2{this, "fc2", 12, 10};
    Variable<float> forward(const Variable<float>& x) override { return fc2(dropout(relu(norm(fc1(x))))); }
};

// Prefetch, augmentation, averages, and every callback; it begins, or goes on where the folder's last checkpoint was.
void train_in(const fs::path& folder) {
    const fs::path checkpoints = folder / "checkpoints";
    seed(3);
    const auto parts = split(digits<float>({.count = 120, .seed = 5}), {.validation = 0.2, .seed = 6});
    const auto change = augment<float>({.image = {28, 28}, .shift = 2, .rotation = 10, .noise = 0.02, .cutout = 5});
    DataLoader<float> batches(parts.train, {.batch_size = 16, .shuffle = true, .prefetch = true}, change);
    DataLoader<float> validation(parts.validation, {.batch_size = 10, .shuffle = true, .prefetch = true}, change);
    DigitNet net;
    optim::AdamW<float> optimizer(net.parameters(), {.lr = 1e-2});
    Trainer<float> trainer(net, optimizer,
                           classification<float>({top_k<float>(2), precision_recall<float>(), auc<float>()}),
                           {.epochs = 6,
                            .schedule = optim::cosine({.steps = 18}),
                            .plateau = optim::PlateauOptions{.patience = 1},
                            .penalty = [&] { return 1e-3F * nn::l2_penalty(net.named_parameters()); },
                            .clip_norm = 1.0,
                            .accumulate = 2,
                            .ema = optim::EMAOptions{.decay = 0.9},
                            .evaluate_every_steps = 4,
                            .progress = Progress::none});
    trainer.add<EarlyStopping>({.patience = 3, .restore_best = true});
    auto& saving = trainer.add<Checkpointing>({.folder = checkpoints, .keep_last = 2, .every_steps = 1});
    trainer.add<CsvLog>({.path = folder / "log.csv"});
    trainer.add<JsonlLog>({.path = folder / "log.jsonl"});
    trainer.add<TensorBoard>({.folder = folder / "events", .every_steps = 1});
    trainer.resume(saving.path());
    trainer.fit(batches, validation);
    io::save(folder / "result.h5", {{"model", net},
                                    {"optimizer", optimizer},
                                    {"trainer", trainer},
                                    {"loader", batches},
                                    {"random", default_generator()}});
}

// Runs something in a process of its own, which is killed after some microseconds if they are not negative. Whether it
// came to its end.
bool in_a_process(const std::function<void()>& work, long microseconds = -1) {
    const pid_t child = ::fork();
    if (child == 0) {
        try {
            work();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "in the child: %s\n", error.what());
            ::_exit(1);
        }
        ::_exit(0);
    }
    if (microseconds >= 0) {
        ::usleep(static_cast<useconds_t>(microseconds));
        ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_run_that_is_killed_at_any_moment_ends_in_the_same_bytes) {
    const char* asked = std::getenv("XTAPE_KILLS");
    const int kills = asked != nullptr ? std::atoi(asked) : 8;
    Folder folder;
    const fs::path whole = folder / "whole", killed = folder / "killed";
    fs::create_directories(whole);
    const auto begin = std::chrono::steady_clock::now();
    BOOST_REQUIRE(in_a_process([&] { train_in(whole); }));
    const std::chrono::duration<double, std::micro> duration = std::chrono::steady_clock::now() - begin;
    const State wanted = io::read_state(whole / "result.h5");
    BOOST_TEST(wanted.get<std::int64_t>("trainer.steps") >= 12);

    Stream random(asked != nullptr ? static_cast<std::uint64_t>(begin.time_since_epoch().count()) : 1, 0);
    int before_the_end = 0;
    for (int i = 0; i < kills; ++i) {
        fs::remove_all(killed);
        fs::create_directories(killed);
        const auto moment = static_cast<long>(random.uniform<double>({1}, 0, duration.count())(0));
        BOOST_TEST_CONTEXT("killed after " << moment << " us") {
            before_the_end += !in_a_process([&] { train_in(killed); }, moment);
            BOOST_REQUIRE(in_a_process([&] { train_in(killed); }));
            const State got = io::read_state(killed / "result.h5");
            BOOST_TEST(got.size() == wanted.size());
            for (const auto& [name, value] : wanted) BOOST_TEST(identical(value, got.at(name)), name);
            for (const char* log : {"log.csv", "log.jsonl"}) BOOST_TEST(text(killed / log) == text(whole / log));
        }
    }
    BOOST_TEST(before_the_end > kills / 2);
    if (asked != nullptr)
        std::printf("%d kills, %d of them before the end of a run of %.0f ms\n", kills, before_the_end,
                    duration.count() / 1000);
}

BOOST_AUTO_TEST_SUITE_END()
