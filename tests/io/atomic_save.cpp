// Whatever happens while a checkpoint is saved, the old one or the new one is there afterwards.
#include <xtape/io/array_file.hpp>
#include <xtape/io/checkpoint.hpp>
#include <xtape/io/npy.hpp>
#include <xtape/io/safetensors.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <functional>
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
    files::Bytes content() const {
        std::ifstream stream(path, std::ios::binary);
        return files::Bytes(std::istreambuf_iterator<char>(stream), {});
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

boost::test_tools::assertion_result is_root(boost::unit_test::test_unit_id) {
    boost::test_tools::assertion_result result(geteuid() == 0);
    result.message() << "only root gives files away";
    return result;
}

}    // namespace

BOOST_FIXTURE_TEST_SUITE(atomic_save, Fixture)

// What an error says of the file, for every function that replaces one: nothing has changed, or (DurabilityError) the
// new one is there.
BOOST_AUTO_TEST_CASE(a_failure_of_any_system_call_says_by_its_type_whether_the_file_has_changed) {
    State state;
    state.add("a", files::counting<float>({40, 100}, 1.0F));
    Array<float> one({1.0F, 2.0F});
    const std::pair<const char*, std::function<void()>> writers[] = {
        {"save", [&] { save_new(); }},
        {"write", [&] { io::write(path, "/more", one, {.trusted = true}); }},
        {"write_attribute", [&] { io::write_attribute(path, "/", "more", std::int64_t{1}, {.trusted = true}); }},
        {"write_npy", [&] { io::write_npy(path, state.at("a")); }},
        {"write_npz", [&] { io::write_npz(path, state); }},
        {"write_safetensors", [&] { io::write_safetensors(path, state); }},
    };
    for (const auto& [name, write] : writers) {
        std::set<std::string> seen, durability;
        for (int which = 0;; ++which) {
            save_old();
            const files::Bytes before = content();
            bool thrown = false, is_new = false;
            std::string failed;
            {
                files::Interrupted call(Interruption::fail, which);
                try {
                    write();
                } catch (const io::DurabilityError& error) {
                    thrown = is_new = true;
                    BOOST_TEST(files::contains(error.what(), path.string()));
                } catch (const io::Error& error) {
                    thrown = true;
                    BOOST_TEST(files::contains(error.what(), path.string()));
                }
                failed = call.interrupted() == nullptr ? "" : call.interrupted();
            }
            seen.insert(failed);
            if (is_new) durability.insert(failed);
            BOOST_TEST((content() != before) == (is_new || !thrown), name << " after the failure of " << failed);
            BOOST_TEST(files_in_folder() == 1U, failed << " left a temporary file");
            if (failed.empty()) break;
        }
        for (const char* call : {"open", "open a folder", "fsync", "fcntl", "close", "rename"})
            BOOST_TEST(seen.contains(call), name << " never called " << call);
        BOOST_TEST((durability == std::set<std::string>{"fsync"}), name);
    }
}

BOOST_AUTO_TEST_CASE(calls_that_a_signal_interrupts_are_made_again) {
    for (int which = 0;; ++which) {
        save_old();
        std::string failed;
        {
            files::Interrupted call(Interruption::fail, which, EINTR);
            std::string message;
            try {
                save_new();
            } catch (const io::Error& error) {
                message = error.what();
            }
            failed = call.interrupted() == nullptr ? "" : call.interrupted();
            BOOST_TEST((message.empty() || failed == "fcntl"), message);    // which signals do not interrupt
        }
        if (failed.empty()) break;
        BOOST_TEST((loaded() == 2 || failed == "fcntl"), "after an interrupted " << failed);
    }
}

BOOST_AUTO_TEST_CASE(a_folder_that_must_not_be_read_is_flushed_with_its_file_system) {
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0333});
    int code = in_child([&] {
        if (geteuid() == 0 && seteuid(65534) != 0) return 2;
        save_new();
        return 0;
    });
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0755});
    BOOST_TEST(code == 0);
    BOOST_TEST(loaded() == 2);
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
    for (bool trusted : {true, false}) {
        for (int which = 0;; ++which) {
            save_old();
            int code = in_child([&] {
                files::Interrupted call(Interruption::kill, which);
                io::write(path, "/more/array", more, {.trusted = trusted});
                return 0;
            });
            BOOST_TEST(loaded() == 1);
            if (code == 0) break;
            BOOST_TEST((code == 9 || !trusted));    // behind the wall, the process that dies is another one
        }
        BOOST_TEST(io::read<float>(path, "/more/array")(1) == 2.0F);
    }
}

