#include <xtape/train/data/split.hpp>
#include <xtape/train/data/synthetic.hpp>
#include <xtape/train/preprocess/one_hot.hpp>
#include <xtape/train/preprocess/pipeline.hpp>
#include <xtape/train/preprocess/principal.hpp>
#include <xtape/train/preprocess/scaling.hpp>

#include <boost/test/unit_test.hpp>
#include <xtensor/xbuilder.hpp>
#include <xtensor/xmath.hpp>

#include <cmath>
#include <stdexcept>

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(preprocessing)

namespace {

Array<double> table() { return {{1.0, 5.0, -2.0}, {3.0, 5.0, 4.0}, {2.0, 5.0, 10.0}, {10.0, 5.0, 0.0}}; }
Dataset<double> data() { return Dataset<double>(table()); }

void check_close(const Array<double>& got, const Array<double>& wanted, double tolerance = 1e-12) {
    BOOST_TEST((got.shape() == wanted.shape()));
    for (std::size_t i = 0; i < got.size(); ++i)
        BOOST_TEST(std::abs(got.storage()[i] - wanted.storage()[i]) <= tolerance);
}

// Goes there and back, and through its state into one that is not fitted.
template <class P>
void check_round_trip(const P& fitted, const Array<double>& inputs, double tolerance = 1e-9) {
    const Array<double> mapped = fitted.transform(inputs);
    check_close(fitted.inverse(mapped), inputs, tolerance);
    P other;
    BOOST_CHECK_THROW(other.transform(inputs), Error);
    other.load_state(fitted.state());
    BOOST_TEST((other.transform(inputs) == mapped));
    BOOST_CHECK_THROW(other.transform(xt::ones<double>({2, 7})), ShapeError);
    BOOST_CHECK_THROW(other.load_state(State()), StateError);
    BOOST_TEST((other.transform(inputs) == mapped));
}

}    // namespace

BOOST_AUTO_TEST_CASE(scalings_are_those_of_their_formulas_and_constant_columns_stay_finite) {
    Standardize<double> standardize(data());
    const Array<double> z = standardize.transform(table());
    for (std::size_t c : {0u, 2u}) {
        double mean = 0, square = 0;
        for (std::size_t i = 0; i < 4; ++i) mean += z(i, c) / 4, square += z(i, c) * z(i, c) / 4;
        BOOST_TEST(std::abs(mean) < 1e-15);
        BOOST_TEST(std::abs(square - 1) < 1e-14);
    }
    for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(z(i, 1) == 0);
    check_close(Center<double>(data()).transform(table()),
                {{-3.0, 0.0, -5.0}, {-1.0, 0.0, 1.0}, {-2.0, 0.0, 7.0}, {6.0, 0.0, -3.0}});
    check_close(MinMax<double>(data(), {.low = -1, .high = 1}).transform(table()),
                {{-1.0, -1.0, -1.0}, {-5.0 / 9, -1.0, 0.0}, {-7.0 / 9, -1.0, 1.0}, {1.0, -1.0, -2.0 / 3}});
    // numpy.percentile: quartiles 1.75, 2.5, 4.75 and -0.5, 2, 5.5.
    check_close(Robust<double>(data()).transform(table()),
                {{-0.5, 0.0, -4.0 / 6}, {0.5 / 3, 0.0, 2.0 / 6}, {-0.5 / 3, 0.0, 8.0 / 6}, {2.5, 0.0, -2.0 / 6}});
    check_round_trip(standardize, table());
    check_round_trip(Center<double>(data()), table());
    check_round_trip(MinMax<double>(data()), table());
    check_round_trip(Robust<double>(data()), table());
    BOOST_CHECK_THROW(MinMax<double>(data(), {.low = 1, .high = 1}), std::invalid_argument);
    BOOST_CHECK_THROW(Center<double>().load_state(standardize.state()), StateError);
}

BOOST_AUTO_TEST_CASE(channels_have_one_mean_each) {
    Array<double> images = xt::arange<double>(24).reshape({2, 3, 2, 2});
    ChannelStandardize<double> channels{Dataset<double>(images)};
    const Array<double> z = channels.transform(images);
    for (std::size_t c = 0; c < 3; ++c) {
        double mean = 0, square = 0;
        for (std::size_t n = 0; n < 2; ++n)
            for (std::size_t k = 0; k < 4; ++k) {
                const double value = z(n, c, k / 2, k % 2);
                mean += value / 8, square += value * value / 8;
            }
        BOOST_TEST(std::abs(mean) < 1e-14);
        BOOST_TEST(std::abs(square - 1) < 1e-14);
    }
    check_close(channels.inverse(z), images, 1e-12);
    BOOST_CHECK_THROW(ChannelStandardize<double>(Dataset<double>(images), {.axis = 4}), ShapeError);
}

