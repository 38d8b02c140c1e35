// Figure: a drawing that is a file of its own, or a part of a report.
#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <utility>

namespace xtape::io {
struct Picture;
}

namespace xtape::train {

// How one axis looks; what is not a number follows from the data.
struct Axis {
    std::string label = {};
    std::string unit = {};    // "s", "%"
    bool log = false;         // what is not positive is then left out
    double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
};

// Light or dark as its reader's system is, in colours that colour-blind people can tell apart.
class Figure {
public:
    virtual ~Figure() = default;

    const std::string& title() const { return title_; }

    // An SVG document.
    std::string svg() const { return draw(true); }
    // An SVG element for a page that has the style sheet, as reports have.
    std::string svg_element() const { return draw(false); }
    // The pixels alone, without axes and text. Throws Error for a figure that is not made of pixels.
    virtual io::Picture pixels() const;
    virtual bool has_pixels() const { return false; }
    // Replaces the file as a whole; its ending, .svg or .png, says what it is. Throws std::invalid_argument for another
    // ending, Error for a .png of a figure that is not made of pixels, io::Error when it cannot be written.
    void write(const std::filesystem::path& path) const;

protected:
    explicit Figure(std::string title) : title_(std::move(title)) {}
    virtual std::string draw(bool alone) const = 0;

private:
    std::string title_;
};

}    // namespace xtape::train
