#include <xtape/io/rotation.hpp>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <system_error>

namespace xtape::io {
namespace {

namespace fs = std::filesystem;

constexpr const char* metric_name = "metric";
constexpr int digits = 9;

[[noreturn]] void fail(const fs::path& path, const std::string& reason) {
    throw Error("[io::Rotation] '" + path.string() + "': " + reason);
}

std::string file_name(const std::string& name, std::int64_t step) {
    std::string number = std::to_string(step);
    if (number.size() < digits) number.insert(0, digits - number.size(), '0');
    return name + "-" + number + ".h5";
}

// The step of a file of this rotation.
std::optional<std::int64_t> step_of(const std::string& file, const std::string& name) {
    if (!file.starts_with(name + "-") || !file.ends_with(".h5")) return {};
    std::int64_t step = 0;
    const char* begin = file.data() + name.size() + 1;
    const char* end = file.data() + file.size() - 3;
    auto [stop, error] = std::from_chars(begin, end, step);
    if (error != std::errc() || stop != end || step < 0) return {};
    return step;
}

std::string to_text(double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.17g", value);
    return text;
}

// A file that cannot be read has no metric: it is then kept no longer than the last ones.
std::optional<double> metric_of(const fs::path& path) try {
    auto metadata = read_metadata(path);
    auto found = metadata.find(metric_name);
    if (found == metadata.end()) return {};
    return std::strtod(found->second.c_str(), nullptr);
} catch (const Error&) {
    return {};
}

}    // namespace

Rotation::Rotation(fs::path folder, RotationOptions options)
    : folder_(std::move(folder)), options_(std::move(options)) {
    if (options_.keep_last == 0)
        throw std::invalid_argument("[io::Rotation] got .keep_last = 0; wanted at least 1, which `latest` needs");
    if (options_.name.empty() || options_.name.find('/') != std::string::npos)
        throw std::invalid_argument("[io::Rotation] got .name = '" + options_.name + "'; wanted a file's name");
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) fail(folder_, "cannot be made a folder: " + error.message());
    fs::directory_iterator file(folder_, error), end;
    for (; !error && file != end; file.increment(error))
        if (auto step = step_of(file->path().filename().string(), options_.name))
            kept_.push_back({file->path(), *step, metric_of(file->path())});
    if (error) fail(folder_, "cannot be listed: " + error.message());
    std::sort(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) { return a.step < b.step; });
}

fs::path Rotation::save(const std::vector<Entry>& entries, std::int64_t step, std::optional<double> metric) {
    if (step < 0)
        throw std::invalid_argument("[io::Rotation] got the step " + std::to_string(step) + "; wanted 0 or more");
    fs::path path = folder_ / file_name(options_.name, step);
    SaveOptions how = options_.save;
    how.metadata["step"] = std::to_string(step);
    if (metric) how.metadata[metric_name] = to_text(*metric);
    io::save(path, entries, how);
    // A run that went back to an earlier checkpoint has made the later ones' future: the newest is what was saved last.
    std::erase_if(kept_, [&](const Kept& kept) { return kept.step == step; });
    auto place = std::find_if(kept_.begin(), kept_.end(), [&](const Kept& kept) { return kept.step > step; });
    kept_.insert(place, {path, step, metric});
    point_latest_to(path);
    remove_others();
    return path;
}

std::vector<std::size_t> Rotation::by_metric() const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < kept_.size(); ++i)
        if (kept_[i].metric && !std::isnan(*kept_[i].metric)) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return options_.larger_is_better ? *kept_[a].metric > *kept_[b].metric : *kept_[a].metric < *kept_[b].metric;
    });
    return order;
}

std::optional<fs::path> Rotation::best() const {
    auto order = by_metric();
    if (order.empty()) return {};
    return kept_[order.front()].path;
}

void Rotation::point_latest_to(const fs::path& file) const {
    fs::path temporary = folder_ / ("." + options_.name + "-latest." + std::to_string(getpid()) + ".tmp");
    unlink(temporary.c_str());
    if (symlink(file.filename().c_str(), temporary.c_str()) != 0)
        fail(latest(), std::string("cannot be made a link: ") + std::strerror(errno));
    if (std::rename(temporary.c_str(), latest().c_str()) != 0) {
        int code = errno;
        unlink(temporary.c_str());
        fail(latest(), std::string("cannot be made a link: ") + std::strerror(code));
    }
}

void Rotation::remove_others() {
    std::vector<bool> keep(kept_.size(), false);
    for (std::size_t i = kept_.size() - std::min(options_.keep_last, kept_.size()); i < kept_.size(); ++i)
        keep[i] = true;
    auto order = by_metric();
    for (std::size_t i = 0; i < std::min(options_.keep_best, order.size()); ++i) keep[order[i]] = true;
    std::error_code ignored;
    fs::path newest = fs::read_symlink(latest(), ignored);
    std::vector<Kept> left;
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (keep[i] || kept_[i].path.filename() == newest)
            left.push_back(kept_[i]);
        else
            fs::remove(kept_[i].path, ignored);
    }
    kept_ = std::move(left);
}

}    // namespace xtape::io
