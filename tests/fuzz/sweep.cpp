// Reads and changes hostile files in every way that io has, and counts what must not happen:
//
//     sweep [--mutations N] [--seed S] FILE_OR_FOLDER...
//
// Each file, or N careful mutations of them (see mutations.hpp), is met in a process of its own; plainly, by four
// threads at once, and with few descriptors, processes or little memory left. Ends with 1 when any of them crashes,
// throws something else than io::Error, takes over 2 s, or over 256 MB beyond the file's size.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/inspect.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "mutations.hpp"

using namespace xtape;
namespace fs = std::filesystem;

namespace {

enum class Shortage { none, threads, descriptors, processes, memory };
constexpr std::array<const char*, 5> names{"plain", "threads", "descriptors", "processes", "memory"};

// Under the sanitizers code is slower, frees memory late, maps terabytes, and looks at objects through a pipe.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

constexpr int foreign_exception = 3;
constexpr double longest_seconds = sanitized ? 20 : 2;
constexpr long most_kilobytes = (sanitized ? 4 : 1) * 256 * 1024;

// What goes wrong must be an io::Error.
template <class Action>
void attempt(const Action& action) {
    try {
        action();
    } catch (const io::Error&) {
        return;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        _exit(foreign_exception);
    }
}

void meet(const fs::path& path) {
    attempt([&] { (void)io::read_metadata(path); });
    for (bool verify : {true, false}) attempt([&] { (void)io::read_state(path, {.verify = verify}); });
    attempt([&] {
        State open;
        io::load(path, {{"model", open}}, {.strict = false});
    });
    std::vector<io::TreeItem> tree;
    attempt([&] { tree = io::list_tree(path); });
    tree.resize(std::min<std::size_t>(tree.size(), 3));
    for (const auto& item : tree) {
        attempt([&] { (void)io::read_attributes(path, item.path); });
        attempt([&] { (void)io::read_value(path, item.path); });
        attempt([&] { (void)io::read<double>(path, item.path); });
    }
    attempt([&] {
        std::ostringstream out, errors;
        (void)io::inspect_command({path.string()}, out, errors);
        (void)io::inspect_command({path.string(), path.string()}, out, errors);
    });
    attempt([&] { io::write(path, "/model/added", Array<double>({1.0, 2.0})); });
    attempt([&] { io::write_attribute(path, "/", "added", std::int64_t{1}); });
}

void leave(decltype(RLIMIT_AS) what, std::uint64_t amount) {
    rlimit few{amount, amount};
    setrlimit(what, &few);
}

std::uint64_t mapped_bytes() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

[[noreturn]] void meet_as_child(const std::vector<fs::path>& copies, Shortage shortage) {
    constexpr unsigned hang = 600;    // a busy machine lets a process of low priority wait for minutes
    alarm(hang);
    leave(RLIMIT_CORE, 0);
    if (shortage == Shortage::descriptors && !sanitized) {
        static std::array<int, 64> taken;    // until two are left
        leave(RLIMIT_NOFILE, taken.size());
        for (int& descriptor : taken) descriptor = open("/dev/null", O_RDONLY);
        for (int descriptor : {60, 61}) close(descriptor);
    }
    if (shortage == Shortage::processes) {
        constexpr unsigned nobody = 65534;    // root may have any number of processes
        if (geteuid() == 0 && setuid(nobody) != 0) _exit(1);
        leave(RLIMIT_NPROC, 0);
    }
    if (shortage == Shortage::memory && !sanitized) leave(RLIMIT_AS, mapped_bytes() + (std::uint64_t{1} << 25));
    if (shortage == Shortage::threads) {
        std::vector<std::thread> threads;
        for (const auto& copy : copies) threads.emplace_back([&] { meet(copy); });
        for (auto& thread : threads) thread.join();
    } else {
        meet(copies[0]);
    }
    _exit(0);
}

// What a process made of a file; empty: nothing that must not be.
std::string fault_of(const std::vector<fs::path>& copies, Shortage shortage) {
    auto begin = std::chrono::steady_clock::now();
    pid_t child = fork();
    if (child == 0) meet_as_child(copies, shortage);
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    auto cpu = [](timeval time) { return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec); };
    double processor = cpu(usage.ru_utime) + cpu(usage.ru_stime);
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGALRM ? "hang" : "crash";
    if (WEXITSTATUS(status) != 0) return WEXITSTATUS(status) == foreign_exception ? "foreign exception" : "exit";
    // On a machine with other things to do, a process waits; what it computes itself is its own.
    double own = shortage == Shortage::threads ? processor / 4 : processor;
    if (std::min(seconds, own) > longest_seconds) return "slow";
    auto kilobytes = static_cast<long>(fs::file_size(copies[0]) / 1024);
    rusage mine{};
    getrusage(RUSAGE_SELF, &mine);
    long most = most_kilobytes * (shortage == Shortage::threads ? 4 : 1);
    return usage.ru_maxrss > mine.ru_maxrss + most + kilobytes ? "memory" : "";
}

