// HDF5 changes files of unknown origin in a child process, whose end is no harm.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/detail/hdf5/wall.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "files.hpp"
#include "thing.hpp"

using namespace xtape;
using files::contains;

namespace {

constexpr io::Limits little{.seconds = 0.5, .bytes = std::uint64_t{1} << 24};

// The Reason that comes over the wall; empty: none.
std::string reason_of(const std::function<void()>& body) {
    io::hdf5::Session session;
    try {
        io::hdf5::behind_wall(little, 1 << 16, body);
    } catch (const io::hdf5::Reason& reason) {
        return reason.what();
    }
    return "";
}

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5";
    files::Thing thing;
};

}    // namespace

BOOST_FIXTURE_TEST_SUITE(wall, Fixture)

BOOST_AUTO_TEST_CASE(a_child_that_ends_well_is_told_from_one_that_dies) {
    BOOST_TEST(reason_of([] {}).empty());
    BOOST_TEST(reason_of([] { throw std::runtime_error("an error is no crash"); }) == "an error is no crash");
    for (int number : {SIGSEGV, SIGFPE, SIGABRT, SIGKILL, SIGTERM})
        BOOST_TEST(contains(reason_of([=] { raise(number); }), "process of its own"));
    BOOST_TEST(contains(reason_of([] { _exit(0); }), "process of its own"));
}

BOOST_AUTO_TEST_CASE(a_child_that_computes_for_ever_or_waits_for_ever_is_ended) {
    std::atomic<bool> never{false};
    BOOST_TEST(contains(reason_of([&] {
                            while (!never) continue;
                        }),
                        "process of its own"));
    BOOST_TEST(contains(reason_of([] { pause(); }), "process of its own"));
}

#if !defined(__SANITIZE_ADDRESS__)
BOOST_AUTO_TEST_CASE(a_child_has_no_more_memory_than_the_limit) {
    auto map = [](std::size_t bytes) {
        void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) throw std::runtime_error("no memory");
    };
    BOOST_TEST(reason_of([&] { map(1 << 23); }).empty());
    BOOST_TEST(reason_of([&] { map(1 << 28); }) == "no memory");
}
#endif

BOOST_AUTO_TEST_CASE(a_child_opens_no_file_and_fills_no_disk) {
    BOOST_TEST(contains(reason_of([] {
                            if (open("/etc/passwd", O_RDONLY) < 0) throw std::runtime_error("no file");
                        }),
                        "no file"));
    auto large = folder.path() / "large";
    int descriptor = open(large.c_str(), O_RDWR | O_CREAT, 0600);
    BOOST_TEST(contains(reason_of([&] { (void)!ftruncate(descriptor, off_t{1} << 30); }), "process of its own"));
    close(descriptor);
}

// In a process of its own, whose limits are lowered: the exit code that `body` returns.
template <class Body>
int in_child(const Body& body) {
    pid_t child = fork();
    if (child == 0) {
        int code = 77;
        try {
            code = body();
        } catch (const std::exception&) {
            _exit(code);
        }
        _exit(code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

BOOST_AUTO_TEST_CASE(without_a_child_nothing_is_changed) {
    io::save(path, {{"model", thing}});
    State before = io::read_state(path);
    auto write_with = [&](decltype(RLIMIT_NOFILE) what, rlim_t most) {
        return in_child([&] {
            if (geteuid() == 0 && what == RLIMIT_NPROC) {    // root may have any number of processes
                std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
                if (setuid(65534) != 0) return 1;
            }
            rlimit few{most, most};
            setrlimit(what, &few);
            try {
                io::write(path, "/more", Array<double>({1.0}));
            } catch (const io::Error& error) {
                return contains(error.what(), "none can be made") ? 2 : 3;
            }
            return 0;
        });
    };
    BOOST_TEST(write_with(RLIMIT_NPROC, 0) == 2);
#if !defined(__SANITIZE_ADDRESS__)    // which needs descriptors to look at the error
    int closed = 0;
    for (rlim_t most = 3; most < 40; ++most) {
        int code = write_with(RLIMIT_NOFILE, most);
        BOOST_TEST((code == 0 || code == 2 || code == 3));
        closed += code == 2 ? 1 : 0;
        if (code == 0) break;
        BOOST_TEST(files::same(before, io::read_state(path)));
    }
    BOOST_TEST(closed > 0);
#endif
}

BOOST_AUTO_TEST_CASE(several_threads_change_files_at_once) {
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&, i] {
            auto mine = folder.path() / (std::to_string(i) + ".h5");
            for (int j = 0; j < 5; ++j) io::write(mine, "/a" + std::to_string(j), Array<double>({1.0 * i, 1.0 * j}));
            if (io::read<double>(mine, "/a4")(1) == 4.0) ++good;
        });
    for (auto& thread : threads) thread.join();
    BOOST_TEST(good == 4);
}

BOOST_AUTO_TEST_CASE(a_trusted_file_is_changed_in_this_process) {
    io::save(path, {{"model", thing}});
    int code = in_child([&] {
        rlimit none{0, 0};
        if (geteuid() == 0 && setuid(0) != 0) return 1;
        setrlimit(RLIMIT_NPROC, &none);
        io::write(path, "/more", Array<double>({1.0}), {.trusted = true});
        return 0;
    });
    BOOST_TEST(code == 0);
    BOOST_TEST(io::read<double>(path, "/more")(0) == 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
