#include "../../examples/digits/options.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

digits::Options parse(const std::vector<const char*>& arguments) { return digits::parse_options(arguments); }

// The text with which a command line is refused, "" when it is not.
std::string refusal(const std::vector<const char*>& arguments) {
    try {
        parse(arguments);
    } catch (const digits::UsageError& error) {
        return error.what();
    }
    return "";
}

}    // namespace

BOOST_AUTO_TEST_SUITE(options)

BOOST_AUTO_TEST_CASE(values_are_read_in_both_spellings) {
    auto options = parse({"--data", "mnist", "--epochs=3", "--batch", "32", "--lr", "2.5e-2", "--seed=7", "--threads",
                          "2", "--hidden", "16"});
    BOOST_TEST((options.data == "mnist"));
    BOOST_TEST(options.epochs == 3U);
    BOOST_TEST(options.batch == 32U);
    BOOST_TEST(options.lr == 0.025);
    BOOST_TEST(options.seed == 7U);
    BOOST_TEST(options.threads == 2U);
    BOOST_TEST(options.hidden == 16U);
    BOOST_TEST(!options.help);
}

BOOST_AUTO_TEST_CASE(nothing_given_means_drawn_digits) { BOOST_TEST(!parse({}).data.has_value()); }

BOOST_AUTO_TEST_CASE(help_is_asked_for_among_others) { BOOST_TEST(parse({"--epochs", "1", "--help"}).help); }

BOOST_AUTO_TEST_CASE(unknown_options_are_refused) {
    BOOST_TEST(refusal({"--epoch", "3"}) == "there is no option '--epoch'; --help lists them");
    BOOST_TEST(refusal({"3"}) == "there is no option '3'; --help lists them");
}

BOOST_AUTO_TEST_CASE(missing_values_are_refused) {
    BOOST_TEST(refusal({"--epochs"}) == "--epochs has no value; wanted --epochs N");
    BOOST_TEST(refusal({"--data", "--epochs", "1"}) == "--data has no value; wanted --data DIR");
    BOOST_TEST(refusal({"--data="}) == "--data is empty; wanted a folder");
}

BOOST_AUTO_TEST_CASE(what_is_no_number_is_refused) {
    for (const char* value : {"", "ten", "3x", " 3", "0x10", "1.5", "1e3"})
        BOOST_TEST(refusal({"--epochs", value}) ==
                   "--epochs is '" + std::string(value) + "'; wanted a whole number from 1 to 100000");
    for (const char* value : {"fast", "1e-3s", "nan", "inf"}) BOOST_TEST(refusal({"--lr", value}) != "", value);
}

BOOST_AUTO_TEST_CASE(numbers_out_of_range_are_refused) {
    for (const char* name : {"--epochs", "--batch", "--threads", "--hidden"})
        for (const char* value : {"0", "-1", "99999999999999999999999"}) BOOST_TEST(refusal({name, value}) != "");
    for (const char* value : {"0", "-0.1", "1e400"}) BOOST_TEST(refusal({"--lr", value}) != "");
    BOOST_TEST(refusal({"--seed", "-1"}) != "");
    BOOST_TEST(refusal({"--seed", "18446744073709551615"}) == "");
}

BOOST_AUTO_TEST_SUITE_END()
