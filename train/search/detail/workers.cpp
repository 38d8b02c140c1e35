#include <xtape/core/threads.hpp>
#include <xtape/train/search/detail/workers.hpp>

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace xtape::train::detail {
namespace {

// What a child says. An error is followed by as many bytes of text as `step` says.
enum class Kind : std::int64_t { report, value, stopped, error };
struct Message {
    Kind kind;
    std::int64_t step;
    double value;
};

bool write_all(int file, const void* data, std::size_t size) {
    const char* bytes = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t count = ::send(file, bytes, size, MSG_NOSIGNAL);
        if (count == -1 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes += count;
        size -= static_cast<std::size_t>(count);
    }
    return true;
}

// In the child: evaluates the trial, says how it ended, and never returns.
[[noreturn]] void work(const Trial& trial, const std::function<double(Trial&)>& evaluate, int threads, int parent) {
    auto say = [&](const Message& message, const std::string& text = {}) {
        if (!write_all(parent, &message, sizeof message) || !write_all(parent, text.data(), text.size())) ::_exit(1);
    };
    auto fail = [&](const std::string& text) { say({Kind::error, static_cast<std::int64_t>(text.size()), 0}, text); };
    try {
        set_num_threads(threads);
        Trial mine(std::make_shared<const Space>(trial.space()), trial.index(), trial.values(),
                   [&](const TrialReport& report) {
                       say({Kind::report, report.step, report.value});
                       char answer = 'n';
                       ssize_t count;
                       do count = ::read(parent, &answer, 1);
                       while (count == -1 && errno == EINTR);
                       if (count != 1) ::_exit(1);    // nobody is there to hear more
                       return answer == 'y';
                   });
        const double value = evaluate(mine);
        say({mine.told_to_stop() ? Kind::stopped : Kind::value, 0, value});
    } catch (const std::exception& error) {
        fail(error.what());
    } catch (...) {
        fail("an exception that is no std::exception");
    }
    std::fflush(nullptr);
    ::_exit(0);
}

}    // namespace

Workers::~Workers() {
    for (Child& child : children_) {
        ::kill(child.process, SIGKILL);
        reap(child);
    }
}

void Workers::start(const Trial& trial, const std::function<double(Trial&)>& evaluate) {
    int ends[2] = {-1, -1};    // ours and the child's
    auto fail = [&](const char* what) {
        const int error = errno;
        for (int file : ends)
            if (file != -1) ::close(file);
        throw std::system_error(error, std::generic_category(), std::string("[search] cannot start a worker: ") + what);
    };
    // Sockets, for writing to them raises no signal when the other side has died.
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail("socketpair");
    children_.reserve(children_.size() + 1);
    std::fflush(nullptr);    // so that the child does not print again what is in our buffers
    const pid_t parent = ::getpid(), process = ::fork();
    if (process == -1) fail("fork");
    if (process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(1);
        for (const Child& other : children_) ::close(other.socket);
        ::close(ends[0]);
        work(trial, evaluate, threads_, ends[1]);
    }
    ::close(ends[1]);
    children_.push_back({.index = trial.index(), .process = process, .socket = ends[0], .begin = Clock::now()});
}

double Workers::age(const Child& child) const {
    return std::chrono::duration<double>(Clock::now() - child.begin).count();
}

int Workers::milliseconds_left() const {
    if (trial_seconds_ <= 0) return -1;
    double least = trial_seconds_;
    for (const Child& child : children_) least = std::min(least, trial_seconds_ - age(child));
    return static_cast<int>(std::ceil(std::clamp(least, 0.0, 1e6) * 1000));
}

void Workers::wait(const Events& events) {
    std::vector<pollfd> files;
    for (const Child& child : children_) files.push_back({child.socket, POLLIN, 0});
    if (::poll(files.data(), files.size(), milliseconds_left()) == -1 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "[search] cannot wait for the workers");
    for (std::size_t i = files.size(); i-- > 0;) {
        Child& child = children_[i];
        bool ended = false;
        if (files[i].revents != 0) ended = !read(child, events);
        if (!ended && trial_seconds_ > 0 && age(child) >= trial_seconds_) {
            ::kill(child.process, SIGKILL);
            child.outcome = {.status = TrialStatus::failed,
                             .error = "took longer than " + std::to_string(trial_seconds_) + " s"};
            ended = true;
        }
        if (!ended) continue;
        reap(child);
        const Child over = std::move(child);
        children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(i));
        events.end(over.index, over.outcome);
    }
}

bool Workers::read(Child& child, const Events& events) {
    char buffer[4096];
    const ssize_t count = ::read(child.socket, buffer, sizeof buffer);
    if (count == -1) return errno == EINTR;
    if (count == 0) return false;
    child.unread.append(buffer, static_cast<std::size_t>(count));
    Message message;
    while (child.unread.size() >= sizeof message) {
        std::memcpy(&message, child.unread.data(), sizeof message);
        const std::size_t text = message.kind == Kind::error ? static_cast<std::size_t>(message.step) : 0;
        if (child.unread.size() < sizeof message + text) break;
        if (message.kind == Kind::report) {
            const char answer = events.report(child.index, {message.step, message.value}) ? 'y' : 'n';
            write_all(child.socket, &answer, 1);    // that it has died is noticed at the next read
        } else if (message.kind == Kind::error) {
            child.outcome.status = TrialStatus::failed;
            child.outcome.error = child.unread.substr(sizeof message, text);
        } else {
            child.outcome.status = message.kind == Kind::stopped ? TrialStatus::stopped : TrialStatus::complete;
            child.outcome.value = message.value;
        }
        child.unread.erase(0, sizeof message + text);
    }
    return true;
}

void Workers::reap(Child& child) {
    int status = 0;
    while (::waitpid(child.process, &status, 0) == -1 && errno == EINTR) {
    }
    ::close(child.socket);
    child.outcome.seconds = age(child);
    if (child.outcome.status != TrialStatus::running) return;
    child.outcome.status = TrialStatus::failed;
    if (WIFSIGNALED(status))
        child.outcome.error =
            "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" + ::strsignal(WTERMSIG(status)) + ")";
    else
        child.outcome.error = "exited with code " + std::to_string(WEXITSTATUS(status)) + " without a value";
}

}    // namespace xtape::train::detail
