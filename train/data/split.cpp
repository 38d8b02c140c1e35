#include <xtape/core/random.hpp>
#include <xtape/train/data/split.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <stdexcept>
#include <string>

namespace xtape::train {

// Which part each example goes to.
template <class T>
class Partition {
public:
    using Numbers = std::vector<std::size_t>;

    // Units that stay together (single examples, or groups), shuffled; in strata of their own where classes are to be
    // shared out evenly.
    Partition(const char* who, const Dataset<T>& data, bool stratified, const std::vector<std::int64_t>& groups,
              std::uint64_t seed)
        : data_(data) {
        auto refuse = [&](const std::string& text) {
            throw std::invalid_argument(std::string("[") + who + "] " + text);
        };
        if (data.size() == 0) refuse("got no examples; wanted at least one");
        if (stratified && !groups.empty()) refuse("got groups and stratified; wanted one of the two");
        if (!groups.empty() && groups.size() != data.size())
            refuse("got " + std::to_string(groups.size()) + " groups for " + std::to_string(data.size()) +
                   " examples; wanted one for each");
        if (stratified && !data.has_labels()) refuse("got examples without labels; stratified needs classes");

        std::map<std::int64_t, Numbers> by_key;
        std::map<std::int64_t, std::vector<Numbers>> strata;
        if (!groups.empty()) {
            for (std::size_t i = 0; i < groups.size(); ++i) by_key[groups[i]].push_back(i);
            for (auto& [group, members] : by_key) strata[0].push_back(std::move(members));
        } else {
            const Indices labels = stratified ? data.labels() : Indices();
            for (std::size_t i = 0; i < data.size(); ++i) strata[stratified ? labels.storage()[i] : 0].push_back({i});
        }
        Stream stream(seed, 0);
        for (auto& [key, units] : strata) {
            const Indices order = stream.permutation(units.size());
            std::vector<Numbers> shuffled;
            for (std::int64_t place : order.storage())
                shuffled.push_back(std::move(units[static_cast<std::size_t>(place)]));
            strata_.push_back(std::move(shuffled));
        }
    }

    std::size_t units() const {
        std::size_t count = 0;
        for (const auto& stratum : strata_) count += stratum.size();
        return count;
    }

    // Takes `count` of the units that are left, from each stratum its share: largest remainders first.
    Numbers take(std::size_t count) {
        const auto all = static_cast<double>(units());
        std::vector<std::size_t> shares;
        std::vector<std::pair<double, std::size_t>> remainders;
        std::size_t taken = 0;
        for (std::size_t s = 0; s < strata_.size(); ++s) {
            const double exact = static_cast<double>(count) * static_cast<double>(strata_[s].size()) / all;
            shares.push_back(static_cast<std::size_t>(exact));
            taken += shares.back();
            remainders.emplace_back(std::floor(exact) - exact, s);
        }
        std::sort(remainders.begin(), remainders.end());
        for (std::size_t k = 0; taken < count; ++k, ++taken) ++shares[remainders[k].second];
        Numbers result;
        for (std::size_t s = 0; s < strata_.size(); ++s)
            for (std::size_t k = 0; k < shares[s]; ++k) {
                result.insert(result.end(), strata_[s].back().begin(), strata_[s].back().end());
                strata_[s].pop_back();
            }
        return result;
    }

    // Makes the parts; validation and test are held out together.
    Split<T> split(const Numbers& validation, const Numbers& test) const {
        std::vector<char> part(data_.size(), 't');
        for (std::size_t i : validation) part[i] = 'v';
        for (std::size_t i : test) part[i] = 'x';
        auto held_out = std::make_shared<detail::HeldOut>();
        std::vector<std::int64_t> rows[3];
        for (std::size_t i = 0; i < part.size(); ++i) {
            rows[part[i] == 't' ? 0 : part[i] == 'v' ? 1 : 2].push_back(static_cast<std::int64_t>(i));
            if (part[i] != 't') held_out->push_back(data_.identity(i));
        }
        std::sort(held_out->begin(), held_out->end());
        detail::register_held_out(held_out);
        Split<T> result{data_.subset(rows[0]), data_.subset(rows[1]), data_.subset(rows[2])};
        for (Dataset<T>* each : {&result.train, &result.validation, &result.test}) each->splits_.push_back(held_out);
        return result;
    }

private:
    const Dataset<T>& data_;
    std::vector<std::vector<Numbers>> strata_;
};

namespace {

std::size_t count_of(const char* what, double fraction, std::size_t count, std::size_t units) {
    auto refuse = [&](const std::string& got, const char* wanted) {
        throw std::invalid_argument("[split] got " + got + "; wanted " + wanted);
    };
    const std::string text = std::string(what) + " = " + std::to_string(fraction);
    if (!(fraction >= 0 && fraction < 1)) refuse(text, "a fraction, 0 or more and below 1");
    if (fraction > 0 && count > 0)
        refuse(text + " and " + what + "_count = " + std::to_string(count), "one of the two");
    return count > 0 ? count : static_cast<std::size_t>(std::llround(fraction * static_cast<double>(units)));
}

}    // namespace

template <class T>
Split<T> split(const Dataset<T>& data, const SplitOptions& options) {
    Partition<T> partition("split", data, options.stratified, options.groups, options.seed);
    const std::size_t units = partition.units();
    const std::size_t validation = count_of("validation", options.validation, options.validation_count, units);
    const std::size_t test = count_of("test", options.test, options.test_count, units);
    if (validation + test == 0)
        throw std::invalid_argument("[split] got neither a validation nor a test part; wanted at least one of them");
    if (validation + test >= units)
        throw std::invalid_argument("[split] got " + std::to_string(validation) + " for validation and " +
                                    std::to_string(test) + " for test of " + std::to_string(units) +
                                    "; wanted something left to train with");
    const auto held = partition.take(validation);
    return partition.split(held, partition.take(test));
}

template <class T>
std::vector<Split<T>> k_fold(const Dataset<T>& data, const FoldOptions& options) {
    Partition<T> partition("k_fold", data, options.stratified, options.groups, options.seed);
    const std::size_t units = partition.units();
    if (options.folds < 2 || options.folds > units)
        throw std::invalid_argument("[k_fold] got folds = " + std::to_string(options.folds) + "; wanted 2 to " +
                                    std::to_string(units));
    std::vector<Split<T>> result;
    for (std::size_t fold = 0; fold < options.folds; ++fold) {
        const std::size_t left = partition.units(), folds = options.folds - fold;
        result.push_back(partition.split(partition.take((left + folds - 1) / folds), {}));
    }
    return result;
}

template Split<float> split(const Dataset<float>&, const SplitOptions&);
template Split<double> split(const Dataset<double>&, const SplitOptions&);
template std::vector<Split<float>> k_fold(const Dataset<float>&, const FoldOptions&);
template std::vector<Split<double>> k_fold(const Dataset<double>&, const FoldOptions&);

}    // namespace xtape::train
