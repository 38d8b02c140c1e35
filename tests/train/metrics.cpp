#include <xtape/core/error.hpp>
#include <xtape/train/loop/metrics.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>
#include <string>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(metrics)

namespace {

struct Part {
    Array<double> outputs;
    Indices labels;
};

Array<double> column(std::initializer_list<double> numbers) {
    Array<double> result = empty_array<double>({numbers.size(), 1});
    std::copy(numbers.begin(), numbers.end(), result.storage().begin());
    return result;
}

Batch<double> batch_of(const Part& part) {
    return {.inputs = Variable<double>(share(part.outputs)), .labels = share(part.labels)};
}

std::map<std::string, double> over(const std::shared_ptr<const Metric<double>>& kind, const std::vector<Part>& parts) {
    auto metric = kind->fresh();
    for (const Part& part : parts) {
        metric->update(part.outputs, batch_of(part));
        auto resumed = kind->fresh();    // through its state, as in the middle of an epoch
        resumed->load_state(metric->state());
        metric = std::move(resumed);
    }
    std::map<std::string, double> result;
    for (const auto& [name, value] : metric->values()) result[name] = value;
    return result;
}

// Five examples in two batches of different sizes.
const std::vector<Part> parts{{{{2.0, 1.0, 0.0}, {0.0, 1.0, 3.0}, {1.0, 1.0, 0.0}}, {0, 2, 1}},
                              {{{0.0, 5.0, 1.0}, {0.5, 0.2, 0.1}}, {1, 2}}};

}    // namespace

BOOST_AUTO_TEST_CASE(accuracies_are_over_all_examples_and_ties_go_to_the_first) {
    BOOST_TEST(over(accuracy<double>(), parts).at("accuracy") == 3.0 / 5);
    BOOST_TEST(over(top_k<double>(2), parts).at("top_2") == 4.0 / 5);
    BOOST_TEST(std::isnan(over(accuracy<double>(), {}).at("accuracy")));
    const double nan = std::nan("");
    BOOST_TEST(over(accuracy<double>(), {{{{nan, nan}}, {0}}}).at("accuracy") == 0);
    BOOST_CHECK_THROW(over(accuracy<double>(), {{{{1.0, 2.0}}, {0, 1}}}), ShapeError);
}

// scikit-learn's precision_recall_fscore_support(y, p, average='macro', zero_division=0) of [0 2 1 1 2], [0 2 0 1 0].
BOOST_AUTO_TEST_CASE(precision_and_recall_are_means_over_classes) {
    const auto values = over(precision_recall<double>({.per_class = true, .micro = true}), parts);
    BOOST_TEST(values.at("precision") == (1.0 / 3 + 1 + 1) / 3, boost::test_tools::tolerance(1e-14));
    BOOST_TEST(values.at("recall") == (1 + 0.5 + 0.5) / 3, boost::test_tools::tolerance(1e-14));
    BOOST_TEST(values.at("f1") == (0.5 + 2.0 / 3 + 2.0 / 3) / 3, boost::test_tools::tolerance(1e-14));
    BOOST_TEST(values.at("recall_1") == 0.5);
    for (const char* name : {"precision_micro", "recall_micro", "f1_micro"}) BOOST_TEST(values.at(name) == 3.0 / 5);
    BOOST_TEST(over(precision_recall<double>(), parts).size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_area_under_the_curve_counts_ties_half) {
    const std::vector<Part> two{{{{0.0, 0.1}, {0.0, 0.4}, {0.0, 0.35}}, {0, 0, 1}}, {{{0.0, 0.8}, {0.0, 0.4}}, {1, 1}}};
    // Of 6 pairs 4 are in order and one is a tie: (0.1 < 0.35, 0.8, 0.4), (0.4 < 0.8), (0.4 = 0.4).
    BOOST_TEST(over(auc<double>(), two).at("auc") == 4.5 / 6, boost::test_tools::tolerance(1e-14));
    BOOST_TEST(std::isnan(over(auc<double>(), {{{{0.0, 1.0}}, {1}}}).at("auc")));
}

BOOST_AUTO_TEST_CASE(regression_metrics_are_those_of_all_examples_together) {
    auto value = [](const std::shared_ptr<const Metric<double>>& kind) {
        auto metric = kind->fresh();
        metric->update(column({1.0, 2.0}), {.inputs = Variable<double>(column({0.0, 0.0})),
                                            .targets = Variable<double>(column({0.0, 4.0}))});
        metric->update(column({5.0}),
                       {.inputs = Variable<double>(column({0.0})), .targets = Variable<double>(column({8.0}))});
        return metric->values().front().second;
    };
    BOOST_TEST(value(mean_absolute_error<double>()) == 2.0);
    BOOST_TEST(value(root_mean_squared_error<double>()) == std::sqrt(14.0 / 3), boost::test_tools::tolerance(1e-14));
    BOOST_TEST(value(r_squared<double>()) == 1 - 14.0 / 32, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(a_confusion_matrix_has_a_row_a_class) {
    const Indices counts = confusion_matrix(parts[0].outputs, parts[0].labels);
    BOOST_TEST((counts == Indices{{1, 0, 0}, {1, 0, 0}, {0, 0, 1}}));
    BOOST_CHECK_THROW(confusion_matrix(parts[0].outputs, Indices{0, 1, 3}), std::out_of_range);
}

BOOST_AUTO_TEST_SUITE_END()
