#include <xtape/core/threads.hpp>
#include <xtape/train/search/detail/worker_lines.hpp>
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
#include <cstring>
#include <string_view>
#include <system_error>

namespace xtape::train::detail {
namespace {

constexpr int not_found = 127;    // the exit code of a command that cannot be run, as shells have it

}    // namespace

Workers::~Workers() {
    for (Child& child : children_) {
        end(child);
        reap(child);
    }
}

void Workers::end(Child& child) const { ::kill(child.command.empty() ? child.process : -child.process, SIGKILL); }

Workers::Child& Workers::fork_child(const Trial& trial, const std::function<void(int socket)>& run) {
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
        run(ends[1]);
    }
    ::close(ends[1]);
    children_.push_back({.index = trial.index(), .process = process, .socket = ends[0], .begin = Clock::now()});
    return children_.back();
}

void Workers::start(const Trial& trial, const Evaluate& evaluate) {
    fork_child(trial, [&](int socket) {
        auto with_threads = [&](Trial& mine) {
            set_num_threads(threads_);
            return evaluate(mine);
        };
        serve(trial, with_threads, socket, socket);
        std::fflush(nullptr);
        ::_exit(0);
    });
}

void Workers::start(const Trial& trial, const std::vector<std::string>& command) {
    // Everything that takes memory comes before the fork, for other threads may be running.
    std::vector<char*> arguments, environment;
    for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    const std::string threads = "OMP_NUM_THREADS=" + std::to_string(threads_), line = trial_line(trial);
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (!std::string_view(*variable).starts_with("OMP_NUM_THREADS=")) environment.push_back(*variable);
    environment.push_back(const_cast<char*>(threads.c_str()));
    environment.push_back(nullptr);
    Child& child = fork_child(trial, [&](int socket) {
        ::setpgid(0, 0);    // so that it can be ended with what it starts
        ::dup2(socket, STDIN_FILENO);
        ::dup2(socket, STDOUT_FILENO);
        ::execvpe(arguments[0], arguments.data(), environment.data());
        ::_exit(not_found);
    });
    ::setpgid(child.process, child.process);    // whoever comes first
    child.command = command[0];
    ::send(child.socket, line.data(), line.size(), MSG_NOSIGNAL);    // that it has died is noticed when reading
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
            end(child);
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
    for (std::size_t length; (length = child.unread.find('\n')) != std::string::npos;
         child.unread.erase(0, length + 1)) {
        const auto line = read_worker_line(std::string_view(child.unread).substr(0, length));
        if (!line) continue;
        if (!line->report) {
            child.outcome = line->outcome;
            continue;
        }
        const std::string_view answer = events.report(child.index, *line->report) ? "true\n" : "false\n";
        ::send(child.socket, answer.data(), answer.size(), MSG_NOSIGNAL);    // likewise
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
    else if (!child.command.empty() && WEXITSTATUS(status) == not_found)
        child.outcome.error = "the command '" + child.command + "' cannot be run";
    else
        child.outcome.error = "exited with code " + std::to_string(WEXITSTATUS(status)) + " without a value";
}

}    // namespace xtape::train::detail
