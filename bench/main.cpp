// xtape_bench [filter]: the cases whose names contain the filter. OMP_NUM_THREADS sets the threads.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "runner.hpp"

namespace bench {
namespace {
std::string filter;
}

bool wanted(const std::string& name) { return name.find(filter) != std::string::npos; }

double run(const std::string& name, const std::function<void()>& f, double budget_seconds, double another) {
    if (!wanted(name)) return 0;
    using Clock = std::chrono::steady_clock;
    for (int i = 0; i < 3; ++i) f();
    std::vector<double> times;
    auto start = Clock::now();
    auto spent = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    while (times.size() < 7 || (spent() < budget_seconds && times.size() < 2000)) {
        auto before = Clock::now();
        f();
        times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
    }
    std::sort(times.begin(), times.end());
    double median = times[times.size() / 2];
    std::printf("%s\t%.2f\t%.2f", name.c_str(), median, times.front());
    if (another > 0) std::printf("\t%.2f", median / another);
    std::printf("\n");
    std::fflush(stdout);
    return median;
}

void compare(const std::string& name, double parts,
             const std::vector<std::pair<std::string, std::function<void()>>>& functions, double budget_seconds) {
    using Clock = std::chrono::steady_clock;
    std::vector<std::vector<double>> times(functions.size());
    const auto start = Clock::now();
    auto spent = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    for (const auto& [what, function] : functions) function();
    while (times[0].size() < 7 || spent() < budget_seconds)
        for (std::size_t i = 0; i < functions.size(); ++i) {
            const auto before = Clock::now();
            functions[i].second();
            times[i].push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count() / parts);
        }
    for (auto& each : times) std::sort(each.begin(), each.end());
    for (std::size_t i = 0; i < functions.size(); ++i) {
        if (!wanted(name + "/" + functions[i].first) && !wanted(name)) continue;
        std::printf("%s/%s\t%.2f\t%.2f\t%.3f\n", name.c_str(), functions[i].first.c_str(),
                    times[i][times[i].size() / 2], times[i].front(), times[i].front() / times[0].front());
    }
    std::fflush(stdout);
}

}    // namespace bench

int main(int argc, char** argv) {
    if (argc > 1) bench::filter = argv[1];
    bench::tape();
    bench::models();
    bench::images();
    bench::operations();
    bench::short_axes();
    bench::products();
    bench::sequences();
    bench::optimizers();
    bench::checkpoints();
    bench::file_growth();
    bench::training();
}
