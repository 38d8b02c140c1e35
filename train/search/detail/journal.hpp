// The journal of a search: what has happened to each trial, on disk, shared by all processes that work on it.
#pragma once

#include <xtape/train/search/trial.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace xtape::train::detail {

// What a journal's first line says: two searches are the same when these are equal.
struct SearchIdentity {
    std::string sampler;
    std::uint64_t seed;
    bool maximize;
    std::shared_ptr<const Space> space;
};

// One JSON object a line, appended and flushed. Without a path it keeps everything in memory. Throws io::Error for a
// file that cannot be opened or is damaged (naming the line), std::invalid_argument for the journal of another search.
class Journal {
public:
    Journal(std::filesystem::path path, SearchIdentity identity);
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;
    ~Journal();

    // For a scope no other process reads or writes; what others have written meanwhile has been read when it begins.
    class [[nodiscard]] Turn {
    public:
        explicit Turn(Journal& journal);
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn();

    private:
        Journal& journal_;
    };

    // All trials that have begun, by index. Those below take place in a Turn.
    const std::map<std::size_t, Trial>& trials() const { return trials_; }
    void begin(std::size_t index, const std::vector<double>& values);
    void report(std::size_t index, const TrialReport& report);
    void end(std::size_t index, const TrialOutcome& outcome);

    // Marks a trial as being worked on by this process, until it is released or the process ends, however it ends.
    void claim(std::size_t index) const;
    void release(std::size_t index) const;
    bool claimed_elsewhere(std::size_t index) const;

    // What was mended while reading, in words.
    const std::vector<std::string>& notes() const { return notes_; }

private:
    void lock(bool locked) const;
    void refresh();
    void read_line(const std::string& line);
    void check_header(const std::string& line) const;
    void append(const std::string& line, bool durable = false);
    void apply_begin(std::size_t index, std::vector<double> values);

    std::filesystem::path path_;
    SearchIdentity identity_;
    int file_ = -1;
    std::size_t read_ = 0;     // bytes that have been read
    std::size_t lines_ = 0;    // and lines
    std::map<std::size_t, Trial> trials_;
    std::vector<std::string> notes_;
};

}    // namespace xtape::train::detail
