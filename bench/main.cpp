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

}    // namespace bench

int main(int argc, char** argv) {
    if (argc > 1) bench::filter = argv[1];
    bench::tape();
    bench::models();
    bench::operations();
    bench::short_axes();
    bench::products();
    bench::optimizers();
    bench::checkpoints();
    bench::file_growth();
}
