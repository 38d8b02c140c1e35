// The programs about convolutions and sequences as their users meet them, on small tasks.
#include <boost/test/unit_test.hpp>

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

#include "places.hpp"

namespace {

struct Result {
    int status;
    std::string output;
};

Result run(const std::string& command) {
    FILE* pipe = popen((std::string(examples_dir) + "/" + command + " 2>&1").c_str(), "r");
    std::array<char, 4096> part{};
    Result result{};
    while (std::fgets(part.data(), part.size(), pipe) != nullptr) result.output += part.data();
    const int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(models)

BOOST_AUTO_TEST_CASE(the_text_program_learns_the_space_and_writes_400_letters) {
    const Result result = run("text 40");
    BOOST_TEST(result.status == 0, result.output);
    BOOST_TEST(result.output.size() == 402U);    // between two ends of lines
    BOOST_TEST(result.output.starts_with("\n'"));
    BOOST_TEST(result.output.find("the ") != std::string::npos);
    BOOST_TEST((run("text 40").output == result.output));
}

BOOST_AUTO_TEST_CASE(the_cnn_program_reads_digits_after_an_epoch) {
    const Result result = run("cnn - 1");
    BOOST_TEST(result.status == 0, result.output);
    const std::string line = "test accuracy: ";
    const std::size_t at = result.output.find(line);
    BOOST_TEST_REQUIRE(at != std::string::npos, result.output);
    BOOST_TEST(std::stod(result.output.substr(at + line.size())) > 0.95);
}

BOOST_AUTO_TEST_CASE(the_cnn_program_says_what_it_got_wrong) {
    const Result epochs = run("cnn - none"), folder = run("cnn /nowhere");
    BOOST_TEST(epochs.status == 1);
    BOOST_TEST(epochs.output == "cnn: got 'none' epochs; wanted 1 or more\n");
    BOOST_TEST(folder.status == 1);
    BOOST_TEST(folder.output.find("/nowhere") != std::string::npos, folder.output);
}

BOOST_AUTO_TEST_SUITE_END()
