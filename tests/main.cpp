#define BOOST_TEST_MODULE xtape
#include <boost/test/unit_test.hpp>

#include "places.hpp"

const char* const source_dir = XTAPE_SOURCE_DIR;
const char* const examples_dir = XTAPE_EXAMPLES_DIR;
