// Whatever happens while a checkpoint is saved, the old one or the new one is there afterwards.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>
#include <string>

#include "files.hpp"
#include "system_calls.hpp"
#include "thing.hpp"

using namespace xtape;
using files::Interruption;
using files::Thing;

namespace {

struct Fixture {
    files::Folder folder;
    std::filesystem::path path = folder.path() / "run.h5";
    Thing old_thing, new_thing;

    Fixture() {
        new_thing.count = 2;
        new_thing.large(7, 7) = 123.0F;
    }
    void save_old() { io::save(path, {{"model", old_thing}}); }
    void save_new() { io::save(path, {{"model", new_thing}}); }

    // 1 when the old checkpoint loads, 2 when the new one does.
    std::int64_t loaded() const {
        Thing thing;
        io::load(path, {{"model", thing}});
        BOOST_TEST(files::same(thing.state(), (thing.count == 1 ? old_thing : new_thing).state()));
        return thing.count;
    }
    std::size_t files_in_folder() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()), {}));
    }
};

// Runs `body` in another process; its exit code.
template <class Body>
int in_child(const Body& body) {
    pid_t child = fork();
    if (child == 0) {
        int code = 0;
        try {
            code = body();
        } catch (const std::exception&) {
            code = 77;
        }
        _exit(code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}    // namespace

BOOST_FIXTURE_TEST_SUITE(atomic_save, Fixture)

BOOST_AUTO_TEST_CASE(a_failure_of_any_system_call_leaves_the_old_or_the_new_checkpoint) {
    std::set<std::string> seen;
    for (int which = 0;; ++which) {
        save_old();
        bool thrown = false;
        std::string failed;
        {
            files::Interrupted call(Interruption::fail, which);
            try {
                save_new();
            } catch (const io::Error& error) {
                thrown = true;
                BOOST_TEST(files::contains(error.what(), path.string()));
            }
            failed = call.interrupted() == nullptr ? "" : call.interrupted();
        }
        seen.insert(failed);
        BOOST_TEST((thrown || loaded() == 2), failed << " failed, nothing was thrown, and the old file is there");
        BOOST_TEST((loaded() == 1 || loaded() == 2));
        BOOST_TEST(files_in_folder() == 1U, failed << " left a temporary file");
        if (failed.empty()) break;
    }
    for (const char* name : {"open", "pwrite", "fsync", "close", "rename"}) BOOST_TEST(seen.contains(name), name);
}

BOOST_AUTO_TEST_CASE(death_at_any_system_call_leaves_the_old_or_the_new_checkpoint) {
    int killed = 0;
    for (int which = 0;; ++which) {
        save_old();
        int code = in_child([&] {
            files::Interrupted call(Interruption::kill, which);
            save_new();
            return 0;
        });
        BOOST_TEST((loaded() == 1 || loaded() == 2));
        if (code == 0) break;
        BOOST_TEST(code == 9);
        ++killed;
    }
    BOOST_TEST(killed > 5);
    save_new();
    BOOST_TEST(files_in_folder() == 1U, "temporary files of dead processes are left");
}

BOOST_AUTO_TEST_CASE(death_at_any_system_call_of_write_leaves_the_old_or_the_new_file) {
    Array<float> more({1.0F, 2.0F});
    for (int which = 0;; ++which) {
        save_old();
        int code = in_child([&] {
            files::Interrupted call(Interruption::kill, which);
            io::write(path, "/more/array", more);
            return 0;
        });
        BOOST_TEST(loaded() == 1);
        if (code == 0) break;
    }
    BOOST_TEST(io::read<float>(path, "/more/array")(1) == 2.0F);
}

BOOST_AUTO_TEST_CASE(temporary_files_of_living_processes_are_left_alone) {
    auto mine = folder.path() / ".xtape-1-1.tmp";
    int descriptor = open(mine.c_str(), O_RDWR | O_CREAT, 0600);
    BOOST_TEST_REQUIRE(flock(descriptor, LOCK_EX) == 0);
    save_old();
    BOOST_TEST(std::filesystem::exists(mine));
    close(descriptor);
    save_old();
    BOOST_TEST(!std::filesystem::exists(mine));
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_an_error_and_the_old_file_stays) {
    save_old();
    int code = in_child([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        rlimit limit{8000, 8000};
        setrlimit(RLIMIT_FSIZE, &limit);
        std::string message = files::message_of([&] { save_new(); });
        return files::contains(message, "cannot be written") && files::contains(message, "File too large") ? 0 : 1;
    });
    BOOST_TEST(code == 0);
    BOOST_TEST(loaded() == 1);
    BOOST_TEST(files_in_folder() == 1U);
}

BOOST_AUTO_TEST_CASE(a_folder_without_permission_is_an_error_and_the_old_file_stays) {
    save_old();
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
    int code = in_child([&] {
        if (geteuid() == 0 && seteuid(65534) != 0) return 2;
        std::string message = files::message_of([&] { save_new(); });
        return files::contains(message, "Permission denied") && files::contains(message, path.string()) ? 0 : 1;
    });
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    BOOST_TEST(code == 0);
    BOOST_TEST(loaded() == 1);
}

BOOST_AUTO_TEST_CASE(a_missing_folder_and_a_folder_of_that_name_are_errors) {
    auto missing = folder.path() / "missing" / "run.h5";
    BOOST_TEST(files::contains(files::message_of([&] {
                                   io::save(missing, {{"model", old_thing}});
                               }),
                               "there is no folder"));
    std::string message = files::message_of([&] { io::save(folder.path(), {{"model", old_thing}}); });
    BOOST_TEST(files::contains(message, "is a folder"));
    BOOST_TEST(files_in_folder() == 0U);
}

BOOST_AUTO_TEST_CASE(permissions_and_symbolic_links_are_kept) {
    save_old();
    std::filesystem::permissions(path, std::filesystem::perms{0640});
    auto link = folder.path() / "link.h5";
    std::filesystem::create_symlink("run.h5", link);
    io::save(link, {{"model", new_thing}});
    BOOST_TEST(std::filesystem::is_symlink(link));
    BOOST_TEST(loaded() == 2);
    BOOST_TEST((std::filesystem::status(path).permissions() == std::filesystem::perms{0640}));
}

BOOST_AUTO_TEST_CASE(readers_of_a_checkpoint_being_replaced_see_the_old_or_the_new_one) {
    save_old();
    pid_t writer = fork();
    if (writer == 0) {
        for (int i = 0; i < 200; ++i)
            io::save(path, {{"model", i % 2 == 0 ? new_thing : old_thing}}, {.durable = false});
        _exit(0);
    }
    int status = 0, loads = 0;
    while (waitpid(writer, &status, WNOHANG) == 0) {
        loaded();
        ++loads;
    }
    BOOST_TEST(WIFEXITED(status));
    BOOST_TEST(loads > 0);
}

BOOST_AUTO_TEST_SUITE_END()
