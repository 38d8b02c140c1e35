#include <xtape/io/csv.hpp>
#include <xtape/io/detail/input_file.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>

namespace xtape::io {
namespace {

// Where a field stands, for messages.
struct Place {
    std::size_t line = 1, column = 1;
};

class Parser {
public:
    Parser(std::string_view text, const CsvOptions& options, const std::string& name)
        : text_(text), options_(options), name_(name) {
        if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
        while (text_.ends_with("\n\n") || text_.ends_with("\n\r\n"))
            text_.remove_suffix(text_.ends_with("\n\r\n") ? 2 : 1);
    }

    CsvTable table() {
        std::vector<std::string> fields;
        if (text_.empty()) fail("the file is empty", {1, 1});
        // The first line says how many columns there are.
        std::size_t line = 1;
        Place end;
        for (bool more = true; more;) fields.push_back(std::string(next(more, end)));
        columns_.resize(fields.size());
        for (std::size_t c = 0; c < fields.size(); ++c) {
            columns_[c].name = options_.header ? fields[c] : std::to_string(c);
            for (std::size_t other = 0; other < c; ++other)
                if (columns_[other].name == columns_[c].name)
                    fail("the name '" + fields[c] + "' comes twice", {1, c + 1});
        }
        check_options();
        if (!options_.header) at_ = 0, line_ = 1;
        while (at_ < text_.size()) {
            line = line_;
            std::size_t c = 0;
            for (bool more = true; more; ++c) {
                const std::string_view field = next(more, end);
                if (c < columns_.size()) add(c, field, {line, c + 1});
            }
            if (c != columns_.size())
                fail("the line has " + std::to_string(c) + " fields; wanted " + std::to_string(columns_.size()) +
                         ", as the first line",
                     {line, std::min(c, columns_.size() + 1)});
        }
        for (std::size_t c = 0; c < columns_.size(); ++c) finish(columns_[c], texts_[c]);
        return CsvTable(std::move(columns_));
    }

private:
    using Categories = std::unordered_map<std::string, std::vector<std::size_t>>;

    [[noreturn]] void fail(const std::string& what, Place place) const {
        throw Error("[read_csv] '" + name_ + "', line " + std::to_string(place.line) + ", column " +
                    std::to_string(place.column) + ": " + what);
    }

    void check_options() {
        texts_.resize(columns_.size());
        forced_.assign(columns_.size(), false);
        fills_.assign(columns_.size(), options_.fill);
        auto find = [&](const std::string& wanted) {
            for (std::size_t c = 0; c < columns_.size(); ++c)
                if (columns_[c].name == wanted) return c;
            fail("there is no column '" + wanted + "', which the options name", {1, 1});
        };
        for (const std::string& wanted : options_.text_columns) forced_[find(wanted)] = true;
        for (const auto& [wanted, value] : options_.fill_column) fills_[find(wanted)] = value;
        for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c].is_text = forced_[c];
    }

    // The next field; `more` is whether another one follows in its line. The view lives until the next call.
    std::string_view next(bool& more, Place& end) {
        const std::size_t begin = at_;
        if (at_ < text_.size() && text_[at_] == '"') return quoted(more, end);
        while (at_ < text_.size() && text_[at_] != options_.separator && text_[at_] != '\n') ++at_;
        std::string_view field = text_.substr(begin, at_ - begin);
        more = at_ < text_.size() && text_[at_] == options_.separator;
        if (!more && field.ends_with('\r')) field.remove_suffix(1);
        end_field(more);
        return field;
    }

    std::string_view quoted(bool& more, Place& end) {
        const std::size_t line = line_;
        unquoted_.clear();
        for (++at_;; ++at_) {
            if (at_ >= text_.size()) fail("a quote begins here and does not end", {line, end.column});
            if (text_[at_] == '\n') ++line_;
            if (text_[at_] != '"') {
                unquoted_ += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                unquoted_ += text_[at_++];
            } else {
                ++at_;
                break;
            }
        }
        if (at_ < text_.size() && text_[at_] == '\r') ++at_;
        if (at_ < text_.size() && text_[at_] != options_.separator && text_[at_] != '\n')
            fail("text follows the quote that ends a field", {line_, end.column});
        more = at_ < text_.size() && text_[at_] == options_.separator;
        end_field(more);
        return unquoted_;
    }

