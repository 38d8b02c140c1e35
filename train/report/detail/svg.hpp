// Svg: a drawing, element by element.
#pragma once

#include <string>
#include <string_view>

namespace xtape::train::detail {

// Classes are those of figure_rules(): "a" for what stands at axes, "e" for text that ends at its place, "m" for text
// in the middle of it.
class Svg {
public:
    Svg(double width, double height) : width_(width), height_(height) {}

    void line(double x1, double y1, double x2, double y2, std::string_view classes);
    void rectangle(double x, double y, double width, double height, std::string_view classes,
                   std::string_view title = {});
    void circle(double x, double y, double radius, std::string_view classes, std::string_view title = {});
    void path(std::string_view commands, std::string_view classes, std::string_view attributes = {});
    void text(double x, double y, std::string_view text, std::string_view classes = {});
    void image(double x, double y, double width, double height, std::string_view png, std::string_view title = {});
    void open_group(std::string_view attributes);
    void close_group() { body_ += "</g>"; }
    // Of the whole: what a script shows beside the pointer (see page.cpp).
    void set_data(std::string json) { data_ = std::move(json); }

    // The element; alone it brings its own style sheet.
    std::string element(std::string_view description, bool alone) const;

private:
    double width_, height_;
    std::string body_, data_;
};

}    // namespace xtape::train::detail
