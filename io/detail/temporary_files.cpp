#include <xtape/io/detail/replacement.hpp>
#include <xtape/io/detail/temporary_files.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <memory>

namespace xtape::io::detail {
namespace {

constexpr std::string_view start = ".xtape-", end = ".tmp";
constexpr std::size_t digits = 16;

// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): neighbours become unlike numbers.
constexpr std::uint64_t mixed(std::uint64_t number) {
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9U;
    number = (number ^ number >> 27) * 0x94D049BB133111EBU;
    return number ^ number >> 31;
}
constexpr std::uint64_t check_of(std::uint64_t number) { return mixed(number + 0x7874617065); }    // "xtape"

}    // namespace

std::array<char, 64> new_temporary_name() {
    static std::atomic<std::uint64_t> count{0};
    auto now = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
    std::uint64_t number = mixed(mixed(now) + (static_cast<std::uint64_t>(getpid()) << 32) + count++);
    std::array<char, 64> name{};
    std::snprintf(name.data(), name.size(), ".xtape-%016" PRIx64 "-%016" PRIx64 ".tmp", number, check_of(number));
    return name;
}

bool is_temporary_name(std::string_view name) {
    if (name.size() != start.size() + 2 * digits + 1 + end.size() || !name.starts_with(start) || !name.ends_with(end))
        return false;
    auto number_at = [&](std::size_t at, std::uint64_t& number) {
        const char* last = name.data() + at + digits;
        return std::from_chars(name.data() + at, last, number, 16).ptr == last;
    };
    std::uint64_t number = 0, check = 0;
    return number_at(start.size(), number) && number_at(start.size() + digits + 1, check) && check == check_of(number);
}

// std::filesystem::directory_iterator ends the process when it finds no memory.
void remove_dead_temporary_files(const std::filesystem::path& folder) {
    std::unique_ptr<DIR, int (*)(DIR*)> list(opendir(folder.c_str()), closedir);
    if (!list) return;
    while (const dirent* entry = readdir(list.get())) {
        if (!is_temporary_name(entry->d_name)) continue;
        Descriptor file(openat(dirfd(list.get()), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
        struct stat status {};
        if (file >= 0 && flock(file, LOCK_EX | LOCK_NB) == 0 && fstat(file, &status) == 0 && S_ISREG(status.st_mode))
            unlinkat(dirfd(list.get()), entry->d_name, 0);
    }
}

}    // namespace xtape::io::detail
