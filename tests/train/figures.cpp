#include <xtape/core/error.hpp>
#include <xtape/io/png.hpp>
#include <xtape/train/report/bars.hpp>
#include <xtape/train/report/heat_map.hpp>
#include <xtape/train/report/image_tiles.hpp>
#include <xtape/train/report/parallel_coordinates.hpp>
#include <xtape/train/report/plot.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>

#include "../io/files.hpp"

using namespace xtape;
using namespace xtape::train;

BOOST_AUTO_TEST_SUITE(figures)

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t result = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++result;
    return result;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Array<double> matrix(std::size_t rows, std::size_t columns, double (*at)(std::size_t, std::size_t)) {
    Array<double> result = empty_array<double>({rows, columns});
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t k = 0; k < columns; ++k) result(i, k) = at(i, k);
    return result;
}

}    // namespace

BOOST_AUTO_TEST_CASE(a_plot_is_a_document_with_a_path_for_each_line_and_names_at_their_ends) {
    Plot plot({.title = "Loss < 1", .x = {.label = "epoch"}, .y = {.label = "loss", .unit = "nats"}});
    plot.line("training", {3, 2, 1}).line("validation", {3, 2.5, 2});
    const std::string svg = plot.svg();
    BOOST_TEST(svg.starts_with("<svg xmlns"));
    BOOST_TEST(count(svg, "<path") == 2);
    BOOST_TEST(has(svg, ">Loss &lt; 1<"));
    BOOST_TEST(has(svg, ">loss (nats)<"));
    BOOST_TEST(has(svg, ">training<"));
    BOOST_TEST(has(svg, "prefers-color-scheme:dark"));
    BOOST_TEST(has(plot.svg_element(), "data-plot"));
    BOOST_TEST(!has(plot.svg_element(), "<style"));
}

BOOST_AUTO_TEST_CASE(one_line_needs_no_name) {
    Plot plot({});
    BOOST_TEST(!has(plot.line("training", {3, 2, 1}).svg(), ">training<"));
}

BOOST_AUTO_TEST_CASE(what_is_missing_is_bridged_and_what_is_infinite_breaks_the_line) {
    Plot missing({}), broken({}), one({});
    BOOST_TEST(count(missing.line("", {1, nan, 3, 4}).svg(), "<path") == 1);
    BOOST_TEST(count(broken.line("", {1, 2, infinity, 3, 4}).svg(), "<path") == 2);
    BOOST_TEST(count(one.line("", {1}).svg(), "<circle") == 1);
}

BOOST_AUTO_TEST_CASE(a_plot_without_numbers_says_so) {
    Plot none({}), nothing({}), negative({.y = {.log = true}});
    BOOST_TEST(has(none.svg(), "no numbers to show"));
    BOOST_TEST(has(nothing.line("", {nan, infinity}).svg(), "no numbers to show"));
    BOOST_TEST(has(negative.line("", {-1, 0}).svg(), "no numbers to show"));
}

BOOST_AUTO_TEST_CASE(numbers_beside_the_axes_are_round) {
    Plot linear({}), log({.y = {.log = true}}), large({});
    const std::string svg = linear.line("", {0.013, 0.97}).svg();
    for (const char* label : {">0.0<", ">0.2<", ">0.4<", ">1.0<"}) BOOST_TEST(has(svg, label), label);
    const std::string decades = log.line("", {1e-7, 1e2}).svg();
    BOOST_TEST(has(decades, ">10⁻⁶<"));
    BOOST_TEST(has(large.line("", {0, 60000}).svg(), ">20k<"));
}

BOOST_AUTO_TEST_CASE(epochs_are_counted_in_whole_numbers) {
    Plot plot({.x = {.label = "epoch"}});
    const std::string svg = plot.line("", {5, 4, 3}).svg();
    BOOST_TEST(has(svg, ">2<"));
    BOOST_TEST(!has(svg, ">1.5<"));
}

BOOST_AUTO_TEST_CASE(a_hundred_thousand_points_make_a_small_file) {
    std::vector<double> y;
    for (int i = 0; i < 100000; ++i) y.push_back(std::sin(i * 0.01) + (i == 50000 ? 10 : 0));
    Plot plot({});
    const std::string svg = plot.line("", y).svg_element();
    BOOST_TEST(svg.size() < 40000);
    Plot without({});
    y[50000] -= 10;
    BOOST_TEST(without.line("", y).svg_element() != svg);    // the one that stands out is still there
}