BOOST_AUTO_TEST_CASE(temporary_files_of_living_processes_are_left_alone) {
    save_old();
    int which = 0;
    std::filesystem::path left;
    while (left.empty()) {    // until a process dies with its file there
        BOOST_TEST_REQUIRE(in_child([&] {
                               files::Interrupted call(Interruption::kill, ++which);
                               save_new();
                               return 0;
                           }) == 9);
        for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
            if (entry.path() != path) left = entry.path();
    }
    int descriptor = open(left.c_str(), O_RDWR);
    BOOST_TEST_REQUIRE(flock(descriptor, LOCK_EX) == 0);
    save_old();
    BOOST_TEST(std::filesystem::exists(left));
    close(descriptor);
    save_old();
    BOOST_TEST(!std::filesystem::exists(left));
}

BOOST_AUTO_TEST_CASE(files_of_the_users_with_names_like_ours_are_left_alone) {
    const char* names[] = {".xtape-notes.tmp", ".xtape-1-1.tmp", ".xtape-.tmp",
                           ".xtape-0123456789abcdef-0123456789abcdef.tmp"};
    for (const char* name : names) folder.write(name, {1, 2, 3});
    save_old();
    for (const char* name : names) BOOST_TEST(std::filesystem::exists(folder.path() / name), name);
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

BOOST_AUTO_TEST_CASE(a_dangling_symbolic_link_stays_and_its_target_is_made) {
    std::filesystem::create_directory(folder.path() / "store");
    auto link = folder.path() / "link.h5", second = folder.path() / "second.h5";
    std::filesystem::create_symlink("store/run.h5", link);
    std::filesystem::create_symlink("link.h5", second);
    io::save(second, {{"model", new_thing}});
    BOOST_TEST(std::filesystem::is_symlink(link));
    BOOST_TEST(std::filesystem::is_symlink(second));
    path = folder.path() / "store" / "run.h5";
    BOOST_TEST(!std::filesystem::is_symlink(path));
    BOOST_TEST(loaded() == 2);

    auto circle = folder.path() / "circle.h5", nowhere = folder.path() / "nowhere.h5";
    std::filesystem::create_symlink("circle.h5", circle);
    std::filesystem::create_symlink("missing/run.h5", nowhere);
    BOOST_CHECK_THROW(io::save(circle, {{"model", new_thing}}), io::Error);
    BOOST_CHECK_THROW(io::save(nowhere, {{"model", new_thing}}), io::Error);
    BOOST_TEST(std::filesystem::is_symlink(circle));
    BOOST_TEST(std::filesystem::is_symlink(nowhere));
}

// Whoever may not read the old file may not read the new one, not even while it is written.
BOOST_AUTO_TEST_CASE(the_temporary_file_of_a_private_checkpoint_is_private_at_every_moment) {
    save_old();
    std::filesystem::permissions(path, std::filesystem::perms{0600});
    int looked = 0;
    for (int which = 1;; ++which) {
        int code = in_child([&] {
            files::Interrupted call(Interruption::kill, which);
            save_new();
            return 0;
        });
        for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
            BOOST_TEST((entry.status().permissions() == std::filesystem::perms{0600}), entry.path().string());
            ++looked;
        }
        if (code == 0) break;
    }
    BOOST_TEST(looked > 10);
}

BOOST_AUTO_TEST_CASE(the_owner_and_the_group_are_kept, *boost::unit_test::precondition(is_root)) {
    save_old();
    BOOST_TEST_REQUIRE(chown(path.c_str(), 4321, 1234) == 0);
    std::filesystem::permissions(path, std::filesystem::perms{0640});
    save_new();
    struct stat status {};
    BOOST_TEST_REQUIRE(stat(path.c_str(), &status) == 0);
    BOOST_TEST(status.st_uid == 4321U);
    BOOST_TEST(status.st_gid == 1234U);
    BOOST_TEST((status.st_mode & 0777U) == 0640U);
}

BOOST_AUTO_TEST_CASE(a_group_that_cannot_be_kept_gets_what_everybody_has, *boost::unit_test::precondition(is_root)) {
    save_old();
    BOOST_TEST_REQUIRE(chown(path.c_str(), 4321, 1234) == 0);
    std::filesystem::permissions(path, std::filesystem::perms{0664});
    std::filesystem::permissions(folder.path(), std::filesystem::perms{0777});
    BOOST_TEST(in_child([&] {
                   if (setegid(65534) != 0 || seteuid(65534) != 0) return 2;
                   save_new();
                   return 0;
               }) == 0);
    struct stat status {};
    BOOST_TEST_REQUIRE(stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0644U);
    BOOST_TEST(loaded() == 2);
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
