#include "options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <sstream>
#include <string_view>

namespace digits {
namespace {

// Throws UsageError unless all of `text` is a number from `least` to `most`.
template <class Number>
Number number(const std::string& name, const std::string& text, Number least, Number most) {
    Number value{};
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    bool complete = end == text.data() + text.size();
    if (complete && error == std::errc{} && value >= least && value <= most) return value;

    std::ostringstream message;
    message << name << " is '" << text << "'; wanted a " << (std::numeric_limits<Number>::is_integer ? "whole " : "")
            << "number from " << least << " to " << most;
    throw UsageError(message.str());
}

struct Option {
    std::string_view name, value;
    void (*set)(Options&, const std::string& name, const std::string& value);
};

template <std::size_t Options::*member, std::size_t most>
void set_count(Options& options, const std::string& name, const std::string& value) {
    options.*member = number<std::size_t>(name, value, 1, most);
}

void set_data(Options& options, const std::string& name, const std::string& value) {
    if (value.empty()) throw UsageError(name + " is empty; wanted a folder");
    options.data = value;
}

void set_checkpoint(Options& options, const std::string& name, const std::string& value) {
    if (value.empty()) throw UsageError(name + " is empty; wanted a file");
    options.checkpoint = value;
}

void set_lr(Options& options, const std::string& name, const std::string& value) {
    options.lr = number<double>(name, value, 1e-9, 1e3);
}

void set_seed(Options& options, const std::string& name, const std::string& value) {
    options.seed = number<std::uint64_t>(name, value, 0, std::numeric_limits<std::uint64_t>::max());
}

constexpr std::array all{
    Option{"--data", "DIR", set_data},
    Option{"--epochs", "N", set_count<&Options::epochs, 100'000>},
    Option{"--batch", "N", set_count<&Options::batch, 1'000'000>},
    Option{"--lr", "X", set_lr},
    Option{"--seed", "N", set_seed},
    Option{"--threads", "N", set_count<&Options::threads, 1024>},
    Option{"--hidden", "N", set_count<&Options::hidden, 100'000>},
    Option{"--shards", "N", set_count<&Options::shards, 1024>},
    Option{"--checkpoint", "FILE", set_checkpoint},
};

}    // namespace

Options parse_options(std::span<const char* const> arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string argument = arguments[i];
        if (argument == "--help" || argument == "-h") {
            options.help = true;
            continue;
        }
        if (argument == "--resume") {
            options.resume = true;
            continue;
        }
        auto equals = argument.find('=');
        std::string name = argument.substr(0, equals);
        const auto* found =
            std::find_if(all.begin(), all.end(), [&](const auto& option) { return option.name == name; });
        if (found == all.end()) throw UsageError("there is no option '" + name + "'; --help lists them");

        if (equals != std::string::npos)
            found->set(options, name, argument.substr(equals + 1));
        else if (i + 1 == arguments.size() || std::string_view(arguments[i + 1]).starts_with("--"))
            throw UsageError(name + " has no value; wanted " + name + " " + std::string(found->value));
        else
            found->set(options, name, arguments[++i]);
    }
    if (options.resume && !options.checkpoint)
        throw UsageError("--resume needs --checkpoint FILE, the file to go on from");
    return options;
}

std::string usage() {
    const Options defaults;
    std::ostringstream text;
    text << "Trains a small network to read digits, and tests it on digits that it has not seen.\n\n"
         << "Usage: digits [option]...\n\n"
         << "  --data DIR    read MNIST's files in this folder (otherwise the program draws digits)\n"
         << "  --epochs N    passes over the training digits (" << defaults.epochs << ")\n"
         << "  --batch N     digits in a training step (" << defaults.batch << ")\n"
         << "  --lr X        learning rate (" << defaults.lr << ")\n"
         << "  --seed N      where all random numbers start (" << defaults.seed << ")\n"
         << "  --threads N   threads to compute with (all that the machine has)\n"
         << "  --hidden N    units of each hidden layer (" << defaults.hidden << ")\n"
         << "  --shards N    parts of each batch, with which mpirun gives the same weights on any number of ranks\n"
         << "  --checkpoint FILE   save everything to this file after every epoch\n"
         << "  --resume            go on from that file, if it is there, to the same result\n"
         << "  --help        print this text\n";
    return text.str();
}

}    // namespace digits
