#include <xtape/train/report/detail/style.hpp>
#include <xtape/train/report/detail/svg.hpp>
#include <xtape/train/report/detail/text.hpp>

namespace xtape::train::detail {
namespace {

std::string attribute(std::string_view name, double number) {
    return " " + std::string(name) + "=\"" + coordinate(number) + "\"";
}

std::string class_attribute(std::string_view classes) {
    return classes.empty() ? std::string() : " class=\"" + std::string(classes) + "\"";
}

// The end of an element: with a title, which browsers show beside the pointer.
std::string end_of(std::string_view name, std::string_view title) {
    if (title.empty()) return "/>";
    return "><title>" + escaped(title) + "</title></" + std::string(name) + ">";
}

}    // namespace

void Svg::line(double x1, double y1, double x2, double y2, std::string_view classes) {
    body_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) + attribute("y2", y2) +
             class_attribute(classes) + "/>";
}

void Svg::rectangle(double x, double y, double width, double height, std::string_view classes, std::string_view title) {
    body_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) + attribute("height", height) +
             class_attribute(classes) + end_of("rect", title);
}

void Svg::circle(double x, double y, double radius, std::string_view classes, std::string_view title) {
    body_ += "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) + class_attribute(classes) +
             end_of("circle", title);
}

void Svg::path(std::string_view commands, std::string_view classes, std::string_view attributes) {
    body_ += "<path d=\"" + std::string(commands) + "\"" + class_attribute(classes) +
             (attributes.empty() ? std::string() : " " + std::string(attributes)) + "/>";
}

void Svg::text(double x, double y, std::string_view text, std::string_view classes) {
    body_ +=
        "<text" + attribute("x", x) + attribute("y", y) + class_attribute(classes) + ">" + escaped(text) + "</text>";
}

void Svg::image(double x, double y, double width, double height, std::string_view png, std::string_view title) {
    body_ += "<image" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
             attribute("height", height) + " preserveAspectRatio=\"none\" href=\"" + data_uri(png) + "\"" +
             end_of("image", title);
}

void Svg::open_group(std::string_view attributes) {
    body_ += "<g" + (attributes.empty() ? std::string() : " " + std::string(attributes)) + ">";
}

std::string Svg::element(std::string_view description, bool alone) const {
    std::string text = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"fig\" viewBox=\"0 0 " + coordinate(width_) +
                       " " + coordinate(height_) + "\" role=\"img\" aria-label=\"" + escaped(description) + "\"";
    if (alone) text += attribute("width", width_) + attribute("height", height_);
    if (!data_.empty() && !alone) text += " data-plot=\"" + escaped(data_) + "\"";
    text += ">";
    if (alone)
        text +=
            "<style>" + colour_rules("svg") + figure_rules() + "svg{background:var(--paper)}.fig{width:auto}</style>";
    return text + body_ + "</svg>\n";
}

}    // namespace xtape::train::detail
