#include <xtape/io/png.hpp>
#include <xtape/train/report/detail/page.hpp>
#include <xtape/train/report/detail/text.hpp>
#include <xtape/train/report/document.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace xtape::train {
namespace {

using detail::escaped;

std::string element(std::string_view name, const std::string& text, std::string_view classes = {}) {
    std::string result = "<" + std::string(name);
    if (!classes.empty()) result += " class=\"" + std::string(classes) + "\"";
    return result + ">" + escaped(text) + "</" + std::string(name) + ">";
}

std::shared_ptr<const Figure> sized(const Plot& plot, double width, double height, bool log) {
    PlotOptions options = plot.options();
    options.y.log = options.y.log || log;
    options.width = width;
    options.height = height;
    return std::make_shared<Plot>(plot.with(std::move(options)));
}

std::string for_both(const Figure& large, const Figure& small) {
    return "<div class=\"large\">" + large.svg_element() + "</div><div class=\"small\">" + small.svg_element() +
           "</div>";
}

// "Loss, step by step" -> "loss-step-by-step".
std::string file_name(const std::string& title) {
    std::string name;
    for (char c : title) {
        if (std::isalnum(static_cast<unsigned char>(c)))
            name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        else if (!name.empty() && name.back() != '-')
            name += '-';
    }
    while (name.ends_with('-')) name.pop_back();
    return name.empty() ? "figure" : name.substr(0, 60);
}

std::string item(const Verdict& verdict) {
    std::string where = verdict.rule;
    if (!verdict.layer.empty()) where += " · " + verdict.layer;
    if (verdict.step) where += " · step " + std::to_string(*verdict.step);
    if (!std::isnan(verdict.value)) where += " · measured " + detail::readable(verdict.value, 3);
    if (!std::isnan(verdict.limit)) where += ", limit " + detail::readable(verdict.limit, 3);
    std::string text = "<li class=\"" + std::string(to_string(verdict.severity)) + "\">";
    const char* word = verdict.severity == Severity::error     ? "Error"
                       : verdict.severity == Severity::warning ? "Warning"
                                                               : "Note";
    text += element("span", word, "k") + escaped(verdict.message);
    if (!verdict.advice.empty()) text += element("p", verdict.advice);
    return text + element("p", where, "w") + "</li>\n";
}

}    // namespace

Document::Document(std::string title, std::string subtitle)
    : title_(std::move(title)), subtitle_(std::move(subtitle)) {}

Document& Document::heading(std::string text) {
    return add({.kind = Part::Kind::heading, .html = std::move(text), .level = 2});
}

Document& Document::text(std::string text) { return add_html(element("p", text) + "\n"); }

Document& Document::listing(std::string text, std::string summary) {
    std::string html = element("pre", text);
    if (!summary.empty()) html = "<details>" + element("summary", summary) + html + "</details>";
    return add_html(html + "\n");
}

Document& Document::verdicts(const Diagnosis& diagnosis) {
    std::string found, notes;
    for (Severity severity : {Severity::error, Severity::warning})
        for (const Verdict& verdict : diagnosis)
            if (verdict.severity == severity) found += item(verdict);
    std::size_t passed = 0;
    for (const Verdict& verdict : diagnosis)
        if (verdict.passed()) {
            notes += item(verdict);
            ++passed;
        }
    if (found.empty())
        found = "<li class=\"note\">" + element("span", "Healthy", "k") + "No warning and no error.</li>\n";
    std::string html = "<ul class=\"vs\">\n" + found + "</ul>\n";
    if (passed > 0)
        html += "<details>" + element("summary", std::to_string(passed) + (passed == 1 ? " note" : " notes")) +
                "<ul class=\"vs\">\n" + notes + "</ul></details>\n";
    return add_html(std::move(html));
}

