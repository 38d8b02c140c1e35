// A batch in parts, each of which is computed by itself though they are normalised together.
#pragma once

#include <memory>
#include <utility>
#include <vector>

namespace xtape::detail {

// One of the parts, on its thread. All parts make the same calls in the same order.
class BatchParts {
public:
    virtual ~BatchParts() = default;
    // What all parts have, in their order.
    virtual std::vector<std::vector<double>> gather(std::vector<double> mine) = 0;
    // Whether this part is the one of its process that changes what parts share, such as running statistics.
    virtual bool leads() const = 0;
};

// The part that this thread computes; none: batches are whole.
inline thread_local std::shared_ptr<BatchParts> batch_part;

class BatchPartGuard {
public:
    explicit BatchPartGuard(std::shared_ptr<BatchParts> part) : before_(std::exchange(batch_part, std::move(part))) {}
    BatchPartGuard(const BatchPartGuard&) = delete;
    BatchPartGuard& operator=(const BatchPartGuard&) = delete;
    ~BatchPartGuard() { batch_part = std::move(before_); }

private:
    std::shared_ptr<BatchParts> before_;
};

}    // namespace xtape::detail
