#include <boost/test/unit_test.hpp>

#include <memory>

#include "ranks/ranks.hpp"

namespace {

std::unique_ptr<xtape::train::World> world;

// MPI lives as long as the tests do.
struct WorldOfTheTests {
    WorldOfTheTests() { world = std::make_unique<xtape::train::World>(xtape::train::WorldOptions{.seconds = 60}); }
    ~WorldOfTheTests() { world.reset(); }
};
BOOST_TEST_GLOBAL_FIXTURE(WorldOfTheTests);

}    // namespace

xtape::train::World& ranks::here() { return *world; }
