#include <xtape/io/detail/replacement.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace xtape::io::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view temporary_start = ".xtape-", temporary_end = ".tmp";

[[noreturn]] void fail_with(const std::string& what, int code) { throw Reason(what + ": " + std::strerror(code)); }

// Its writer holds a lock on a temporary file, and a process that dies lets go of its locks.
void sweep(const fs::path& folder) {
    std::error_code ignored;
    for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end; entry.increment(ignored)) {
        std::string name = entry->path().filename().string();
        if (!name.starts_with(temporary_start) || !name.ends_with(temporary_end)) continue;
        Descriptor file(open(entry->path().c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0) unlink(entry->path().c_str());
    }
}

fs::path temporary_name(const fs::path& folder) {
    static std::atomic<std::uint64_t> count{0};
    return folder / (std::string(temporary_start) + std::to_string(getpid()) + "-" + std::to_string(count++) +
                     std::string(temporary_end));
}

void flush_folder(const fs::path& folder) {
    Descriptor descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor < 0) fail_with("the folder cannot be flushed to the disk", errno);
    if (fsync(descriptor) != 0 && errno != EINVAL) fail_with("the folder cannot be flushed to the disk", errno);
}

}    // namespace

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

Descriptor open_to_read(const fs::path& path) {
    Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));    // a pipe must not make us wait
    if (descriptor < 0) fail_with("cannot be opened", errno);
    struct stat status {};
    if (fstat(descriptor, &status) != 0) fail_with("cannot be looked at", errno);
    if (S_ISDIR(status.st_mode)) throw Reason("is a folder; wanted a file");
    if (!S_ISREG(status.st_mode)) throw Reason("is not a regular file");
    return descriptor;
}

Replacement::Replacement(const fs::path& path) : path_(path) {
    std::error_code ignored;
    // A symbolic link stays, and what it points to is replaced.
    if (fs::is_symlink(path_, ignored)) {
        fs::path target = fs::weakly_canonical(path_, ignored);
        if (!ignored) path_ = target;
    }
    if (path_.filename().empty() || fs::is_directory(path_, ignored)) throw Reason("is a folder; wanted a file's name");
    folder_ = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
    if (!fs::exists(folder_, ignored)) throw Reason("cannot be written: there is no folder '" + folder_.string() + "'");
    sweep(folder_);
    for (;;) {
        temporary_ = temporary_name(folder_);
        descriptor_ = Descriptor(open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
        if (descriptor_ < 0 && errno == EEXIST) continue;
        if (descriptor_ < 0) fail_with("cannot be written: no file can be made in '" + folder_.string() + "'", errno);
        flock(descriptor_, LOCK_EX);
        struct stat status {};
        if (fstat(descriptor_, &status) == 0 && status.st_nlink > 0) break;    // else swept before it was locked
    }
    struct stat old {};
    if (stat(path_.c_str(), &old) == 0) {
        if (!S_ISREG(old.st_mode)) {
            unlink(temporary_.c_str());
            throw Reason("is not a regular file");
        }
        fchmod(descriptor_, old.st_mode & 07777);    // it keeps its permissions where we may give them
    }
}

Replacement::~Replacement() {
    if (!temporary_.empty()) unlink(temporary_.c_str());
}

void Replacement::copy_old_content() {
    Descriptor old(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (old < 0 && errno == ENOENT) return;
    if (old < 0) fail_with("cannot be opened", errno);
    std::string buffer(std::size_t{1} << 20, '\0');
    for (;;) {
        ssize_t got = read(old, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail_with("cannot be read", errno);
        if (got == 0) return;
        for (ssize_t done = 0; done < got;) {
            ssize_t wrote = write(descriptor_, buffer.data() + done, static_cast<std::size_t>(got - done));
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote <= 0) fail_with("cannot be written", wrote < 0 ? errno : EIO);
            done += wrote;
        }
    }
}

void Replacement::commit(bool durable) {
    if (durable && fsync(descriptor_) != 0) fail_with("cannot be flushed to the disk", errno);
    // Some file systems tell only on closing that the disk is full; another descriptor keeps the lock meanwhile.
    Descriptor keeper(fcntl(descriptor_, F_DUPFD_CLOEXEC, 0));
    if (close(descriptor_.release()) != 0 && errno != EINTR) fail_with("cannot be written", errno);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail_with("cannot be given its name", errno);
    temporary_.clear();
    if (durable) flush_folder(folder_);
}

}    // namespace xtape::io::detail
