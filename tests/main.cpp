#define BOOST_TEST_MODULE xtape
#include <boost/test/unit_test.hpp>

#include "source_dir.hpp"

const char* const source_dir = XTAPE_SOURCE_DIR;
