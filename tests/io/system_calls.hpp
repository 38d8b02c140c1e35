// The system calls that write, counted, and made to fail or to kill the process at a chosen one.
#pragma once

#include <cerrno>

namespace files {

enum class Interruption { none, fail, kill };

// While it lives, the call number `which` (from 0) of this process fails with `code`, or ends the process at once.
class Interrupted {
public:
    Interrupted(Interruption how, int which, int code = EIO);
    Interrupted(const Interrupted&) = delete;
    Interrupted& operator=(const Interrupted&) = delete;
    ~Interrupted();

    int calls() const;                  // so far
    const char* interrupted() const;    // the call that was made to fail, or null
};

}    // namespace files
