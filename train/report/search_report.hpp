// The report of a search for hyperparameters, in one stage or several.
#pragma once

#include <xtape/train/report/document.hpp>
#include <xtape/train/search/result.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace xtape::train {

struct SearchStage {
    std::string name;    // "coarse"
    SearchResult result;
};

struct SearchReportOptions {
    std::string title = "Search for hyperparameters";
};

// Trials along each hyperparameter and across all, their importance, borders, and the best so far against time; several
// stages are drawn together. Throws std::invalid_argument when there are no stages.
Document document(const SearchResult& search, const SearchReportOptions& options = {});
Document document(const std::vector<SearchStage>& stages, const SearchReportOptions& options = {});

// Replaces the file as a whole. Throws as document(), and io::Error.
void write_report(const std::filesystem::path& path, const SearchResult& search,
                  const SearchReportOptions& options = {});
void write_report(const std::filesystem::path& path, const std::vector<SearchStage>& stages,
                  const SearchReportOptions& options = {});

}    // namespace xtape::train
