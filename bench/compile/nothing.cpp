// What the umbrella header costs alone.
#include <xtape/xtape.hpp>