BOOST_AUTO_TEST_CASE(a_histogram_counts_every_value_once) {
    Plot plot({});
    plot.histogram("", {1, 1, 1, 2, 3, 4, nan}, {.bins = 3});
    const std::string svg = plot.svg();
    BOOST_TEST(count(svg, "class=\"bar f0\"") == 3);
    BOOST_TEST(has(svg, "<title>1 to 2: 3</title>"));
    BOOST_TEST(has(svg, "<title>3 to 4: 2</title>"));
}

BOOST_AUTO_TEST_CASE(lists_that_do_not_fit_are_refused_and_nothing_changes) {
    Plot plot({});
    BOOST_CHECK_THROW(plot.line("a", {1, 2}, {1}), std::invalid_argument);
    BOOST_CHECK_THROW(plot.scatter("a", {1, 2}, {1, 2}, {1}), std::invalid_argument);
    BOOST_CHECK_THROW(plot.band({1, 2}, {1, 2}, {1}), std::invalid_argument);
    BOOST_TEST(plot.series().empty());
    BOOST_CHECK_THROW(Plot({.width = 10}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_terminal_shows_a_plot_in_its_width) {
    Plot plot({.title = "Loss", .x = {.label = "epoch"}});
    plot.line("training", {4, 3, 2, 1});
    const std::string text = plot.text({.width = 40, .height = 10});
    BOOST_TEST(text.starts_with("Loss: training\n"));
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 10);
    BOOST_TEST(has(text, "⠑"));    // a line that falls
    BOOST_CHECK_THROW(plot.text({.width = 5}), std::invalid_argument);
    Plot none({.title = "Loss"});
    BOOST_TEST(none.text() == "Loss: no numbers to show\n");
}

BOOST_AUTO_TEST_CASE(files_are_what_their_names_say) {
    files::Folder folder;
    Plot plot({});
    plot.line("", {1, 2});
    plot.write(folder.path() / "plot.svg");
    BOOST_TEST(std::filesystem::file_size(folder.path() / "plot.svg") == plot.svg().size());
    BOOST_CHECK_THROW(plot.write(folder.path() / "plot.png"), Error);
    BOOST_CHECK_THROW(plot.write(folder.path() / "plot.jpg"), std::invalid_argument);
    HeatMap map(matrix(3, 5, [](auto i, auto k) { return double(i * 5 + k); }));
    map.write(folder.path() / "map.png");
    std::ifstream file(folder.path() / "map.png", std::ios::binary);
    BOOST_TEST(std::string(std::istreambuf_iterator<char>(file), {}) == io::encode_png(map.pixels()));
}

BOOST_AUTO_TEST_CASE(a_heat_map_is_transparent_where_there_is_little) {
    HeatMap map(matrix(2, 2, [](auto i, auto k) { return i == 1 && k == 0 ? nan : double(i * 2 + k); }));
    const io::Picture pixels = map.pixels();
    BOOST_TEST(int(pixels.at(0, 0)[3]) == 0);
    BOOST_TEST(int(pixels.at(0, 1)[3]) == 85);
    BOOST_TEST(int(pixels.at(1, 0)[3]) == 0);
    BOOST_TEST(int(pixels.at(1, 1)[3]) == 255);
    BOOST_TEST(count(map.svg(), "class=\"cell") == 3);
}

BOOST_AUTO_TEST_CASE(a_large_heat_map_is_one_image) {
    HeatMap map(matrix(100, 100, [](auto i, auto k) { return double(i * k); }));
    BOOST_TEST(count(map.svg(), "<image") == 1);
    BOOST_TEST(count(map.svg(), "class=\"cell") == 0);
}

BOOST_AUTO_TEST_CASE(heat_maps_refuse_what_is_no_matrix_and_wrong_names) {
    BOOST_CHECK_THROW(HeatMap(empty_array<double>({3})), ShapeError);
    BOOST_CHECK_THROW(HeatMap(empty_array<double>({0, 3})), ShapeError);
    const auto two = matrix(2, 2, [](auto, auto) { return 1.0; });
    BOOST_CHECK_THROW(HeatMap(two, {.column_names = {"a"}}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(weights_are_grey_around_zero_or_coloured) {
    Array<double> weight = empty_array<double>({2, 4});
    const double values[] = {-1, 0, 0.5, 1, 0, 0, 0, 0};
    std::copy(std::begin(values), std::end(values), weight.storage().begin());
    const ImageTiles tiles(first_layer_pictures(weight, {2, 2}));
    const io::Picture sheet = tiles.pixels();
    BOOST_TEST(sheet.channels == 1);
    BOOST_TEST(int(sheet.at(1, 1)[0]) == 0);
    BOOST_TEST(int(sheet.at(1, 2)[0]) == 128);
    BOOST_TEST(int(sheet.at(2, 1)[0]) == 191);
    BOOST_TEST(int(sheet.at(2, 2)[0]) == 255);
    BOOST_TEST(ImageTiles(empty_array<double>({5, 3, 4, 4})).pixels().channels == 3);
}

BOOST_AUTO_TEST_CASE(kernels_become_pictures_in_the_shape_that_shows_them) {
    auto shape = [](const Shape& weight, const Shape& input = {}) {
        return first_layer_pictures(empty_array<float>(weight), input).shape();
    };
    BOOST_TEST((shape({30, 784}, {28, 28}) == Shape{30, 28, 28}));
    BOOST_TEST((shape({30, 3072}, {3, 32, 32}) == Shape{30, 3, 32, 32}));
    BOOST_TEST((shape({8, 1, 5, 5}) == Shape{8, 1, 5, 5}));
    BOOST_TEST((shape({8, 3, 5, 5}) == Shape{8, 3, 5, 5}));
    BOOST_TEST((shape({8, 6, 5, 5}) == Shape{48, 5, 5}));
    BOOST_TEST((shape({8, 2, 7}) == Shape{8, 2, 7}));
    BOOST_TEST((shape({8, 2, 3, 5, 5}) == Shape{48, 5, 5}));
    BOOST_CHECK_THROW(shape({30, 784}), ShapeError);
    BOOST_CHECK_THROW(shape({30, 784}, {28, 27}), ShapeError);
    BOOST_CHECK_THROW(shape({30}), ShapeError);
}

BOOST_AUTO_TEST_CASE(of_many_pictures_the_first_are_shown_and_that_is_said) {
    const ImageTiles tiles(empty_array<double>({7, 2, 2}), {.most = 3});
    BOOST_TEST(count(tiles.svg(), "<image") == 3);
    BOOST_TEST(has(tiles.svg(), "the first 3 of 7"));
    BOOST_CHECK_THROW(ImageTiles(empty_array<double>({2, 2, 2}), {.captions = {"a"}}), std::invalid_argument);
    BOOST_CHECK_THROW(ImageTiles(empty_array<double>({2, 2})), ShapeError);
    BOOST_CHECK_THROW(ImageTiles(empty_array<double>({2, 2, 3, 3})), ShapeError);
}

BOOST_AUTO_TEST_CASE(each_point_is_a_line_across_the_coordinates_and_the_best_is_thick) {
    const ParallelCoordinates figure({{{.label = "lr", .log = true}, {}}, {{.label = "activation"}, {"relu", "tanh"}}},
                                     {{1e-3, 0}, {1e-2, 1}, {nan, 1}}, {0.1, 0.9, 0.5}, {.higher_is_better = true});
    const std::string svg = figure.svg();
    BOOST_TEST(count(svg, "<path") == 3);
    BOOST_TEST(count(svg, "class=\"line c1\"") == 1);
    BOOST_TEST(has(svg, ">tanh<"));
    BOOST_CHECK_THROW(ParallelCoordinates({}, {}, {}), std::invalid_argument);
    BOOST_CHECK_THROW(ParallelCoordinates({{{.label = "a"}, {}}}, {{1, 2}}, {1}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(bars_are_as_long_as_their_values) {
    const std::string svg = Bars({"a", "b"}, {2, 1}).svg();
    BOOST_TEST(count(svg, "class=\"f0 bar\"") == 2);
    BOOST_TEST(count(Bars({"a", "b"}, {2, nan}).svg(), "class=\"f0 bar\"") == 1);
    BOOST_CHECK_THROW(Bars({"a"}, {1, 2}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
