// Progress: what a run prints on its way.
#pragma once

namespace xtape::train {

// A bar on a terminal and a line per epoch where there is none (automatic), one of the two, or nothing.
enum class Progress { automatic, bar, lines, none };

}    // namespace xtape::train
