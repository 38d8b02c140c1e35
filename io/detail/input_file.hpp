// Reading files that may be gzipped.
#pragma once

#include <xtape/io/error.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace xtape::io {

// The bytes of a file from its beginning to its end, unpacked when it is gzipped (whatever its name).
class InputFile {
public:
    // Throws io::Error, here and in read(), as `[operation] 'path' what is wrong`: when there is no such regular file,
    // when it cannot be read, and when its gzip stream is cut short or damaged.
    InputFile(const std::string& operation, const std::filesystem::path& path);
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile();

    bool gzipped() const;

    // The most bytes that the file can hold: its size, or what its size can unpack to.
    std::uintmax_t most_bytes() const;

    // Fills `bytes` as far as the file goes, and says how far that is.
    std::size_t read(std::span<std::uint8_t> bytes);

    [[noreturn]] void fail(const std::string& what) const;

private:
    struct Inflater;
    std::uintmax_t checked_size() const;
    std::size_t read_packed(std::span<std::uint8_t> bytes);
    std::size_t read_unpacked(std::span<std::uint8_t> bytes);

    std::string operation_;
    std::filesystem::path path_;
    std::uintmax_t size_;
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
    std::unique_ptr<Inflater> inflater_;    // none: not gzipped
};

}    // namespace xtape::io
