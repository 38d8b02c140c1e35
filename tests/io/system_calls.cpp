// This program's own definitions of the calls come before the C library's. The suite sees to it that they do.
#include "system_calls.hpp"

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>

#include "files.hpp"

namespace {

std::atomic<files::Interruption> how{files::Interruption::none};
std::atomic<int> left{0};
std::atomic<int> count{0};
std::atomic<int> error{0};
std::atomic<const char*> failed{nullptr};

// Whether this call is the one.
bool interrupts(const char* name) {
    if (how == files::Interruption::none) return false;
    ++count;
    if (left-- != 0) return false;
    if (how == files::Interruption::kill) syscall(SYS_exit_group, 9);
    failed = name;
    errno = error;
    return true;
}

}    // namespace

namespace files {

Interrupted::Interrupted(Interruption kind, int which, int code) {
    left = which;
    error = code;
    count = 0;
    failed = nullptr;
    how = kind;
}
Interrupted::~Interrupted() { how = Interruption::none; }
int Interrupted::calls() const { return count; }
const char* Interrupted::interrupted() const { return failed; }

}    // namespace files

extern "C" {

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(rest, unsigned) : 0U;
    va_end(rest);
    if ((flags & O_DIRECTORY) != 0 && interrupts("open a folder")) return -1;
    if ((flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0 && interrupts("open")) return -1;
    return static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}
ssize_t write(int descriptor, const void* buffer, size_t size) {
    return interrupts("write") ? -1 : syscall(SYS_write, descriptor, buffer, size);
}
ssize_t pwrite(int descriptor, const void* buffer, size_t size, off_t offset) {
    return interrupts("pwrite") ? -1 : syscall(SYS_pwrite64, descriptor, buffer, size, offset);
}
int ftruncate(int descriptor, off_t size) noexcept {
    return interrupts("ftruncate") ? -1 : static_cast<int>(syscall(SYS_ftruncate, descriptor, size));
}
int fallocate(int descriptor, int mode, off_t offset, off_t size) {
    return interrupts("fallocate") ? -1 : static_cast<int>(syscall(SYS_fallocate, descriptor, mode, offset, size));
}
int fsync(int descriptor) { return interrupts("fsync") ? -1 : static_cast<int>(syscall(SYS_fsync, descriptor)); }
int fdatasync(int descriptor) {
    return interrupts("fdatasync") ? -1 : static_cast<int>(syscall(SYS_fdatasync, descriptor));
}
int rename(const char* from, const char* to) noexcept {
    return interrupts("rename") ? -1 : static_cast<int>(syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
int unlink(const char* path) noexcept {
    return interrupts("unlink") ? -1 : static_cast<int>(syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}
int close(int descriptor) {
    bool fails = interrupts("close");
    auto result = static_cast<int>(syscall(SYS_close, descriptor));    // it is closed even when it fails
    if (!fails) return result;
    errno = error;
    return -1;
}
int syncfs(int descriptor) noexcept {
    return interrupts("syncfs") ? -1 : static_cast<int>(syscall(SYS_syncfs, descriptor));
}
int flock(int descriptor, int operation) noexcept {
    return interrupts("flock") ? -1 : static_cast<int>(syscall(SYS_flock, descriptor, operation));
}
int fchmod(int descriptor, mode_t mode) noexcept {
    return interrupts("fchmod") ? -1 : static_cast<int>(syscall(SYS_fchmod, descriptor, mode));
}
int fchown(int descriptor, uid_t owner, gid_t group) noexcept {
    return interrupts("fchown") ? -1 : static_cast<int>(syscall(SYS_fchown, descriptor, owner, group));
}
int fcntl(int descriptor, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void* argument = va_arg(rest, void*);
    va_end(rest);
    return interrupts("fcntl") ? -1 : static_cast<int>(syscall(SYS_fcntl, descriptor, command, argument));
}

}    // extern "C"

BOOST_AUTO_TEST_SUITE(system_calls)

BOOST_AUTO_TEST_CASE(calls_are_counted_and_made_to_fail) {
    files::Folder folder;
    auto path = folder.path() / "file";
    {
        files::Interrupted second(files::Interruption::fail, 1);
        int descriptor = open(path.c_str(), O_RDWR | O_CREAT, 0600);
        BOOST_TEST(descriptor >= 0);
        BOOST_TEST(pwrite(descriptor, "x", 1, 0) == -1);
        BOOST_TEST(pwrite(descriptor, "x", 1, 0) == 1);
        close(descriptor);
        BOOST_TEST(second.calls() == 4);
        BOOST_TEST(std::string(second.interrupted()) == "pwrite");
    }
    BOOST_TEST(std::filesystem::file_size(path) == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
