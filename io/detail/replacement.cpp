#include <xtape/io/detail/replacement.hpp>
#include <xtape/io/detail/temporary_files.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

namespace xtape::io::detail {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail_with(const std::string& what, int code) { throw Reason(what + ": " + std::strerror(code)); }

// Calls the system again as long as a signal interrupts it.
template <class Call>
auto retried(const Call& call) {
    for (;;)
        if (auto result = call(); result >= 0 || errno != EINTR) return result;
}

// What a chain of symbolic links points to, whether it is there or not.
fs::path target_of(fs::path path) {
    constexpr int most = 40;    // the system's own limit
    for (int links = 0; links < most; ++links) {
        std::error_code error;
        if (!fs::is_symlink(path, error)) return path;
        fs::path target = fs::read_symlink(path, error);
        if (error) throw Reason("is a symbolic link that cannot be read: " + error.message());
        path = path.parent_path() / target;
    }
    throw Reason("leads through too many symbolic links");
}

bool same_file(const struct stat& a, const struct stat& b) { return a.st_dev == b.st_dev && a.st_ino == b.st_ino; }

// Whether `path` is the file that `descriptor` is open on.
bool is_at(const fs::path& path, int descriptor) {
    struct stat here {
    }, open_file{};
    return stat(path.c_str(), &here) == 0 && fstat(descriptor, &open_file) == 0 && same_file(here, open_file);
}

// Owner, group and permissions. A group that cannot be kept gets no more than everybody has.
void take_over_access(int descriptor, const struct stat& old) {
    struct stat now {};
    if (fstat(descriptor, &now) != 0) return;
    bool same_group = now.st_gid == old.st_gid;
    if (now.st_uid != old.st_uid || !same_group)
        same_group = fchown(descriptor, old.st_uid, old.st_gid) == 0 ||
                     fchown(descriptor, static_cast<uid_t>(-1), old.st_gid) == 0 || same_group;
    mode_t mode = old.st_mode & 0777;
    if (!same_group) mode = (mode & 0707) | (mode & 07) << 3;
    fchmod(descriptor, mode);
}

}    // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

Descriptor open_to_read(const fs::path& path) {
    // A pipe must not make us wait.
    Descriptor descriptor(retried([&] { return open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
    if (descriptor < 0) fail_with("cannot be opened", errno);
    struct stat status {};
    if (fstat(descriptor, &status) != 0) fail_with("cannot be accessed", errno);
    if (S_ISDIR(status.st_mode)) throw Reason("is a folder; wanted a file");
    if (!S_ISREG(status.st_mode)) throw Reason("is not a regular file");
    return descriptor;
}

FolderFlush::FolderFlush(const fs::path& folder)
    : descriptor_(retried([&] { return open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); })) {
    if (descriptor_ < 0 && errno != EACCES) fail_with("the folder cannot be opened to be flushed to the disk", errno);
}

void FolderFlush::flush(int file) const {
    int result = retried([&] { return descriptor_ >= 0 ? fsync(descriptor_) : syncfs(file); });
    bool not_needed = errno == EINVAL && descriptor_ >= 0;    // the file system has no folders on a disk
    if (result == 0 || not_needed) return;
    throw NotFlushed(std::string("has been written, but its name cannot be flushed to the disk: ") +
                     std::strerror(errno) + "; after a power cut the old file may be there again");
}

Replacement::Replacement(const fs::path& path) : path_(target_of(path)) {
    std::error_code ignored;
    if (path_.filename().empty() || fs::is_directory(path_, ignored)) throw Reason("is a folder; wanted a file's name");
    folder_ = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    if (!fs::exists(folder_, ignored)) throw Reason("cannot be written: there is no folder '" + folder_.string() + "'");
    remove_dead_temporary_files(folder_);
    create();
}

void Replacement::create() {
    struct stat old {};
    bool is_new = stat(path_.c_str(), &old) != 0;
    if (!is_new && !S_ISREG(old.st_mode)) throw Reason("is not a regular file");
    mode_t mode = is_new ? 0666 : old.st_mode & 0700;    // nobody may read more of it, or sooner, than of the old file
    for (;;) {
        fs::path name = folder_ / new_temporary_name().data();
        descriptor_ =
            Descriptor(retried([&] { return open(name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode); }));
        if (descriptor_ < 0 && errno == EEXIST) continue;
        if (descriptor_ < 0) fail_with("cannot be written: no file can be made in '" + folder_.string() + "'", errno);
        temporary_ = std::move(name);    // from here on nothing may throw: nobody would remove the file
        retried([&] { return flock(descriptor_, LOCK_EX); });
        struct stat status {};
        if (fstat(descriptor_, &status) == 0 && status.st_nlink > 0) break;    // else swept before it was locked
        temporary_.clear();
    }
    if (!is_new) take_over_access(descriptor_, old);
}

Replacement::~Replacement() {
    if (!temporary_.empty()) unlink(temporary_.c_str());
}

void Replacement::copy_old_content() {
    Descriptor old(retried([&] { return open(path_.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (old < 0 && errno == ENOENT) return;
    if (old < 0) fail_with("cannot be opened", errno);
    std::string buffer(std::size_t{1} << 20, '\0');
    for (;;) {
        ssize_t got = retried([&] { return read(old, buffer.data(), buffer.size()); });
        if (got < 0) fail_with("cannot be read", errno);
        if (got == 0) return;
        for (ssize_t done = 0; done < got;) {
            ssize_t wrote =
                retried([&] { return write(descriptor_, buffer.data() + done, static_cast<std::size_t>(got - done)); });
            if (wrote <= 0) fail_with("cannot be written", wrote < 0 ? errno : EIO);
            done += wrote;
        }
    }
}

void Replacement::commit(bool durable) {
    if (durable && retried([&] { return fsync(descriptor_); }) != 0) fail_with("cannot be flushed to the disk", errno);
    std::optional<FolderFlush> folder;
    if (durable) folder.emplace(folder_);
    // Some file systems tell only on closing that the disk is full; another descriptor keeps the lock meanwhile.
    Descriptor keeper(fcntl(descriptor_, F_DUPFD_CLOEXEC, 0));
    if (keeper < 0) fail_with("cannot be written", errno);
    if (close(descriptor_.release()) != 0 && errno != EINTR) fail_with("cannot be written", errno);
    // Over a network, the answer may be lost of what has been done.
    while (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
        int code = errno;
        if (is_at(path_, keeper)) break;
        if (code != EINTR) fail_with("cannot be given its name", code);
    }
    temporary_.clear();
    if (durable) folder->flush(keeper);
}

}    // namespace xtape::io::detail
