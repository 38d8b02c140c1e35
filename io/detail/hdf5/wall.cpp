#include <xtape/io/detail/hdf5/wall.hpp>
#include <xtape/io/detail/replacement.hpp>

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace xtape::io::hdf5 {
namespace {

using detail::Descriptor;
using Clock = std::chrono::steady_clock;

// The child's last word: a letter and, after `refused`, the reason.
constexpr char done = 'd', refused = 'r';
constexpr std::size_t longest_word = 4096;

void say(int pipe, char letter, const std::string& reason) {
    std::string word = letter + reason.substr(0, longest_word);
    std::size_t said = 0;
    while (said < word.size()) {
        ssize_t wrote = write(pipe, word.data() + said, word.size() - said);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote <= 0) return;
        said += static_cast<std::size_t>(wrote);
    }
}

void limit(decltype(RLIMIT_AS) what, std::uint64_t most) {
    rlimit now{};
    bool known = getrlimit(what, &now) == 0;
    rlim_t value = std::min<rlim_t>(most, now.rlim_cur);    // RLIM_INFINITY is the largest number
    rlimit wanted{value, value};
    if (!known || setrlimit(what, &wanted) != 0)
        throw Reason(std::string("no limit can be set: ") + std::strerror(errno));
}

// How much of its address space this process uses.
std::uint64_t mapped_bytes() {
    Descriptor file(open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
    std::array<char, 64> text{};
    if (file < 0 || read(file, text.data(), text.size() - 1) <= 0)
        throw Reason(std::string("its size cannot be told: ") + std::strerror(errno));
    return std::strtoull(text.data(), nullptr, 10) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double allowed_seconds(const Limits& limits, std::uint64_t file_bytes) {
    return limits.seconds * (1 + static_cast<double>(file_bytes) / (1 << 24));
}

void set_limits(const Limits& limits, std::uint64_t file_bytes) {
    constexpr std::uint64_t own = std::uint64_t{1} << 26;    // what the C library and HDF5 need for themselves
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_AS, mapped_bytes() + own + limits.bytes + 2 * file_bytes);
    limit(RLIMIT_FSIZE, own + 2 * file_bytes);
    limit(RLIMIT_CPU, static_cast<std::uint64_t>(std::ceil(allowed_seconds(limits, file_bytes))));
    limit(RLIMIT_NOFILE, 0);    // opens no other file
}

// The undefined-behaviour sanitizer looks at an object's type through a pipe, and a child that may open nothing has
// none.
[[noreturn]] __attribute__((no_sanitize("vptr"))) void run_as_child(const Limits& limits, std::uint64_t file_bytes,
                                                                    const std::function<void()>& body, int pipe) {
    for (int number : {SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGILL, SIGXCPU, SIGXFSZ, SIGSYS, SIGTERM, SIGINT})
        std::signal(number, SIG_DFL);
    close(STDERR_FILENO);    // the C library's last words, "invalid pointer", are nobody's business
    try {
        set_limits(limits, file_bytes);
        body();
        say(pipe, done, "");
    } catch (const std::bad_alloc&) {
        say(pipe, refused, "there is not enough memory for it within .limits.bytes");
    } catch (const std::exception& reason) {
        say(pipe, refused, reason.what());
    } catch (...) {
        say(pipe, refused, "it fails for no known reason");
    }
    _exit(0);
}

// What the child says until it ends, or until `end`.
std::string listen(int pipe, pid_t child, Clock::time_point end, bool& has_ended) {
    std::string word;
    std::array<char, 1024> part{};
    while (Clock::now() < end && word.size() <= longest_word) {
        constexpr int patience = 20;    // in ms; other threads' children may hold the pipe, so its end is no sure sign
        pollfd state{pipe, POLLIN, 0};
        int ready = poll(&state, 1, patience);
        if (ready == 0 && !has_ended) {
            pid_t gone = waitpid(child, nullptr, WNOHANG);
            has_ended = gone == child || (gone < 0 && errno != EINTR);
            continue;
        }
        if (ready < 0 && errno == EINTR) continue;
        ssize_t got = ready > 0 ? read(pipe, part.data(), part.size()) : 0;
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        word.append(part.data(), static_cast<std::size_t>(got));
    }
    return word;
}

}    // namespace

void behind_wall(const Limits& limits, std::uint64_t file_bytes, const std::function<void()>& body) {
    constexpr const char* closed = "is changed by a child process only, and none can be made: ";
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) throw Reason(std::string(closed) + std::strerror(errno));
    Descriptor ear(ends[0]), mouth(ends[1]);
    pid_t child = fork();
    if (child < 0) throw Reason(std::string(closed) + std::strerror(errno));
    if (child == 0) run_as_child(limits, file_bytes, body, mouth);
    mouth = Descriptor();

    // The child's processor time is limited. Should it wait for what never comes, this ends it.
    constexpr double sleepless = 10;
    auto seconds = std::chrono::duration<double>(sleepless * allowed_seconds(limits, file_bytes));
    bool has_ended = false;
    std::string word =
        listen(ear, child, Clock::now() + std::chrono::duration_cast<Clock::duration>(seconds), has_ended);
    if (!has_ended) {
        kill(child, SIGKILL);    // it has said what it had to say
        while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) continue;
    }
    if (word.size() == 1 && word[0] == done) return;
    if (!word.empty() && word[0] == refused) throw Reason(word.substr(1));
    throw Reason(
        "is damaged, or made to do harm: HDF5 dies of changing it, or takes too long (in a process of its own)");
}

}    // namespace xtape::io::hdf5