    void end_field(bool more) {
        if (!more && at_ < text_.size()) ++line_;
        if (at_ < text_.size()) ++at_;
    }

    bool is_missing(std::string_view field) const {
        return std::find(options_.missing.begin(), options_.missing.end(), field) != options_.missing.end();
    }

    void add(std::size_t c, std::string_view field, Place place) {
        CsvColumn& column = columns_[c];
        if (!column.is_text) {
            while (field.starts_with(' ')) field.remove_prefix(1);
            while (field.ends_with(' ')) field.remove_suffix(1);
            double number = 0;
            const char *begin = field.data(), *end = begin + field.size();
            if (field.starts_with('+')) ++begin;
            const auto [stop, error] = std::from_chars(begin, end, number);
            const bool is_number = error == std::errc() && stop == end && !field.empty();
            if (is_number && !(std::isnan(number) && is_missing(field))) {
                column.numbers.push_back(number);
                return;
            }
            if (is_missing(field)) {
                if (!fills_[c]) fail("the value is missing; give CsvOptions a fill for it", place);
                column.numbers.push_back(*fills_[c]);
                return;
            }
            become_text(c);
        }
        texts_[c][std::string(field)].push_back(column.numbers.size());
        column.numbers.push_back(0);
    }

    // A column whose fields so far were numbers turns out to be one of texts: they are read again.
    void become_text(std::size_t c) {
        CsvColumn& column = columns_[c];
        column.is_text = true;
        const std::size_t count = std::exchange(column.numbers, {}).size();
        if (count == 0) return;
        Parser again(text_, options_, name_);
        bool more = true;
        Place end;
        if (options_.header)
            while (more) again.next(more, end);
        for (std::size_t row = 0; row < count; ++row) {
            std::size_t k = 0;
            for (more = true; more; ++k) {
                const std::string_view field = again.next(more, end);
                if (k == c) texts_[c][std::string(field)].push_back(row);
            }
        }
        column.numbers.assign(count, 0);
    }

    static void finish(CsvColumn& column, Categories& texts) {
        if (!column.is_text) return;
        for (const auto& [text, rows] : texts) column.categories.push_back(text);
        std::sort(column.categories.begin(), column.categories.end());
        for (std::size_t k = 0; k < column.categories.size(); ++k)
            for (std::size_t row : texts[column.categories[k]]) column.numbers[row] = static_cast<double>(k);
    }

    std::string_view text_;
    const CsvOptions& options_;
    const std::string& name_;
    std::size_t at_ = 0, line_ = 1;
    std::string unquoted_;
    std::vector<CsvColumn> columns_;
    std::vector<Categories> texts_;    // of each text column: the rows of each text
    std::vector<bool> forced_;
    std::vector<std::optional<double>> fills_;
};

}    // namespace

const CsvColumn& CsvTable::column(std::string_view name) const {
    for (const CsvColumn& column : columns_)
        if (column.name == name) return column;
    std::string all;
    for (const std::string& each : names()) all += (all.empty() ? "" : ", ") + each;
    throw Error("[CsvTable] got the column '" + std::string(name) + "'; there are " + all);
}

std::vector<std::string> CsvTable::names() const {
    std::vector<std::string> result;
    for (const CsvColumn& column : columns_) result.push_back(column.name);
    return result;
}

Array<double> CsvTable::numbers(const std::vector<std::string>& names) const {
    Array<double> result = empty_array<double>({rows(), names.size()});
    for (std::size_t c = 0; c < names.size(); ++c) {
        const CsvColumn& from = column(names[c]);
        for (std::size_t row = 0; row < rows(); ++row) result.storage()[row * names.size() + c] = from.numbers[row];
    }
    return result;
}

CsvTable parse_csv(std::string_view text, const CsvOptions& options, const std::string& name) {
    return Parser(text, options, name).table();
}

CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options) {
    InputFile file("read_csv", path);
    std::string text;
    constexpr std::size_t block = std::size_t{1} << 20;
    for (std::size_t got = block; got == block;) {
        const std::size_t before = text.size();
        text.resize(before + block);
        got = file.read({reinterpret_cast<std::uint8_t*>(text.data()) + before, block});
        text.resize(before + got);
    }
    return parse_csv(text, options, path.string());
}

}    // namespace xtape::io
