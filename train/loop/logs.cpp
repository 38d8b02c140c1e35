#include <xtape/io/error.hpp>
#include <xtape/train/loop/detail/text.hpp>
#include <xtape/train/loop/logs.hpp>

#include <cmath>
#include <vector>

namespace xtape::train {

void JsonlLog::begin(Training& training, const std::vector<std::string>&) {
    std::vector<std::string> lines;
    {
        std::ifstream file(options_.path);
        for (std::string line; lines.size() < training.epoch() && std::getline(file, line);) lines.push_back(line);
    }
    std::ofstream file(options_.path, std::ios::trunc);
    for (const std::string& line : lines) file << line << '\n';
    file.close();
    if (!file) throw io::Error("[JsonlLog] cannot write '" + options_.path.string() + "'");
}

void JsonlLog::after_epoch(Training& training) {
    std::string line =
        "{\"epoch\": " + std::to_string(training.epoch()) + ", \"step\": " + std::to_string(training.steps());
    for (const std::string& name : training.history().names()) {
        const double value = training.history().last(name);
        line += ", \"" + name + "\": " + (std::isfinite(value) ? detail::exact(value) : "null");
    }
    // The rules that speak, if somebody watches.
    const Diagnosis diagnosis = training.diagnosis();
    std::string rules;
    for (const Verdict& verdict : diagnosis)
        if (!verdict.passed()) rules += (rules.empty() ? "\"" : ", \"") + verdict.rule + "\"";
    if (!diagnosis.empty()) line += ", \"diagnosis\": [" + rules + "]";
    std::ofstream file(options_.path, std::ios::app);
    file << line << "}\n";
    file.close();
    if (!file) throw io::Error("[JsonlLog] cannot write '" + options_.path.string() + "'");
}

}    // namespace xtape::train
