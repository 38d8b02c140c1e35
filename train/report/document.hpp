// Document: a page of headings, text, verdicts, numbers, tables and figures; Report makes one of a run.
#pragma once

#include <xtape/train/diagnosis/verdict.hpp>
#include <xtape/train/report/plot.hpp>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace xtape::train {

// One self-contained HTML file: no network, light and dark, readable on a telephone and without script. With it, values
// are shown beside the pointer, and a series disappears when its name is clicked.
//
//     Document page("Comparison of optimizers");
//     page.heading("Loss").text("All with a rate of their own.").figure(plot).write("comparison.html");
class Document {
public:
    explicit Document(std::string title, std::string subtitle = {});

    Document& heading(std::string text);
    Document& text(std::string text);
    // As it stands, in letters of equal width; behind a click, if `summary` names it.
    Document& listing(std::string text, std::string summary = {});
    // All warnings and errors, and the notes behind a click; that a diagnosis is healthy is said, too.
    Document& verdicts(const Diagnosis& diagnosis);
    // A few numbers in large type, each under its name.
    Document& numbers(std::vector<std::pair<std::string, std::string>> named);
    Document& table(std::vector<std::string> header, std::vector<std::vector<std::string>> rows);
    // A figure; several in a row stand side by side where there is room.
    template <std::derived_from<Figure> F>
    Document& figure(F figure) {
        return add({.kind = Part::Kind::small_figure, .figure = std::make_shared<F>(std::move(figure))});
    }
    // Across the page (1160 pixels), and as `narrow` (380 pixels) on narrow screens.
    template <std::derived_from<Figure> F>
    Document& wide(F wide, F narrow) {
        return add({.kind = Part::Kind::wide_figure,
                    .figure = std::make_shared<F>(std::move(wide)),
                    .narrow = std::make_shared<F>(std::move(narrow))});
    }
    // A plot in both sizes; with a switch to a logarithmic y axis, if that is wanted.
    Document& wide(const Plot& plot, bool with_log_switch = false);
    // Everything of another page, one level lower, under its title.
    Document& append(const Document& part);
    // Likewise, without its title and at this level.
    Document& append_parts(const Document& part);

    const std::string& title() const { return title_; }
    std::string html() const;
    // Replaces the file as a whole: readers and crashes see the old page or the new one. Throws io::Error.
    void write(const std::filesystem::path& path) const;
    // Each figure in a file of its own in that folder, which is made if need be: "03-update-ratio.svg", and a .png
    // beside it where it is made of pixels. Throws io::Error.
    void write_figures(const std::filesystem::path& folder) const;

private:
    struct Part {
        enum class Kind { block, heading, small_figure, wide_figure, switched_figure } kind = Kind::block;
        std::string html = {};    // of a heading its text
        std::size_t level = 0;
        std::shared_ptr<const Figure> figure = nullptr, narrow = nullptr, log = nullptr, narrow_log = nullptr;
    };
    Document& add(Part part) {
        parts_.push_back(std::move(part));
        return *this;
    }
    Document& add_html(std::string html) { return add({.html = std::move(html)}); }

    std::string title_, subtitle_;
    std::vector<Part> parts_;
};

}    // namespace xtape::train
