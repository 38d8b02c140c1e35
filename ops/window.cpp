#include <xtape/ops/window.hpp>

#include <stdexcept>
#include <string>

namespace xtape {

Shape PerAxis::of(std::string_view operation, std::string_view what, std::size_t rank, std::ptrdiff_t least) const {
    auto refuse = [&](const std::string& got, const std::string& wanted) {
        throw std::invalid_argument("[" + std::string(operation) + "] got " + got + "; wanted " + wanted);
    };
    if (list_.size() != 1 && list_.size() != rank)
        refuse(std::to_string(list_.size()) + " numbers as " + std::string(what),
               rank == 1 ? "one" : "one, or one for each of " + std::to_string(rank) + " axes");
    Shape result(rank);
    for (std::size_t d = 0; d < rank; ++d) {
        const std::ptrdiff_t number = list_[list_.size() == 1 ? 0 : d];
        if (number < least)
            refuse(std::string(what) + " = " + std::to_string(number), std::to_string(least) + " or more");
        result[d] = static_cast<std::size_t>(number);
    }
    return result;
}

Padding::Sides Padding::of(std::string_view operation, const Shape& window, const Shape& stride) const {
    const std::size_t rank = window.size();
    Sides sides{Shape(rank, 0), Shape(rank, 0)};
    if (kind_ == given) sides.before = sides.after = numbers_.of(operation, "padding", rank, 0);
    if (kind_ != same) return sides;
    for (std::size_t d = 0; d < rank; ++d) {
        if (stride[d] != 1)
            throw std::invalid_argument("[" + std::string(operation) + "] got padding = same with stride = " +
                                        std::to_string(stride[d]) + "; wanted stride 1");
        sides.before[d] = (window[d] - 1) / 2;
        sides.after[d] = window[d] - 1 - sides.before[d];
    }
    return sides;
}

}    // namespace xtape
