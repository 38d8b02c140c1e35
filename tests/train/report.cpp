#include <xtape/core/error.hpp>
#include <xtape/core/mode.hpp>
#include <xtape/core/random.hpp>
#include <xtape/nn/linear.hpp>
#include <xtape/ops/rectifier.hpp>
#include <xtape/optim/sgd.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/diagnosis/watch.hpp>
#include <xtape/train/loop/logs.hpp>
#include <xtape/train/loop/trainer.hpp>
#include <xtape/train/report/image_tiles.hpp>
#include <xtape/train/report/report.hpp>
#include <xtape/train/report/search_report.hpp>
#include <xtape/train/search/search.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

#include "../io/files.hpp"

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(report)

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string content(const std::filesystem::path& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

// Nothing that a browser would fetch: no address but the name of SVG's elements, which is one.
bool is_self_contained(std::string page) {
    const std::string name = "http://www.w3.org/2000/svg";
    for (std::size_t at = page.find(name); at != std::string::npos; at = page.find(name)) page.erase(at, name.size());
    return !has(page, "http:") && !has(page, "https:") && !has(page, "url(") && !has(page, "@import");
}

struct Net : nn::Module<float> {
    nn::Linear<float> fc1{this, "fc1", 4, 6}, fc2{this, "fc2", 6, 3};
    Variable<float> forward(const Variable<float>& x) override { return fc2(relu(fc1(x))); }
};

Dataset<float> examples() { return blobs<float>({.classes = 3, .per_class = 20, .features = 4, .seed = 1}); }

// A run of `epochs`, with a report; `change` may change its trainer.
struct Run {
    Net net;
    optim::SGD<float> optimizer{net.parameters(), {.lr = 0.05, .momentum = 0.9}};
    Trainer<float> trainer;
    DataLoader<float> batches{examples(), {.batch_size = 20, .shuffle = true}},
        validation{examples(), {.batch_size = 30}};
    const Report* report = nullptr;

    Run(std::size_t epochs, ReportOptions options, std::int64_t max_steps = 0)
        : trainer(net, optimizer, classification<float>(),
                  {.epochs = epochs, .max_steps = max_steps, .progress = Progress::none}) {
        trainer.add<Watch>();
        report = &trainer.add<Report>(std::move(options));
    }
};

}    // namespace

BOOST_AUTO_TEST_CASE(a_run_leaves_one_page_with_everything_in_it) {
    files::Folder folder;
    seed(1);
    Run run(4, {.path = folder.path() / "run.html",
                .title = "Runs & <scripts>",
                .first_layer = "fc1.weight",
                .image = {2, 2},
                .settings = {{"note", "by hand"}},
                .figures = folder.path() / "figures"});
    run.trainer.fit(run.batches, run.validation);
    const std::string page = content(folder.path() / "run.html");
    BOOST_TEST(page.ends_with("</html>\n"));
    BOOST_TEST(is_self_contained(page));
    BOOST_TEST(has(page, "<h1>Runs &amp; &lt;scripts&gt;</h1>"));
    for (const char* part : {"Verdicts", "Learning", "Loss", "Accuracy", "Learning rate", "Size of updates", "1e-3",
                             "Gradient norms", "Confusion matrix", "Calibration", "Before training", "After 12 steps",
                             "Weights: fc1.weight", "Activations of fc1", "momentum 0.9", "by hand", "xtape"})
        BOOST_TEST(has(page, part), part);
    BOOST_TEST(has(content(folder.path() / "figures" / "01-loss.svg"), "<path"));
    std::size_t pictures = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path() / "figures"))
        pictures += entry.path().extension() == ".png";
    BOOST_TEST(pictures > 2);
}

BOOST_AUTO_TEST_CASE(the_page_is_there_after_each_epoch) {
    files::Folder folder;
    const auto path = folder.path() / "run.html";
    seed(1);
    Run run(3, {.path = path});
    std::vector<std::string> pages;
    run.trainer.add<Call>({.after_epoch = [&](Training&) { pages.push_back(content(path)); }});
    run.trainer.fit(run.batches, run.validation);
    BOOST_TEST_REQUIRE(pages.size() == 3);
    for (const std::string& page : pages) BOOST_TEST(page.ends_with("</html>\n"));
    BOOST_TEST(has(pages[0], "under way: epoch 1, step 3 of 9"));
    BOOST_TEST(has(pages[2], "under way: epoch 3"));
    BOOST_TEST(has(content(path), "complete"));
}

