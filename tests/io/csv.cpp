#include <xtape/io/csv.hpp>

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace xtape;
using namespace xtape::io;

BOOST_AUTO_TEST_SUITE(csv)

namespace {

std::string failure(const std::string& text, const CsvOptions& options = {}) {
    try {
        parse_csv(text, options);
    } catch (const io::Error& error) {
        return error.what();
    }
    return "none";
}

bool names(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}    // namespace

BOOST_AUTO_TEST_CASE(numbers_and_texts_are_told_apart) {
    const CsvTable table = parse_csv("a,city,b\n1,Rome,-2.5e3\n +2 ,Oslo,inf\n3,Rome,0x\n");
    BOOST_TEST(table.rows() == 3u);
    BOOST_TEST((table.column("a").numbers == std::vector<double>{1, 2, 3}));
    BOOST_TEST(table.column("city").is_text);
    BOOST_TEST((table.column("city").categories == std::vector<std::string>{"Oslo", "Rome"}));
    BOOST_TEST((table.column("city").numbers == std::vector<double>{1, 0, 1}));
    BOOST_TEST((table.column("b").categories == std::vector<std::string>{"-2.5e3", "0x", "inf"}));
    BOOST_TEST((table.numbers({"city", "a"}) == Array<double>{{1.0, 1.0}, {0.0, 2.0}, {1.0, 3.0}}));
    BOOST_CHECK_THROW(table.column("c"), io::Error);
}

BOOST_AUTO_TEST_CASE(quotes_hold_separators_quotes_and_line_breaks) {
    const CsvTable table = parse_csv("\xef\xbb\xbf\"n,1\",t\r\n\"4\",\"a \"\"b\"\",\r\nc\"\r\n5,\"\"\r\n");
    BOOST_TEST((table.names() == std::vector<std::string>{"n,1", "t"}));
    BOOST_TEST((table.column("n,1").numbers == std::vector<double>{4, 5}));
    BOOST_TEST((table.column("t").categories == std::vector<std::string>{"", "a \"b\",\r\nc"}));
}

BOOST_AUTO_TEST_CASE(line_ends_and_headers_of_every_kind) {
    for (const char* text : {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\n1,2\n3,4\n\n\r\n"})
        BOOST_TEST((parse_csv(text).numbers() == Array<double>{{1.0, 2.0}, {3.0, 4.0}}));
    const CsvTable bare = parse_csv("1;2\n3;4\n", {.separator = ';', .header = false});
    BOOST_TEST((bare.names() == std::vector<std::string>{"0", "1"}));
    BOOST_TEST((bare.numbers() == Array<double>{{1.0, 2.0}, {3.0, 4.0}}));
    BOOST_TEST(parse_csv("a,b\n").rows() == 0u);
}

BOOST_AUTO_TEST_CASE(missing_numbers_are_refused_or_filled) {
    const std::string text = "a,b\n1,\nNA,2\n";
    BOOST_TEST(names(failure(text), "line 2, column 2"));
    const CsvTable filled = parse_csv(text, {.fill = -1.0, .fill_column = {{"b", std::nan("")}}});
    BOOST_TEST(filled.numbers()(1, 0) == -1);
    BOOST_TEST(std::isnan(filled.numbers()(0, 1)));
    BOOST_TEST(names(failure(text, {.fill_column = {{"c", 0.0}}}), "no column 'c'"));
    const CsvTable texts = parse_csv("a\n1\n2\n", {.text_columns = {"a"}});
    BOOST_TEST(texts.column("a").is_text);
}

BOOST_AUTO_TEST_CASE(errors_name_the_line_and_the_column) {
    BOOST_TEST(names(failure(""), "empty"));
    BOOST_TEST(names(failure("a,b\n1,2\n3\n"), "line 3"));
    BOOST_TEST(names(failure("a,b\n1,2\n3,4,5\n"), "3 fields; wanted 2"));
    BOOST_TEST(names(failure("a,a\n1,2\n"), "'a' comes twice"));
    BOOST_TEST(names(failure("a\n1\n\"2\n3\n"), "line 3"));
    BOOST_TEST(names(failure("a\n\"2\"x\n"), "follows the quote"));
    BOOST_TEST(names(failure("a,b\n\"x\ny\",1\n2\n"), "line 4"));
}

BOOST_AUTO_TEST_CASE(a_file_is_read_like_a_text) {
    const auto path = std::filesystem::temp_directory_path() / "xtape_test.csv";
    std::ofstream(path) << "a\n1\n2\n";
    BOOST_TEST((read_csv(path).numbers() == share(Array<double>{1.0, 2.0}, Shape{2, 1})));
    std::filesystem::remove(path);
    BOOST_CHECK_THROW(read_csv(path), io::Error);
}

BOOST_AUTO_TEST_SUITE_END()
