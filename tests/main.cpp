#define BOOST_TEST_MODULE xtape
#include <boost/test/unit_test.hpp>