BOOST_AUTO_TEST_CASE(a_reader_never_sees_half_a_page_even_of_a_run_that_is_killed) {
    files::Folder folder;
    const auto path = folder.path() / "run.html";
    const pid_t child = ::fork();
    BOOST_TEST_REQUIRE(child >= 0);
    if (child == 0) {
        seed(1);
        Run run(100000, {.path = path});
        run.trainer.fit(run.batches, run.validation);
        ::_exit(0);
    }
    while (!std::filesystem::exists(path)) BOOST_TEST_REQUIRE(::waitpid(child, nullptr, WNOHANG) == 0);
    std::size_t halves = 0;
    for (int i = 0; i < 200; ++i) {
        const std::string page = content(path);
        halves += !page.starts_with("<!DOCTYPE html>") || !page.ends_with("</html>\n");
    }
    BOOST_TEST(halves == 0U);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    BOOST_TEST(content(path).ends_with("</html>\n"));
}

BOOST_AUTO_TEST_CASE(a_resumed_run_remembers_the_weights_before_training) {
    files::Folder folder;
    const ReportOptions options{.path = folder.path() / "run.html", .first_layer = "fc1.weight", .image = {2, 2}};
    seed(1);
    Run first(4, options, 5);
    const Array<double> before = first_layer_pictures(first.net.fc1.weight.value(), {2, 2});
    first.trainer.fit(first.batches, first.validation);
    BOOST_TEST(has(content(options.path), "interrupted after step 5"));
    first.trainer.save(folder.path() / "run.h5");
    seed(2);
    Run second(4, options);
    BOOST_TEST_REQUIRE(second.trainer.resume(folder.path() / "run.h5"));
    second.trainer.fit(second.batches, second.validation);
    BOOST_TEST(identical(State::Value(share(second.report->record().before)), State::Value(share(before))));
    BOOST_TEST(!identical(State::Value(share(second.report->record().after)), State::Value(share(before))));
}

