// Compares optimizers on one loss surface, as CS231n does: `optimizer_comparison [steps [file.csv]]`.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "comparison.hpp"

int main(int count, char** arguments) {
    int steps = 300;
    if (count > 1) {
        const char* end = arguments[1] + std::strlen(arguments[1]);
        auto [rest, error] = std::from_chars(arguments[1], end, steps);
        if (count > 3 || error != std::errc() || rest != end || steps < 0) {
            std::fprintf(stderr, "usage: %s [steps [file.csv]]\n", arguments[0]);
            return 2;
        }
    }
    const char* path = count > 2 ? arguments[2] : "optimizer_comparison.csv";

    const auto trajectories = optimizer_comparison::compare(steps);
    std::printf("%-10s %12s %12s %14s\n", "optimizer", "x", "y", "loss");
    for (const auto& [optimizer, places] : trajectories)
        std::printf("%-10s %12.6f %12.6f %14.6e\n", optimizer.c_str(), places.back().x, places.back().y,
                    places.back().loss);

    std::ofstream out(path);
    optimizer_comparison::write_csv(out, trajectories);
    out.close();
    if (!out) {
        std::fprintf(stderr, "%s: cannot write %s\n", arguments[0], path);
        return 1;
    }
    std::printf("the minimum is at (3, 0.5); all steps are in %s\n", path);
}