BOOST_AUTO_TEST_CASE(principal_components_are_uncorrelated_and_ordered) {
    auto points = blobs<double>({.classes = 4, .per_class = 50, .features = 5, .spread = 2, .seed = 3});
    const PCA<double> pca(points);
    const Array<double> y = pca.transform(points.inputs());
    for (std::size_t a = 0; a < 5; ++a)
        for (std::size_t b = 0; b <= a; ++b) {
            double covariance = 0;
            for (std::size_t i = 0; i < y.shape()[0]; ++i) covariance += y(i, a) * y(i, b) / double(y.shape()[0]);
            BOOST_TEST(std::abs(covariance - (a == b ? pca.variances()(a) : 0)) < 1e-10);
        }
    for (std::size_t a = 1; a < 5; ++a) BOOST_TEST(pca.variances()(a) <= pca.variances()(a - 1));
    check_round_trip(pca, points.inputs());

    const PCA<double> few(points, {.share = 0.8});
    BOOST_TEST(few.kept_share() >= 0.8);
    BOOST_TEST(PCA<double>(points, {.components = few.components() - 1}).kept_share() < 0.8);
    BOOST_CHECK_THROW(PCA<double>(points, {.components = 6}), std::invalid_argument);
    BOOST_CHECK_THROW(PCA<double>(points, {.share = 1.1}), std::invalid_argument);
    BOOST_CHECK_THROW(PCA<double>(points, {.components = 2, .share = 0.5}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(whitened_data_have_the_unit_covariance) {
    auto points = blobs<double>({.classes = 4, .per_class = 50, .features = 4, .spread = 2, .seed = 3});
    auto check_white = [&](const Array<double>& y) {
        for (std::size_t a = 0; a < 4; ++a)
            for (std::size_t b = 0; b <= a; ++b) {
                double covariance = 0;
                for (std::size_t i = 0; i < y.shape()[0]; ++i) covariance += y(i, a) * y(i, b) / double(y.shape()[0]);
                BOOST_TEST(std::abs(covariance - (a == b ? 1 : 0)) < 1e-9);
            }
    };
    const PCA<double> pca(points, {.whiten = true, .eps = 0});
    const ZCA<double> zca(points, {.eps = 0});
    check_white(pca.transform(points.inputs()));
    check_white(zca.transform(points.inputs()));
    check_round_trip(pca, points.inputs());
    check_round_trip(zca, points.inputs());
    // A column that is constant has no variance to divide by.
    Dataset<double> flat(Array<double>{{1.0, 2.0}, {2.0, 2.0}, {3.0, 2.0}});
    const Array<double> whitened = ZCA<double>(flat, {.eps = 0}).transform(flat.inputs());
    for (double value : whitened.storage()) BOOST_TEST(std::isfinite(value));
}

BOOST_AUTO_TEST_CASE(categories_become_columns) {
    Dataset<double> mixed(Array<double>{{0.5, 2.0, 7.0}, {1.5, 0.0, 7.0}, {2.5, 2.0, 8.0}});
    OneHot<double> one_hot(mixed, {.columns = {1, 2}});
    check_close(one_hot.transform(mixed.inputs()),
                {{0.5, 0.0, 1.0, 1.0, 0.0}, {1.5, 1.0, 0.0, 1.0, 0.0}, {2.5, 0.0, 1.0, 0.0, 1.0}});
    check_round_trip(one_hot, mixed.inputs());
    BOOST_CHECK_THROW(one_hot.transform(Array<double>{{0.0, 1.0, 7.0}}), std::out_of_range);
    check_close(
        OneHot<double>(mixed, {.columns = {1}, .unknown_as_zeros = true}).transform(Array<double>{{0.0, 1.0, 7.0}}),
        {{0.0, 0.0, 0.0, 7.0}});
    BOOST_CHECK_THROW(OneHot<double>(mixed, {.columns = {3}}), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(a_pipeline_fits_each_step_on_what_the_others_leave) {
    auto parts = split(Dataset<double>(Array<double>{{1.0, 0.0}, {2.0, 1.0}, {4.0, 0.0}, {9.0, 1.0}, {5.0, 1.0}}),
                       {.validation_count = 1, .seed = 1});
    Pipeline<double> pipeline(parts.train);
    pipeline.add<OneHot>("kind", {.columns = {1}}).add<Standardize>("scale");
    const auto ready = pipeline(parts.train).inputs();
    BOOST_TEST((ready.shape() == Shape{4, 3}));
    for (std::size_t c = 0; c < 3; ++c) {
        double mean = 0;
        for (std::size_t i = 0; i < 4; ++i) mean += ready(i, c);
        BOOST_TEST(std::abs(mean) < 1e-12);
    }
    check_close(pipeline.inverse(ready), parts.train.inputs(), 1e-12);
    Pipeline<double> other(parts.train);
    other.add<OneHot>("kind", {.columns = {1}}).add<Standardize>("scale");
    other.load_state(pipeline.state());
    BOOST_TEST((other.transform(parts.validation.inputs()) == pipeline.transform(parts.validation.inputs())));
    BOOST_CHECK_THROW(pipeline.add<Standardize>("scale"), std::invalid_argument);
    BOOST_CHECK_THROW(Pipeline<double>{parts.validation}, Error);
    Pipeline<double> shorter(parts.train);
    shorter.add<OneHot>("kind", {.columns = {1}});
    BOOST_CHECK_THROW(shorter.load_state(pipeline.state()), StateError);
}

BOOST_AUTO_TEST_SUITE_END()
