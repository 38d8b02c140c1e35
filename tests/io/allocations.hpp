// Allocations of memory, counted, and made to fail at a chosen one.
#pragma once

namespace files {

// While it lives, the allocation number `which` (from 0) of this thread fails.
class FailingAllocation {
public:
    explicit FailingAllocation(int which);
    FailingAllocation(const FailingAllocation&) = delete;
    FailingAllocation& operator=(const FailingAllocation&) = delete;
    ~FailingAllocation();

    bool happened() const;    // whether there were so many
};

}    // namespace files
