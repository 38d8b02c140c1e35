// docs/operations.md is what the registry says. XTAPE_WRITE_DOCS=1 writes it anew.
#include <xtape/core/registry.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include "places.hpp"

using namespace xtape;

namespace {

std::string page() {
    std::string text =
        "# Operations\n\n"
        "Generated from the registry of operations; a test holds it up to date. Derivatives that name no input are "
        "dy/dx.\n"
        "Families are the files of ops/ (and core/): the functions' comments there say shapes and errors in full.\n";
    std::string family;
    for (const auto& operation : operations()) {
        if (operation.samples == nullptr) continue;
        if (family != operation.about.family) {
            family = operation.about.family;
            text += "\n## " + family + "\n\n| operation | value | derivative | shapes |\n|---|---|---|---|\n";
        }
        auto cell = [](std::string content) {
            for (std::size_t at = 0; (at = content.find('|', at)) != std::string::npos; at += 2)
                content.insert(at, "\\");
            return content;
        };
        text += "| `" + std::string(operation.name) + "` | " + cell(operation.about.formula) + " | " +
                cell(operation.about.derivative) + " | " + cell(operation.about.shapes) + " |\n";
    }
    return text;
}

}    // namespace

BOOST_AUTO_TEST_SUITE(reference)

BOOST_AUTO_TEST_CASE(the_page_of_operations_is_up_to_date) {
    const std::string path = source_dir + std::string("/docs/operations.md");
    if (std::getenv("XTAPE_WRITE_DOCS") != nullptr) std::ofstream(path) << page();
    std::ifstream file(path);
    const std::string written{std::istreambuf_iterator<char>(file), {}};
    BOOST_TEST((written == page()),
               "docs/operations.md differs from the registry; run this test once with "
               "XTAPE_WRITE_DOCS=1 and commit the page");
}

BOOST_AUTO_TEST_SUITE_END()
