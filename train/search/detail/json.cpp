#include <xtape/train/search/detail/json.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

namespace xtape::train::detail {

Json number_to_json(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
    return value;
}

double number_from_json(const Json& json) {
    if (!json.is_string()) return json.get<double>();
    const auto& text = json.get_ref<const std::string&>();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    throw std::invalid_argument("'" + text + "' is no number");
}

Json values_to_json(const Space& space, const std::vector<double>& values) {
    Json json = Json::object();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (std::isnan(values[i])) continue;
        if (space[i].is_choice())
            json[space[i].name] = space[i].choices[static_cast<std::size_t>(values[i])];
        else if (space[i].is_integer())
            json[space[i].name] = static_cast<std::int64_t>(values[i]);
        else
            json[space[i].name] = values[i];
    }
    return json;
}

std::vector<double> values_from_json(const Space& space, const Json& json) {
    std::vector<double> values(space.size(), std::numeric_limits<double>::quiet_NaN());
    for (const auto& [name, value] : json.items()) {
        const std::size_t i = space.place(name);
        if (space[i].is_choice()) {
            const auto& choices = space[i].choices;
            const auto found = std::find(choices.begin(), choices.end(), value.get<std::string>());
            if (found == choices.end()) throw std::invalid_argument("'" + name + "' has no such choice");
            values[i] = static_cast<double>(found - choices.begin());
        } else {
            values[i] = value.get<double>();
        }
    }
    return values;
}

}    // namespace xtape::train::detail
