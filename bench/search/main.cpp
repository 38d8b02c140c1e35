// search_bench: the functions of functions.hpp, for a comparison with another library. bench/peers/optuna_search.py is
// one.
//
//     search_bench space NAME                the hyperparameters, one per line: name kind low high choices...
//     search_bench run SAMPLER NAME SEEDS    the best value of each seed after 60 trials; SAMPLER is random or tpe
//     search_bench evaluate NAME             a value for each line of standard input: the hyperparameters' values, in
//                                            order and separated by spaces, a choice's being its place, - for none
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "functions.hpp"

namespace {

using namespace xtape::train;

functions::Function find(const std::string& name) {
    for (const auto& function : functions::all())
        if (function.name == name) return function;
    throw std::invalid_argument("there is no function '" + name + "'");
}

void print_space(const Space& space) {
    constexpr const char* kinds[] = {"uniform", "log_uniform", "integer", "log_integer", "choice"};
    for (const auto& h : space) {
        std::printf("%s %s %.17g %.17g %s %s", h.name.c_str(), kinds[static_cast<std::size_t>(h.kind)], h.low, h.high,
                    h.parent.empty() ? "-" : h.parent.c_str(), h.parent_value.empty() ? "-" : h.parent_value.c_str());
        for (const auto& choice : h.choices) std::printf(" %s", choice.c_str());
        std::printf("\n");
    }
}

void run(const std::string& sampler, const functions::Function& function, std::uint64_t seeds) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const SearchOptions options{.trials = 60, .seed = seed, .quiet = true};
        const auto result = sampler == "tpe" ? tpe_search(function.space, options, function.value)
                                             : random_search(function.space, options, function.value);
        std::printf("%.17g\n", result.best().value());
    }
}

void evaluate(const functions::Function& function) {
    const auto space = std::make_shared<const Space>(function.space);
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream words(line);
        std::vector<double> values;
        for (std::string word; words >> word;)
            values.push_back(word == "-" ? std::numeric_limits<double>::quiet_NaN() : std::stod(word));
        if (values.size() != space->size()) throw std::invalid_argument("got the line '" + line + "'");
        Trial trial(space, 0, values);
        std::printf("%.17g\n", function.value(trial));
        std::fflush(stdout);
    }
}

}    // namespace

int main(int argc, char** argv) try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 2 && words[0] == "space")
        print_space(find(words[1]).space);
    else if (words.size() == 4 && words[0] == "run")
        run(words[1], find(words[2]), std::stoull(words[3]));
    else if (words.size() == 2 && words[0] == "evaluate")
        evaluate(find(words[1]));
    else
        throw std::invalid_argument("wanted space NAME, run SAMPLER NAME SEEDS, or evaluate NAME");
    return 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "search_bench: %s\n", error.what());
    return 1;
}
