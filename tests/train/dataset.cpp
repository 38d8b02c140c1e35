#include <xtape/train/data/dataset.hpp>
#include <xtape/train/data/split.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/preprocess/scaling.hpp>

#include <boost/test/unit_test.hpp>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xrandom.hpp>

#include <cmath>
#include <set>
#include <stdexcept>
#include <string>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(dataset)

namespace {

// `count` examples whose input is their number.
Dataset<float> numbered(std::size_t count, std::size_t classes = 3) {
    Array<float> inputs = empty_array<float>({count, 1});
    Indices labels = empty_array<std::int64_t>({count});
    for (std::size_t i = 0; i < count; ++i) {
        inputs(i, 0) = static_cast<float>(i);
        labels(i) = static_cast<std::int64_t>(i % classes);
    }
    return Dataset<float>(std::move(inputs), std::move(labels));
}

std::set<float> members(const Dataset<float>& data) {
    const Array<float> inputs = data.inputs();
    return {inputs.storage().begin(), inputs.storage().end()};
}

// Fetched when needed; counts what is fetched.
struct Squares : Source<float> {
    mutable std::size_t fetched = 0;
    std::size_t size() const override { return 10; }
    Batch<float> fetch(Rows rows) const override {
        fetched += rows.size();
        Array<float> inputs = empty_array<float>({rows.size(), 2});
        for (std::size_t i = 0; i < rows.size(); ++i)
            inputs(i, 0) = static_cast<float>(rows[i]), inputs(i, 1) = static_cast<float>(rows[i] * rows[i]);
        return {.inputs = Variable<float>(std::move(inputs))};
    }
};

}    // namespace

BOOST_AUTO_TEST_CASE(arrays_in_memory_are_shared_and_not_copied) {
    auto data = numbered(6);
    const Array<float> first = data.inputs(), second = data.inputs();
    BOOST_TEST(first.storage().data() == second.storage().data());
    BOOST_TEST(data.size() == 6u);
    BOOST_TEST(data.classes() == 3u);
    BOOST_TEST((data.class_counts() == std::vector<std::size_t>{2, 2, 2}));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_together_is_refused) {
    BOOST_CHECK_THROW(Dataset<float>(xt::ones<float>({4, 2}), xt::ones<std::int64_t>({3})), ShapeError);
    BOOST_CHECK_THROW(Dataset<float>(xt::ones<float>({4, 2}), xt::ones<float>({3, 1})), ShapeError);
    BOOST_CHECK_THROW(Dataset<float>(Array<float>(1.0F)), ShapeError);
    BOOST_CHECK_THROW(Dataset<float>(xt::ones<float>({4, 2}), xt::ones<std::int64_t>({4}), {.example_shape = Shape{3}}),
                      ShapeError);
    BOOST_CHECK_THROW(Dataset<float>(xt::ones<float>({2, 2}), -xt::ones<std::int64_t>({2})), std::out_of_range);
    BOOST_CHECK_THROW(Dataset<float>(xt::ones<float>({2, 2}), xt::ones<std::int64_t>({2}), {.class_names = {"only"}}),
                      std::out_of_range);
    BOOST_CHECK_THROW(Dataset<float>().fetch({}), Error);
    const std::int64_t far[] = {6}, negative[] = {-1};
    BOOST_CHECK_THROW(numbered(6).fetch(far), std::out_of_range);
    BOOST_CHECK_THROW(numbered(6).subset(negative), std::out_of_range);
    BOOST_CHECK_THROW(Dataset<float>(xt::ones<float>({2, 2})).labels(), Error);
    BOOST_CHECK_THROW(numbered(6).targets(), Error);
}

BOOST_AUTO_TEST_CASE(a_subset_of_a_subset_counts_in_its_own_numbers) {
    const std::int64_t even[] = {0, 2, 4, 6, 8}, last_two[] = {4, 3};
    auto data = numbered(10).subset(even).subset(last_two);
    BOOST_TEST((data.inputs() == share(Array<float>{8.0F, 6.0F}, Shape{2, 1})));
    BOOST_TEST((data.labels() == Indices{2, 0}));
}

