// Verdicts and numbers in words.
#pragma once

#include <xtape/train/diagnosis/verdict.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train::detail {

// Three digits: "0.00123".
inline std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g", value);
    return text;
}

inline std::string percent(double share) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g %%", 100 * share);
    return text;
}

// "fc1.weight, fc1.bias and 3 more".
inline std::string listed(const std::vector<std::string>& names, std::size_t most = 4) {
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + names[i];
    return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

// The median of the numbers among the values; NaN when there is none.
inline double median(std::vector<double> values) {
    std::erase_if(values, [](double value) { return std::isnan(value); });
    if (values.empty()) return std::nan("");
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// A check under way: it passes with a remark unless it fails.
class Check {
public:
    Check(std::string rule, double limit) {
        verdict_.rule = std::move(rule);
        verdict_.limit = limit;
    }
    Verdict pass(double value, std::string message) {
        verdict_.value = value;
        verdict_.message = std::move(message);
        return std::move(verdict_);
    }
    // There is nothing to go by.
    Verdict skip(std::string why) { return pass(std::nan(""), std::move(why)); }
    Verdict fail(Severity severity, double value, std::string message, std::string advice) {
        verdict_.severity = severity;
        verdict_.value = value;
        verdict_.message = std::move(message);
        verdict_.advice = std::move(advice);
        return std::move(verdict_);
    }
    Check& at(std::string layer) {
        verdict_.layer = std::move(layer);
        return *this;
    }
    Check& at(std::int64_t step) {
        verdict_.step = step;
        return *this;
    }

private:
    Verdict verdict_;
};

}    // namespace xtape::train::detail
