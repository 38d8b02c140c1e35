// Trials as JSON: what the journal keeps, and what a search and its workers say to each other.
#pragma once

#include <xtape/train/search/space.hpp>

#include <nlohmann/json_fwd.hpp>

#include <vector>

namespace xtape::train::detail {

using Json = nlohmann::ordered_json;

// JSON has no NaN and no infinities: they are the texts "nan", "inf" and "-inf". Throws std::invalid_argument for other
// texts.
Json number_to_json(double value);
double number_from_json(const Json& json);

// {"lr": 0.1, "optimizer": "sgd"}: what is asked for in a trial. Throws std::invalid_argument and std::out_of_range for
// what is not in the space.
Json values_to_json(const Space& space, const std::vector<double>& values);
std::vector<double> values_from_json(const Space& space, const Json& json);

}    // namespace xtape::train::detail
