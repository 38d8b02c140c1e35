// The world that all suites of a rank share.
#pragma once

#include <xtape/train/distributed/detail/transport.hpp>
#include <xtape/train/distributed/world.hpp>

namespace ranks {

using namespace xtape;
using namespace xtape::train;

World& here();

}    // namespace ranks
