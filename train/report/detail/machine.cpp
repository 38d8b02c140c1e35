#include <xtape/core/random.hpp>
#include <xtape/core/threads.hpp>
#include <xtape/core/xtensor.hpp>
#include <xtape/train/report/detail/machine.hpp>

#include <array>
#include <ctime>
#include <fstream>
#include <thread>

namespace xtape::train::detail {
namespace {

// As Linux names it; "" elsewhere.
std::string processor() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name") && line.find(": ") != std::string::npos)
            return line.substr(line.find(": ") + 2);
    return {};
}

std::string now() {
    const std::time_t time = std::time(nullptr);
    std::tm local{};
    localtime_r(&time, &local);
    std::array<char, 64> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S %z", &local);
    return text.data();
}

}    // namespace

std::vector<std::pair<std::string, std::string>> machine() {
    std::vector<std::pair<std::string, std::string>> rows;
    rows.emplace_back("seed", std::to_string(default_generator().general().key()));
    rows.emplace_back("xtape", XTAPE_VERSION);
    rows.emplace_back("xtensor", std::to_string(XTENSOR_VERSION_MAJOR) + "." + std::to_string(XTENSOR_VERSION_MINOR) +
                                     "." + std::to_string(XTENSOR_VERSION_PATCH));
    rows.emplace_back("compiler", "C++ " + std::string(__VERSION__));
    static const std::string name = processor();
    if (!name.empty()) rows.emplace_back("processor", name);
    rows.emplace_back("threads", std::to_string(get_num_threads()) + " of " +
                                     std::to_string(std::thread::hardware_concurrency()) + " cores");
    rows.emplace_back("written", now());
    return rows;
}

}    // namespace xtape::train::detail
