// How good the diagnosis is: recall by fault, precision, and alarms on healthy runs. scripts/diagnosis.sh runs it.
//
//     diagnosis_suite [--first SEED] [--seeds N] [--healthy N] [--late] [--all] [--fault NAME]
//
// --late has the faults that came when the rules stood; --all lists every run with the verdicts on it; --fault keeps to
// the faults whose name has that in it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "runs.hpp"

using namespace xtape;

namespace {

std::size_t number_after(int argc, char** argv, const char* option, std::size_t otherwise) {
    for (int i = 1; i + 1 < argc; ++i)
        if (std::strcmp(argv[i], option) == 0) return std::strtoull(argv[i + 1], nullptr, 10);
    return otherwise;
}

bool has_option(int argc, char** argv, const char* option) {
    return std::any_of(argv + 1, argv + argc, [&](const char* word) { return std::strcmp(word, option) == 0; });
}

const char* text_after(int argc, char** argv, const char* option) {
    for (int i = 1; i + 1 < argc; ++i)
        if (std::strcmp(argv[i], option) == 0) return argv[i + 1];
    return "";
}

void print(const std::string& setting, std::uint64_t seed, const bench::Outcome& outcome) {
    std::printf("  %-26s seed %llu: loss %.3g -> %.3g (chance %.3g), %.3f in training, %.3f in validation\n",
                setting.c_str(), static_cast<unsigned long long>(seed), outcome.first_loss, outcome.last_loss,
                outcome.chance, outcome.train_goodness, outcome.goodness);
    for (const train::Verdict& verdict : outcome.diagnosis)
        if (!verdict.passed()) std::printf("      %s\n", to_string(verdict).c_str());
    std::printf("     ");
    for (const train::Verdict& verdict : outcome.diagnosis)
        std::printf(" %s %.3g;", verdict.rule.c_str(), verdict.value);
    std::printf("\n");
}

struct Counts {
    std::size_t runs = 0, unhealthy = 0, found = 0, alarms = 0, right_alarms = 0;
};

}    // namespace

int main(int argc, char** argv) {
    const std::size_t first = number_after(argc, argv, "--first", 0), seeds = number_after(argc, argv, "--seeds", 1);
    const std::size_t healthy_seeds = number_after(argc, argv, "--healthy", 8);
    const bool all = has_option(argc, argv, "--all");
    const bool late = has_option(argc, argv, "--late");
    const std::string only = text_after(argc, argv, "--fault");
    Counts total;
    if (!all) std::printf("| fault | runs | not healthy | named | recall |\n|---|---|---|---|---|\n");
    for (const bench::Fault& fault : bench::faults()) {
        if (fault.name.find(only) == std::string::npos || fault.met_late != late) continue;
        if (all) std::printf("%s\n", fault.name.c_str());
        Counts counts;
        for (const bench::Setting& setting : bench::settings()) {
            if (!bench::applies(setting, fault)) continue;
            for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
                const bench::Outcome outcome = bench::run(setting, &fault, seed);
                ++counts.runs;
                counts.unhealthy += outcome.diagnosis.healthy() ? 0 : 1;
                bool found = false;
                for (const train::Verdict& verdict : outcome.diagnosis) {
                    if (verdict.passed()) continue;
                    const bool right =
                        std::find(fault.rules.begin(), fault.rules.end(), verdict.rule) != fault.rules.end();
                    ++counts.alarms;
                    counts.right_alarms += right ? 1 : 0;
                    found = found || right;
                }
                counts.found += found ? 1 : 0;
                if (all && (!found || has_option(argc, argv, "--verbose"))) print(setting.name, seed, outcome);
            }
        }
        const double recall = static_cast<double>(counts.found) / static_cast<double>(counts.runs);
        std::printf("| %s | %zu | %zu | %zu | %.2f |\n", fault.name.c_str(), counts.runs, counts.unhealthy,
                    counts.found, recall);
        total.runs += counts.runs;
        total.unhealthy += counts.unhealthy;
        total.found += counts.found;
        total.alarms += counts.alarms;
        total.right_alarms += counts.right_alarms;
    }
    std::size_t healthy = 0, alarmed = 0, false_alarms = 0, alarmed_before = 0;
    if (only.empty() || only == "healthy")
        for (const bench::Setting& setting : bench::settings())
            for (std::uint64_t seed = first; seed < first + healthy_seeds; ++seed) {
                const bench::Outcome outcome = bench::run(setting, nullptr, 100 + seed);
                ++healthy;
                if (!outcome.before.healthy()) {
                    ++alarmed_before;
                    if (all)
                        std::printf("before %s, seed %zu: %s\n", setting.name.c_str(), seed,
                                    outcome.before.message().c_str());
                }
                if (all && (!outcome.diagnosis.healthy() || has_option(argc, argv, "--verbose")))
                    print("healthy " + setting.name, seed, outcome);
                if (outcome.diagnosis.healthy()) continue;
                ++alarmed;
                for (const train::Verdict& verdict : outcome.diagnosis) false_alarms += verdict.passed() ? 0 : 1;
            }
    auto part = [](std::size_t of, std::size_t whole) { return static_cast<double>(of) / static_cast<double>(whole); };
    std::printf(
        "\nRecall %.3f (%zu of %zu). Precision: of %zu alarms %zu name the fault, %.3f; of %zu runs called sick %zu "
        "are, "
        "%.3f.\nAlarms on healthy runs: %zu of %zu; of preflight before them: %zu.\n",
        part(total.found, total.runs), total.found, total.runs, total.alarms + false_alarms, total.right_alarms,
        part(total.right_alarms, total.alarms + false_alarms), total.unhealthy + alarmed, total.unhealthy,
        part(total.unhealthy, total.unhealthy + alarmed), alarmed, healthy, alarmed_before);
}
