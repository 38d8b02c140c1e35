// A file's values on their way into entries, whatever its format.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/checkpoint.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace xtape::io::detail {

// Gives first what there is, without elements, then the elements that are wanted. Everything throws Reason.
class Source {
public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    // The dotted names of all values, in the file's order. The other functions take indices into them.
    virtual std::vector<std::string> names() = 0;

    // A value without its elements. Where the file leaves a choice (numbers without axes, float16 of unknown origin),
    // `wanted` makes it, unless it is null.
    virtual State::Value layout(std::size_t index, const State::Value* wanted) = 0;

    struct Request {
        std::size_t index;
        State::Value as;    // its layout
        bool is_limited;    // its size is known to the file alone: LoadOptions::limits bound it
    };
    // Reads the values in order and hands each on before it reads the next.
    using Take = std::function<void(std::size_t request, State::Value value)>;
    virtual void read(const std::vector<Request>& requests, const Take& take) = 0;
};

// By the file's first bytes.
std::unique_ptr<Source> open_source(const std::filesystem::path& path, const LoadOptions& options);

}    // namespace xtape::io::detail
