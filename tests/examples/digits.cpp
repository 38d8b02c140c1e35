// The digits program as its user meets it: results, errors, and a run that is killed and resumed.
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "places.hpp"

namespace {

const std::string program = std::string(examples_dir) + "/digits";

struct Result {
    int status;
    std::string last_line, errors;
};

std::string shell_quoted(const std::string& text) { return "'" + text + "'"; }

Result run(const std::string& arguments) {
    const auto errors = std::filesystem::temp_directory_path() / ("digits_errors_" + std::to_string(getpid()));
    FILE* pipe = popen((program + " " + arguments + " 2>" + shell_quoted(errors)).c_str(), "r");
    std::array<char, 4096> line{};
    Result result{};
    while (std::fgets(line.data(), line.size(), pipe) != nullptr) result.last_line = line.data();
    int status = pclose(pipe);
    result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    std::ifstream file(errors);
    std::getline(file, result.errors, '\0');
    std::filesystem::remove(errors);
    return result;
}

// Starts the program and kills it after a while; whether it was still running.
bool run_and_kill(const std::string& arguments, std::chrono::milliseconds after) {
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", ("exec " + program + " " + arguments + " >/dev/null 2>&1").c_str(), nullptr);
        _exit(127);
    }
    std::this_thread::sleep_for(after);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

struct TemporaryFolder {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("xtape_digits_" + std::to_string(getpid()));
    TemporaryFolder() { std::filesystem::create_directories(path); }
    ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

const std::string small = "--epochs 4 --hidden 24 --batch 128 --threads 1 ";

}    // namespace

BOOST_AUTO_TEST_SUITE(digits)

BOOST_AUTO_TEST_CASE(drawn_digits_are_learnt_and_the_last_line_says_how_well) {
    auto result = run("--epochs 4 --hidden 48 --threads 1");
    BOOST_TEST(result.status == 0);
    BOOST_TEST_REQUIRE(result.last_line.starts_with("test accuracy: 0."));
    BOOST_TEST(std::stod(result.last_line.substr(15)) > 0.94);
}

BOOST_AUTO_TEST_CASE(a_killed_run_resumes_to_the_same_result) {
    TemporaryFolder folder;
    const std::string checkpoint = "--checkpoint " + shell_quoted(folder.path / "run.h5") + " ";
    const std::string whole = run(small).last_line;
    BOOST_TEST_REQUIRE(whole.starts_with("test accuracy: "));
    int killed = 0;
    for (int milliseconds : {1, 300, 450, 600, 800})
        killed += run_and_kill(small + checkpoint + "--resume", std::chrono::milliseconds(milliseconds)) ? 1 : 0;
    BOOST_TEST(killed > 0);
    auto resumed = run(small + checkpoint + "--resume");
    BOOST_TEST(resumed.status == 0, resumed.errors);
    BOOST_TEST(resumed.last_line == whole);

    run(small + "--checkpoint " + shell_quoted(folder.path / "whole.h5"));
    const auto file_state = [&](const char* name) { return xtape::io::read_state(folder.path / name); };
    const xtape::State once = file_state("whole.h5"), again = file_state("run.h5");
    BOOST_TEST(once.size() == again.size());
    for (const auto& [name, value] : once) BOOST_TEST(identical(value, again.at(name)), name);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_another_run_is_refused) {
    TemporaryFolder folder;
    const std::string checkpoint = "--checkpoint " + shell_quoted(folder.path / "run.h5") + " ";
    BOOST_TEST(run("--epochs 1 --hidden 8 " + checkpoint).status == 0);
    auto other = run("--epochs 2 --hidden 8 --resume " + checkpoint);
    BOOST_TEST(other.status == 1);
    BOOST_TEST(other.errors.find("--epochs 1") != std::string::npos, other.errors);
    auto wider = run("--epochs 1 --hidden 9 --resume " + checkpoint);
    BOOST_TEST(wider.status == 1);
    BOOST_TEST(wider.errors.find("(8, 784)") != std::string::npos, wider.errors);
}

BOOST_AUTO_TEST_CASE(bad_input_ends_with_one_sentence) {
    TemporaryFolder folder;
    for (const std::string& arguments :
         {std::string("--epochs none"), std::string("--colour"), std::string("--data /no/such/folder"),
          std::string("--resume"), "--data " + shell_quoted(folder.path)}) {
        auto result = run(arguments);
        BOOST_TEST(result.status == 1, arguments);
        BOOST_TEST(result.errors.starts_with("digits: "), result.errors);
        BOOST_TEST(result.errors.find('\n') == result.errors.size() - 1, result.errors);
    }
    BOOST_TEST(run("--help").status == 0);
}

BOOST_AUTO_TEST_SUITE_END()
