// Each rank names files of its own: only those of the first are to be there.
#include <xtape/nn/linear.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/distributed/data_parallel.hpp>
#include <xtape/train/loop/checkpointing.hpp>
#include <xtape/train/loop/logs.hpp>
#include <xtape/train/loop/tensorboard.hpp>
#include <xtape/train/loop/trainer.hpp>
#include <xtape/train/report/report.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>

#include "ranks.hpp"

using namespace ranks;

BOOST_AUTO_TEST_SUITE(writing)

BOOST_AUTO_TEST_CASE(only_the_first_rank_writes_checkpoints_logs_and_reports) {
    const auto folder = std::filesystem::temp_directory_path() /
                        ("xtape_writing_" + std::to_string(here().size()) + "_" + std::to_string(here().rank()));
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    seed(3);
    DataLoader<double> batches(moons<double>({.count = 40, .seed = 1}), {.batch_size = 16, .shuffle = true});
    DataLoader<double> validation(moons<double>({.count = 20, .seed = 2}), {.batch_size = 16});
    nn::Linear<double> model(2, 2);
    optim::SGD<double> optimizer(model.parameters(), {.lr = 0.1});
    DataParallel<double> parallel(here());
    Trainer<double> trainer(model, optimizer, classification<double>(),
                            {.epochs = 2, .progress = Progress::none, .team = &parallel});
    trainer.add<Checkpointing>({.path = folder / "checkpoint.h5"});
    trainer.add<JsonlLog>({.path = folder / "log.jsonl"});
    trainer.add<CsvLog>({.path = folder / "log.csv"});
    trainer.add<TensorBoard>({.folder = folder / "events"});
    const auto& report = trainer.add<Report>({.path = folder / "report.html"});
    trainer.fit(batches, validation);
    if (here().is_root()) {
        for (const char* name : {"checkpoint.h5", "log.jsonl", "log.csv", "events", "report.html"})
            BOOST_TEST(std::filesystem::exists(folder / name), name);
        BOOST_TEST(report.record().answers.examples() == 20u);    // the whole batches', not this rank's part
    } else {
        BOOST_TEST(std::filesystem::is_empty(folder));
    }
    std::filesystem::remove_all(folder);
}

BOOST_AUTO_TEST_SUITE_END()