std::vector<fs::path> files_in(const std::vector<std::string>& arguments) {
    std::vector<fs::path> files;
    for (const auto& argument : arguments)
        if (fs::is_directory(argument))
            for (const auto& entry : fs::directory_iterator(argument)) files.push_back(entry.path());
        else
            files.emplace_back(argument);
    std::sort(files.begin(), files.end());
    return files;
}

fuzz::Content content_of(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    fuzz::Content bytes(text.size());
    std::transform(text.begin(), text.end(), bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    return bytes;
}

class Sweep {
public:
    Sweep() {
        std::string pattern = (fs::temp_directory_path() / "xtape-sweep-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
        folder_ = pattern;
        fs::permissions(folder_, fs::perms::all);
    }
    Sweep(const Sweep&) = delete;
    Sweep& operator=(const Sweep&) = delete;
    ~Sweep() { fs::remove_all(folder_); }

    void meet(const fuzz::Content& bytes, const std::string& name, Shortage shortage) {
        std::vector<fs::path> copies;
        for (int i = 0; i < (shortage == Shortage::threads ? 4 : 1); ++i) {
            copies.push_back(folder_ / ("copy" + std::to_string(i) + ".h5"));
            fs::remove(copies.back());
            std::ofstream(copies.back(), std::ios::binary)
                .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
            fs::permissions(copies.back(), fs::perms::owner_all | fs::perms::others_read);
        }
        std::string fault = fault_of(copies, shortage);
        ++count_;
        if (fault.empty()) return;
        ++faults_[fault];
        std::cout << fault << ": " << name << ", " << names.at(static_cast<std::size_t>(shortage)) << std::endl;
    }

    bool report() const {
        std::cout << count_ << " files met";
        for (const char* fault : {"crash", "hang", "slow", "memory", "foreign exception", "exit"})
            std::cout << ", " << (faults_.contains(fault) ? faults_.at(fault) : 0) << " " << fault;
        std::cout << '\n';
        return faults_.empty();
    }

private:
    fs::path folder_;
    std::size_t count_ = 0;
    std::map<std::string, std::size_t> faults_;
};

}    // namespace

int main(int count, char** arguments) {
    std::size_t mutations = 0, seed = 1;
    std::vector<std::string> rest;
    for (int i = 1; i < count; ++i) {
        std::string argument = arguments[i];
        if ((argument == "--mutations" || argument == "--seed") && i + 1 < count)
            (argument == "--seed" ? seed : mutations) = std::stoul(arguments[++i]);
        else
            rest.push_back(argument);
    }
    std::vector<fs::path> files = files_in(rest);
    if (files.empty()) {
        std::cerr << "usage: sweep [--mutations N] [--seed S] FILE_OR_FOLDER...\n";
        return 2;
    }
    Sweep sweep;
    if (mutations == 0)
        for (const auto& file : files)
            for (std::size_t how = 0; how < names.size(); ++how)
                sweep.meet(content_of(file), file.filename().string(), static_cast<Shortage>(how));
    std::vector<std::unique_ptr<fuzz::Mutator>> sound;
    if (mutations > 0)
        for (const auto& file : files) sound.push_back(std::make_unique<fuzz::Mutator>(content_of(file)));
    for (std::size_t i = 0; i < mutations; ++i) {
        std::mt19937_64 random(seed * 1'000'003 + i);
        const auto& file = files[i % files.size()];
        auto how = static_cast<Shortage>(i / files.size() % names.size());
        sweep.meet(sound[i % files.size()]->mutated(random), file.filename().string() + " #" + std::to_string(i), how);
    }
    return sweep.report() ? 0 : 1;
}
