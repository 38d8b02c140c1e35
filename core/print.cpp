#include <xtape/core/array.hpp>
#include <xtape/core/variable.hpp>

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

namespace xtape {
namespace {

constexpr std::size_t most_printed = 1000;    // elements of an array that is printed whole
constexpr std::size_t edge = 3;

template <class T>
constexpr const char* type_name = std::same_as<T, float>    ? "float32"
                                  : std::same_as<T, double> ? "float64"
                                  : std::same_as<T, bool>   ? "bool"
                                                            : "int64";

// The places along an axis that are shown.
class Shown {
public:
    Shown(std::size_t length, bool whole) : length_(length), cut_(!whole && length > 2 * edge) {}
    std::size_t count() const { return cut_ ? 2 * edge : length_; }
    std::size_t place(std::size_t i) const { return cut_ && i >= edge ? length_ - 2 * edge + i : i; }
    bool gap_before(std::size_t i) const { return cut_ && i == edge; }

private:
    std::size_t length_;
    bool cut_;
};

template <class T>
class Printer {
public:
    Printer(const Array<T>& array, const std::ostream& like) : array_(array), whole_(array.size() <= most_printed) {
        number_.copyfmt(like);
        number_.width(0);
        if (array.size() > 0) each_text(0, 0, [&](std::string text) { texts_.push_back(std::move(text)); });
        for (const std::string& text : texts_) width_ = std::max(width_, text.size());
    }

    std::string text() {
        std::string out;
        if (array_.size() == 0)
            out = "[]";
        else
            write(out, 0);
        return out + "  " + type_name<T> + " " + to_string(array_.shape());
    }

private:
    template <class Take>
    void each_text(std::size_t axis, std::size_t offset, const Take& take) {
        if (axis == array_.dimension()) {
            number_.str("");
            number_ << std::boolalpha << array_.storage()[offset];
            return take(number_.str());
        }
        const Shown shown(array_.shape()[axis], whole_);
        for (std::size_t i = 0; i < shown.count(); ++i)
            each_text(axis + 1, offset * array_.shape()[axis] + shown.place(i), take);
    }
    void write(std::string& out, std::size_t axis) {
        if (axis == array_.dimension()) {
            const std::string& text = texts_[next_++];
            out.append(array_.dimension() == 0 ? 0 : width_ - text.size(), ' ') += text;
            return;
        }
        const bool numbers = axis + 1 == array_.dimension();
        const std::string between =
            numbers ? ", " : "," + std::string(array_.dimension() - 1 - axis, '\n') + std::string(axis + 1, ' ');
        const Shown shown(array_.shape()[axis], whole_);
        out += '[';
        for (std::size_t i = 0; i < shown.count(); ++i) {
            if (i > 0) out += between;
            if (shown.gap_before(i)) out += "..." + between;
            write(out, axis + 1);
        }
        out += ']';
    }

    const Array<T>& array_;
    bool whole_;
    std::ostringstream number_;
    std::vector<std::string> texts_;
    std::size_t width_ = 0, next_ = 0;
};

}    // namespace

template <class T>
std::ostream& operator<<(std::ostream& stream, const Array<T>& array) {
    return stream << Printer<T>(array, stream).text();
}

template <class T>
std::ostream& operator<<(std::ostream& stream, const Variable<T>& x) {
    if (!x.defined()) return stream << "undefined Variable";
    stream << x.value();
    if (!x.name().empty()) stream << ", " << x.name();
    if (!x.is_leaf())
        stream << ", from " << x.operation();
    else if (x.requires_grad())
        stream << ", requires_grad";
    return stream;
}

template std::ostream& operator<<(std::ostream&, const Array<float>&);
template std::ostream& operator<<(std::ostream&, const Array<double>&);
template std::ostream& operator<<(std::ostream&, const Array<std::int64_t>&);
template std::ostream& operator<<(std::ostream&, const Array<bool>&);
template std::ostream& operator<<(std::ostream&, const Variable<float>&);
template std::ostream& operator<<(std::ostream&, const Variable<double>&);

}    // namespace xtape