BOOST_AUTO_TEST_CASE(a_first_layer_that_is_not_there_or_no_picture_is_refused) {
    files::Folder folder;
    auto begin = [&](const std::string& first_layer, const Shape& image) {
        Run run(1, {.path = folder.path() / "run.html", .first_layer = first_layer, .image = image});
        run.trainer.fit(run.batches, run.validation);
    };
    BOOST_CHECK_EXCEPTION(begin("fc9.weight", {}), std::invalid_argument,
                          [](const auto& error) { return has(error.what(), "fc1.weight, fc1.bias"); });
    BOOST_CHECK_THROW(begin("fc1.weight", {3, 3}), ShapeError);
    BOOST_CHECK_THROW(begin("fc1.bias", {2, 2}), ShapeError);
    BOOST_CHECK_THROW(Report(ReportOptions{}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(an_evaluation_of_the_users_own_is_not_taken_for_the_validation) {
    files::Folder folder;
    seed(1);
    Run run(2, {.path = folder.path() / "run.html"});
    run.trainer.fit(run.batches, run.validation);
    BOOST_TEST(run.trainer.answers().examples() == 60U);
    DataLoader<float> few(examples().subset(std::vector<std::int64_t>{0, 1, 2}), {.batch_size = 3});
    run.trainer.evaluate(few);
    BOOST_TEST(run.trainer.answers().examples() == 60U);
}

BOOST_AUTO_TEST_CASE(answers_are_counted_and_the_worst_mistakes_come_first) {
    Answers answers(2);
    Array<double> outputs = empty_array<double>({4, 3}), inputs = empty_array<double>({4, 1});
    const double scores[] = {5, 0, 0, /**/ 0, 5, 0, /**/ 3, 0, 0, /**/ 9, 0, 0};
    std::copy(std::begin(scores), std::end(scores), outputs.storage().begin());
    for (std::size_t i = 0; i < 4; ++i) inputs(i, 0) = static_cast<double>(i);
    Indices labels = empty_array<std::int64_t>({4});
    const std::int64_t truth[] = {0, 0, 2, 1};
    std::copy(std::begin(truth), std::end(truth), labels.storage().begin());
    answers.add(outputs, {.inputs = Variable<double>(inputs), .labels = labels});
    BOOST_TEST(answers.examples() == 4U);
    BOOST_TEST(answers.confusion()(0, 0) == 1);
    BOOST_TEST(answers.confusion()(0, 1) == 1);
    BOOST_TEST(answers.confusion()(2, 0) == 1);
    BOOST_TEST(answers.confusion()(1, 0) == 1);
    BOOST_TEST_REQUIRE(answers.mistakes().size() == 2U);
    BOOST_TEST(answers.mistakes()[0].is == 1);
    BOOST_TEST(answers.mistakes()[0].input(0) == 3);
    BOOST_TEST(answers.mistakes()[1].is == 0);
    const double five = 1 / (1 + 2 * std::exp(-5)), three = 1 / (1 + 2 * std::exp(-3)),
                 nine = 1 / (1 + 2 * std::exp(-9));
    BOOST_TEST(answers.mistakes()[1].confidence == five, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(answers.calibration_error() == std::abs(2 * five + three + nine - 1) / 4,
               boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_gap_is_named_and_said_what_it_means) {
    RunRecord run;
    run.history.add({{"train.loss", 0.1}, {"train.accuracy", 1.0}, {"validation.accuracy", 0.75}});
    BOOST_TEST(has(document(run).html(), "a gap of 25 points. That is overfitting"));
}

BOOST_AUTO_TEST_CASE(a_run_that_broke_is_shown_all_the_same) {
    RunRecord nothing;
    BOOST_TEST(has(document(nothing).html(), "No step has been finished yet."));
    RunRecord broken;
    broken.history.add({{"train.loss", 2.0}});
    broken.history.add({{"train.loss", std::numeric_limits<double>::quiet_NaN()}});
    broken.diagnosis.add(
        {.rule = "loss_not_finite", .severity = Severity::error, .message = "It is a < b.", .advice = "Less."});
    const std::string page = document(broken).html();
    BOOST_TEST(has(page, "not finite"));
    BOOST_TEST(has(page, "It is a &lt; b."));
    BOOST_TEST(has(page, "class=\"error\""));
}

BOOST_AUTO_TEST_CASE(a_page_can_be_a_part_of_another) {
    Document whole("Whole"), part("Part");
    part.heading("Inside").text("text");
    whole.append(part);
    const std::string page = whole.html();
    BOOST_TEST(has(page, "<h1>Whole</h1>"));
    BOOST_TEST(has(page, "<h2>Part</h2>"));
    BOOST_TEST(has(page, "<h3>Inside</h3>"));
    BOOST_TEST(whole.html() == page);
}

namespace {

SearchResult searched(double low, double high, std::size_t trials, double (*value)(double lr)) {
    Space space;
    space.log_uniform("lr", low, high).uniform("momentum", 0, 1).choice("kind", {"a", "b"});
    return random_search(space, {.trials = trials, .seed = 1, .maximize = true, .metric = "val_acc", .quiet = true},
                         [&](Trial& trial) { return value(trial.number("lr")); });
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_search_shows_its_trials_and_warns_of_borders) {
    const auto low = searched(1e-6, 1e-4, 60, [](double lr) { return -std::abs(std::log10(lr) + 2); });
    const std::string page = document(low).html();
    BOOST_TEST(is_self_contained(page));
    for (const char* part : {"search_border", "upper border", "val_acc", "All trials", "Best so far", "Importance"})
        BOOST_TEST(has(page, part), part);
    const auto fine = searched(1e-4, 1e-1, 30, [](double lr) { return -std::abs(std::log10(lr) + 2); });
    BOOST_TEST(has(document({{"coarse", low}, {"fine", fine}}).html(), "The same, by stage"));
}

BOOST_AUTO_TEST_CASE(a_search_without_values_says_so) {
    const auto none = searched(1e-6, 1e-4, 3, [](double) { return std::numeric_limits<double>::quiet_NaN(); });
    BOOST_TEST(has(document(none).html(), "No trial has a value that is a number."));
    BOOST_CHECK_THROW(document(std::vector<SearchStage>{}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
