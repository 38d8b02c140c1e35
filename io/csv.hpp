// Reading CSV files (RFC 4180): tables of numbers and texts.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/error.hpp>

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xtape::io {

struct CsvOptions {
    char separator = ',';
    bool header = true;    // the first line names the columns; without, they are "0", "1", ...
    // Fields that stand for a missing value. A missing number is an error, unless `fill` gives what takes its place: a
    // number (NaN is one) for all columns, or for those that are named.
    std::vector<std::string> missing = {"", "NA", "NaN", "nan", "null"};
    std::optional<double> fill = {};
    std::map<std::string, double> fill_column = {};
    std::vector<std::string> text_columns = {};    // read as text although all of their fields are numbers
};

// One column: numbers, or, where a field is no number, texts.
struct CsvColumn {
    std::string name;
    bool is_text = false;
    std::vector<double> numbers;            // of a text column: the place of each field in `categories`
    std::vector<std::string> categories;    // the different texts, sorted
};

class CsvTable {
public:
    explicit CsvTable(std::vector<CsvColumn> columns) : columns_(std::move(columns)) {}

    std::size_t rows() const { return columns_.empty() ? 0 : columns_[0].numbers.size(); }
    const std::vector<CsvColumn>& columns() const { return columns_; }
    // Throws io::Error naming what there is.
    const CsvColumn& column(std::string_view name) const;
    std::vector<std::string> names() const;
    // The columns with these names, or all, side by side: (rows, columns). Texts are the places of their categories.
    Array<double> numbers(const std::vector<std::string>& names) const;
    Array<double> numbers() const { return numbers(names()); }

private:
    std::vector<CsvColumn> columns_;
};

// Reads a file, gzipped or not. Quoted fields may hold separators, quotes (doubled) and line breaks; lines end in \n or
// \r\n; a byte order mark is skipped; a last line without an end counts, empty lines at the end do not. Throws
// io::Error naming file, line and column (both counted from 1) for a line with more or fewer fields than the first, a
// quote that does not end, a missing number without `fill`, or a name that comes twice.
CsvTable read_csv(const std::filesystem::path& path, const CsvOptions& options = {});
// The same of a text; `name` stands for the file in messages.
CsvTable parse_csv(std::string_view text, const CsvOptions& options = {}, const std::string& name = "text");

}    // namespace xtape::io