BOOST_AUTO_TEST_CASE(a_source_is_asked_for_what_is_needed_only) {
    auto source = std::make_shared<Squares>();
    Dataset<float> data(source);
    const std::int64_t rows[] = {3, 1};
    auto doubled = data.map_inputs([](const Array<float>& x) -> Array<float> { return 2 * x; });
    BOOST_TEST(source->fetched == 0u);
    BOOST_TEST((doubled.fetch(rows).inputs.value() == Array<float>{{6.0F, 18.0F}, {2.0F, 2.0F}}));
    BOOST_TEST(source->fetched == 2u);
    Standardize<float> standardize;
    {
        Standardize<float> fitted(data);
        auto mapped = fitted(data);    // outlives what mapped it
        standardize = fitted;
        data = mapped;
    }
    BOOST_TEST(std::abs(data.fetch(rows).inputs.value()(0, 0) - (3 - 4.5F) / std::sqrt(8.25F)) < 1e-6F);
}

BOOST_AUTO_TEST_CASE(parts_of_a_split_are_disjoint_and_complete) {
    for (bool stratified : {false, true}) {
        auto data = numbered(100);
        auto parts = split(data, {.validation = 0.2, .test_count = 7, .stratified = stratified, .seed = 3});
        BOOST_TEST(parts.train.size() == 73u);
        BOOST_TEST(parts.validation.size() == 20u);
        BOOST_TEST(parts.test.size() == 7u);
        std::set<float> all = members(parts.train);
        for (const auto& part : {parts.validation, parts.test})
            for (float member : members(part)) BOOST_TEST(all.insert(member).second);
        BOOST_TEST(all.size() == 100u);
        if (!stratified) continue;
        for (std::size_t count : parts.validation.class_counts()) BOOST_TEST((count == 6 || count == 7));
    }
    BOOST_TEST(members(split(numbered(50), {.validation = 0.5, .seed = 1}).train) ==
               members(split(numbered(50), {.validation = 0.5, .seed = 1}).train));
    BOOST_TEST(members(split(numbered(50), {.validation = 0.5, .seed = 1}).train) !=
               members(split(numbered(50), {.validation = 0.5, .seed = 2}).train));
}

