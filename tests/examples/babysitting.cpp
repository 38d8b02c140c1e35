// The babysitting program as its user meets it: each number that it prints beside what theory says.
#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "../io/files.hpp"
#include "places.hpp"

namespace {

struct Result {
    int status = -1;
    std::string text;
    std::map<std::string, double> rows;    // "initial loss, no penalty" and 2.31
};

Result run(const std::string& arguments) {
    FILE* pipe = popen((std::string(examples_dir) + "/babysitting " + arguments + " 2>&1").c_str(), "r");
    std::array<char, 4096> buffer{};
    Result result;
    while (std::fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
        const std::string line(buffer.data());
        result.text += line;
        if (!line.starts_with("  ") || line.size() < 65) continue;
        std::string name = line.substr(2, 52);
        name.erase(name.find_last_not_of(' ') + 1);
        result.rows[name] = std::strtod(line.substr(54, 11).c_str(), nullptr);
    }
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(babysitting)

BOOST_AUTO_TEST_CASE(the_lecture_comes_out_as_theory_says) {
    files::Folder folder;
    const auto path = folder.path() / "page.html";
    const Result result = run("--report '" + path.string() + "'");
    BOOST_TEST_REQUIRE(result.status == 0);
    auto row = [&](const std::string& name) { return result.rows.at(name); };

    BOOST_TEST(std::abs(row("initial loss, no penalty") - std::log(10)) < 0.1);
    BOOST_TEST(row("initial loss, penalty of 0.001") > row("initial loss, no penalty"));
    BOOST_TEST(row("initial loss, penalty of 0.100") > row("initial loss, penalty of 0.010"));
    BOOST_TEST(row("100 examples learned by heart: accuracy") == 1);
    BOOST_TEST(row("100 examples learned by heart: loss") < 0.05);
    BOOST_TEST(std::abs(row("rate 1e-8: loss after 4 epochs") - row("rate 1e-8: loss after 1 epoch")) < 0.002);
    BOOST_TEST(!std::isfinite(row("rate 1e10: loss of the last step")));
    BOOST_TEST(row("rate 0.5: loss after 6 epochs") > 2 * row("rate 0.02: loss after 6 epochs"));
    BOOST_TEST(result.text.find("learning_rate_too_low") != std::string::npos);
    BOOST_TEST(result.text.find("not_finite") != std::string::npos);
    for (const char* name : {"fc1.weight", "fc2.weight"}) {
        const double ratio = row(std::string(name) + ": |update| / |weight|, rate 0.02");
        BOOST_TEST(ratio > 1e-4);
        BOOST_TEST(ratio < 1e-2);
    }
    for (const char* name : {"momentum", "nesterov", "adagrad", "rmsprop", "adam"})
        BOOST_TEST(row(std::string(name) + ": loss after 5 epochs") < row("sgd: loss after 5 epochs"), name);
    for (const char* name : {"step", "exponential", "1 / t"})
        BOOST_TEST(
            row("decay " + std::string(name) + ": loss after 12 epochs") < row("decay none: loss after 12 epochs"),
            name);
    for (const char* name : {"dropout", "DropConnect", "L1", "L2", "elastic net"})
        BOOST_TEST(row(std::string(name) + ": gap of the losses") < row("nothing: gap of the losses"), name);
    BOOST_TEST(row("best validation accuracy of 25 random trials") >= row("best validation accuracy of a 5 x 5 grid"));
    BOOST_TEST(row("importance of lr") > 3 * row("importance of reg"));
    BOOST_TEST(row("coarse: is the rate at the border of its range?") == 1);
    BOOST_TEST(row("fine: is the rate at the border of its range?") == 0);
    BOOST_TEST(row("fine: the best val_acc") > row("coarse: the best val_acc"));
    BOOST_TEST(row("validation accuracy") > 0.94);

    std::ostringstream page;
    page << std::ifstream(path).rdbuf();
    BOOST_TEST(page.str().ends_with("</html>\n"));
    BOOST_TEST(page.str().size() < 2'000'000);
    BOOST_TEST(result.text.find("The report is " + path.string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(arguments_that_are_not_understood_are_refused) {
    BOOST_TEST(run("--reprot x").status == 2);
    BOOST_TEST(run("--report").status == 2);
    const Result result = run("--data /nowhere");
    BOOST_TEST(result.status == 1);
    BOOST_TEST(result.text.find("/nowhere") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