Document& Document::numbers(std::vector<std::pair<std::string, std::string>> named) {
    std::string html = "<div class=\"nums\">";
    for (const auto& [name, number] : named) html += "<div>" + element("b", number) + element("span", name) + "</div>";
    return add_html(html + "</div>\n");
}

Document& Document::table(std::vector<std::string> header, std::vector<std::vector<std::string>> rows) {
    std::string html = "<div class=\"tbl\"><table>";
    if (!header.empty()) {
        html += "<tr>";
        for (const std::string& cell : header) html += element("th", cell);
        html += "</tr>\n";
    }
    for (const auto& row : rows) {
        html += "<tr>";
        for (const std::string& cell : row) html += element("td", cell);
        html += "</tr>\n";
    }
    return add_html(html + "</table></div>\n");
}

Document& Document::wide(const Plot& plot, bool with_log_switch) {
    Part part{.kind = with_log_switch ? Part::Kind::switched_figure : Part::Kind::wide_figure,
              .figure = sized(plot, 1160, 380, false),
              .narrow = sized(plot, 380, 280, false)};
    if (with_log_switch) {
        part.log = sized(plot, 1160, 380, true);
        part.narrow_log = sized(plot, 380, 280, true);
    }
    return add(std::move(part));
}

Document& Document::append(const Document& part) {
    heading(part.title_);
    if (!part.subtitle_.empty()) add_html(element("p", part.subtitle_, "sub") + "\n");
    for (Part each : part.parts_) {
        if (each.kind == Part::Kind::heading) each.level = std::min<std::size_t>(4, each.level + 1);
        parts_.push_back(std::move(each));
    }
    return *this;
}

Document& Document::append_parts(const Document& part) {
    for (const Part& each : part.parts_) parts_.push_back(each);
    return *this;
}

std::string Document::html() const {
    std::string body = element("h1", title_) + "\n";
    if (!subtitle_.empty()) body += element("p", subtitle_, "sub") + "\n";
    std::size_t switches = 0;
    auto is_small = [&](std::size_t i) { return i < parts_.size() && parts_[i].kind == Part::Kind::small_figure; };
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const Part& part = parts_[i];
        switch (part.kind) {
            case Part::Kind::block: body += part.html; break;
            case Part::Kind::heading: body += element("h" + std::to_string(part.level), part.html) + "\n"; break;
            case Part::Kind::small_figure:
                if (i == 0 || !is_small(i - 1)) body += "<div class=\"figs\">\n";
                body += "<div class=\"one\">" + part.figure->svg_element() + "</div>\n";
                if (!is_small(i + 1)) body += "</div>\n";
                break;
            case Part::Kind::wide_figure:
                body += "<div class=\"wide\">" + for_both(*part.figure, *part.narrow) + "</div>\n";
                break;
            case Part::Kind::switched_figure: {
                // A box that style alone turns into a switch, so that it works without script.
                const std::string id = "\"log" + std::to_string(++switches) + "\"";
                body += "<div class=\"wide log\"><input type=\"checkbox\" id=" + id + "><label for=" + id +
                        ">log scale</label><div class=\"a\">" + for_both(*part.figure, *part.narrow) +
                        "</div><div class=\"b\">" + for_both(*part.log, *part.narrow_log) + "</div></div>\n";
                break;
            }
        }
    }
    return detail::page(title_, body);
}

void Document::write(const std::filesystem::path& path) const { io::write_file(path, html()); }

void Document::write_figures(const std::filesystem::path& folder) const {
    std::filesystem::create_directories(folder);
    std::size_t number = 0;
    for (const Part& part : parts_) {
        if (part.figure == nullptr) continue;
        std::string name = std::to_string(++number);
        if (name.size() < 2) name.insert(0, "0");
        name += "-" + file_name(part.figure->title());
        part.figure->write(folder / (name + ".svg"));
        if (part.figure->has_pixels()) part.figure->write(folder / (name + ".png"));
    }
}

}    // namespace xtape::train