BOOST_AUTO_TEST_CASE(no_group_is_on_both_sides) {
    std::vector<std::int64_t> groups(60);
    for (std::size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<std::int64_t>(i * i % 13);
    auto data = numbered(60);
    auto group_of = [&](float member) { return groups[static_cast<std::size_t>(member)]; };
    for (const auto& parts : k_fold(data, {.folds = 3, .groups = groups})) {
        std::set<std::int64_t> here;
        for (float member : members(parts.train)) here.insert(group_of(member));
        for (float member : members(parts.validation)) BOOST_TEST(!here.contains(group_of(member)));
        BOOST_TEST(parts.train.size() + parts.validation.size() == 60u);
    }
}

BOOST_AUTO_TEST_CASE(each_example_is_validated_once_in_a_cross_validation) {
    for (bool stratified : {false, true}) {
        std::multiset<float> validated;
        for (const auto& parts : k_fold(numbered(31), {.folds = 4, .stratified = stratified})) {
            BOOST_TEST((parts.validation.size() == 7u || parts.validation.size() == 8u));
            for (float member : members(parts.validation)) validated.insert(member);
        }
        BOOST_TEST(validated.size() == 31u);
        BOOST_TEST(std::set<float>(validated.begin(), validated.end()).size() == 31u);
    }
}

BOOST_AUTO_TEST_CASE(wrong_splits_are_refused) {
    auto data = numbered(10);
    BOOST_CHECK_THROW(split(data, {}), std::invalid_argument);
    BOOST_CHECK_THROW(split(data, {.validation = 1.5}), std::invalid_argument);
    BOOST_CHECK_THROW(split(data, {.validation = -0.1}), std::invalid_argument);
    BOOST_CHECK_THROW(split(data, {.validation = 0.5, .validation_count = 2}), std::invalid_argument);
    BOOST_CHECK_THROW(split(data, {.validation_count = 10}), std::invalid_argument);
    BOOST_CHECK_THROW(split(data, {.validation = 0.5, .groups = {1, 2}}), std::invalid_argument);
    BOOST_CHECK_THROW(split(Dataset<float>(xt::ones<float>({4, 1})), {.validation = 0.5, .stratified = true}),
                      std::invalid_argument);
    BOOST_CHECK_THROW(k_fold(data, {.folds = 1}), std::invalid_argument);
    BOOST_CHECK_THROW(k_fold(data, {.folds = 11}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(fitting_on_what_is_held_out_is_refused_whatever_way_it_comes) {
    auto data = numbered(20);
    auto parts = split(data, {.validation = 0.25, .seed = 1});
    BOOST_CHECK_NO_THROW(Standardize<float>(parts.train));
    BOOST_CHECK_THROW(Standardize<float>(parts.validation), Error);
    BOOST_CHECK_THROW(Standardize<float>{data}, Error);
    BOOST_CHECK_THROW(Standardize<float>(concat<float>({parts.train, parts.validation})), Error);
    auto scaled = Standardize<float>(parts.train)(parts.validation);    // other numbers, the same examples
    BOOST_CHECK_THROW(Center<float>{scaled}, Error);
    // A fold's train part is not to blame for what other folds hold out.
    auto other = numbered(20);
    auto folds = k_fold(other, {.folds = 4});
    for (const auto& fold : folds) BOOST_CHECK_NO_THROW(Standardize<float>(fold.train));
    folds.clear();
    BOOST_CHECK_NO_THROW(Standardize<float>{other});    // nothing is held out any more
}

BOOST_AUTO_TEST_CASE(parts_in_a_row_are_one_data_set) {
    const std::int64_t some[] = {2, 0};
    auto both = concat<float>({numbered(3), numbered(5).subset(some)});
    BOOST_TEST((both.inputs() == share(Array<float>{0.0F, 1.0F, 2.0F, 2.0F, 0.0F}, Shape{5, 1})));
    BOOST_TEST((both.labels() == Indices{0, 1, 2, 2, 0}));
    BOOST_CHECK_THROW(concat<float>({}), Error);
    BOOST_CHECK_THROW(concat<float>({numbered(3), Dataset<float>(xt::ones<float>({2, 1}))}), Error);
    BOOST_CHECK_THROW(
        concat<float>({numbered(3), Dataset<float>(xt::ones<float>({2, 4}), xt::ones<std::int64_t>({2}))}), ShapeError);
}

BOOST_AUTO_TEST_CASE(a_summary_says_what_is_there_and_what_is_missing) {
    Dataset<double> data(Array<double>{{1.0, std::nan("")}, {3.0, -2.0}}, Indices{0, 1},
                         {.class_names = {"no", "yes"}});
    BOOST_TEST(data.summary() ==
               "2 examples of shape (2,), -2 to 3, 25 % missing\n2 classes: no 1 (50.0 %), yes 1 (50.0 %)\n");
}

BOOST_AUTO_TEST_CASE(synthetic_data_are_functions_of_their_options) {
    BOOST_TEST((spirals<float>({.seed = 4}).inputs() == spirals<float>({.seed = 4}).inputs()));
    BOOST_TEST((moons<float>({.seed = 4}).inputs() != moons<float>({.seed = 5}).inputs()));
    BOOST_TEST((Array<float>(blobs<double>().inputs()) == blobs<float>().inputs()));
    BOOST_TEST((circles<double>({.count = 11}).class_counts() == std::vector<std::size_t>{5, 6}));
    const auto friedman_data = friedman<double>({.count = 50, .noise = 0});
    const Array<double> x = friedman_data.inputs(), y = friedman_data.targets();
    for (std::size_t i = 0; i < 50; ++i)
        BOOST_TEST(y(i, 0) == 10 * std::sin(std::acos(-1.0) * x(i, 0) * x(i, 1)) + 20 * std::pow(x(i, 2) - 0.5, 2) +
                                  10 * x(i, 3) + 5 * x(i, 4),
                   boost::test_tools::tolerance(1e-12));
    BOOST_CHECK_THROW(spirals<float>({.classes = 0}), std::invalid_argument);
    BOOST_CHECK_THROW(friedman<float>({.features = 4}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
