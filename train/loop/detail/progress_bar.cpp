#include <xtape/train/loop/detail/progress_bar.hpp>

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace xtape::train::detail {
namespace {

std::size_t terminal_width(std::FILE* out) {
    winsize size{};
    return ::ioctl(::fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string quantity(const std::string& name, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%s %.4g", name.c_str(), value);
    return text;
}

}    // namespace

std::string duration(double seconds) {
    const auto whole = static_cast<long>(std::llround(std::max(0.0, seconds)));
    char text[32];
    if (whole >= 3600)
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
    else
        std::snprintf(text, sizeof text, "%ld:%02ld", whole / 60, whole % 60);
    return text;
}

ProgressBar::ProgressBar(Progress kind, std::size_t epochs, std::int64_t steps_per_epoch, std::FILE* out)
    : kind_(kind), epochs_(epochs), steps_per_epoch_(steps_per_epoch), out_(out) {
    if (kind_ == Progress::automatic) kind_ = ::isatty(::fileno(out)) == 1 ? Progress::bar : Progress::lines;
}

ProgressBar::~ProgressBar() { clear(); }

void ProgressBar::clear() {
    if (!drawn_any_) return;
    std::fputs("\r\033[K", out_);
    std::fflush(out_);
    drawn_any_ = false;
}

double ProgressBar::examples_per_second() const { return static_cast<double>(examples_) / std::max(seconds(), 1e-9); }

void ProgressBar::count(std::size_t examples) {
    ++steps_;
    examples_ += examples;
}

bool ProgressBar::is_due() const {
    return kind_ == Progress::bar && Clock::now() - drawn_ >= std::chrono::milliseconds(100);
}

void ProgressBar::draw(const Moment& moment) {
    drawn_ = Clock::now();
    const double all = static_cast<double>(epochs_) * static_cast<double>(steps_per_epoch_);
    const double done = static_cast<double>(moment.epoch) * static_cast<double>(steps_per_epoch_) +
                        static_cast<double>(moment.step_of_epoch);
    const double left = seconds() / static_cast<double>(std::max<std::int64_t>(1, steps_)) * std::max(0.0, all - done);
    // In the order in which they are shown, and how early each has to go.
    struct Part {
        std::string text;
        int rank;
    };
    std::vector<Part> parts{
        {"epoch " + std::to_string(moment.epoch + 1) + "/" + std::to_string(epochs_), 0},
        {"step " + std::to_string(moment.step_of_epoch) + "/" + std::to_string(steps_per_epoch_), 2},
        {quantity("loss", moment.loss), 1}};
    if (!moment.metrics.empty()) parts.push_back({quantity(moment.metrics[0].first, moment.metrics[0].second), 3});
    parts.push_back({quantity("lr", moment.lr), 5});
    parts.push_back({quantity("", examples_per_second()).substr(1) + "/s", 6});
    parts.push_back({duration(left) + " left", 4});
    const std::size_t width = terminal_width(out_) - 1;    // the last column would wrap
    auto length = [&] {
        std::size_t sum = 0;
        for (const Part& part : parts) sum += part.text.size() + 2;
        return sum - 2;
    };
    while (parts.size() > 1 && length() > width)
        parts.erase(
            std::max_element(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.rank < b.rank; }));
    std::string line;
    for (const Part& part : parts) line += (line.empty() ? "" : "  ") + part.text;
    if (line.size() + 13 <= width) {
        const std::size_t room = std::min<std::size_t>(30, width - line.size() - 3);
        const auto full =
            static_cast<std::size_t>(std::clamp(done / std::max(all, 1.0), 0.0, 1.0) * static_cast<double>(room));
        line = "[" + std::string(full, '=') + std::string(room - full, ' ') + "] " + line;
    }
    line.resize(std::min(line.size(), width));
    std::fprintf(out_, "\r%s\033[K", line.c_str());
    std::fflush(out_);
    drawn_any_ = true;
}

void ProgressBar::epoch(std::size_t epoch, const Quantities& row) {
    if (kind_ == Progress::none) return;
    clear();
    std::string line = "epoch " + std::to_string(epoch) + "/" + std::to_string(epochs_) + ":";
    for (const auto& [name, value] : row) line += "  " + quantity(name, value);
    std::fprintf(out_, "%s\n", line.c_str());
    std::fflush(out_);
}

void ProgressBar::end(const std::string& text) {
    if (kind_ == Progress::none) return;
    clear();
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
}

}    // namespace xtape::train::detail
