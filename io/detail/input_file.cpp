#include <xtape/io/detail/input_file.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <new>
#include <system_error>

namespace xtape::io {

namespace fs = std::filesystem;

// zlib's gzread would do most of this, but it takes a file cut within its last bytes for a whole one.
struct InputFile::Inflater {
    Inflater() {
        constexpr int gzip_only = 15 + 16;
        if (inflateInit2(&stream, gzip_only) != Z_OK) throw std::bad_alloc();
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;
    ~Inflater() { inflateEnd(&stream); }

    z_stream stream{};
    bool member_ended = false;
    std::array<std::uint8_t, std::size_t{1} << 16> packed;
};

InputFile::InputFile(const std::string& operation, const fs::path& path)
    : operation_(operation), path_(path), size_(checked_size()), file_(std::fopen(path.c_str(), "rb"), std::fclose) {
    if (!file_) fail("cannot be opened: " + std::generic_category().message(errno));
    std::setvbuf(file_.get(), nullptr, _IONBF, 0);
    std::array<std::uint8_t, 2> magic{};
    if (read_packed(magic) == 2 && magic[0] == 0x1f && magic[1] == 0x8b) inflater_ = std::make_unique<Inflater>();
    std::rewind(file_.get());
}

InputFile::~InputFile() = default;

std::uintmax_t InputFile::checked_size() const {
    std::error_code error;
    auto status = fs::status(path_, error);
    if (status.type() == fs::file_type::not_found) fail("does not exist");
    if (status.type() == fs::file_type::none) fail("cannot be accessed: " + error.message());
    if (fs::is_directory(status)) fail("is a folder; wanted a file");
    if (!fs::is_regular_file(status)) fail("is not a regular file");
    auto size = fs::file_size(path_, error);
    if (error) fail("cannot be accessed: " + error.message());
    return size;
}

bool InputFile::gzipped() const { return inflater_ != nullptr; }

std::uintmax_t InputFile::most_bytes() const {
    constexpr std::uintmax_t ratio = 1032;    // deflate's best
    if (!gzipped()) return size_;
    return std::min(size_, std::numeric_limits<std::uintmax_t>::max() / ratio) * ratio;
}

std::size_t InputFile::read(std::span<std::uint8_t> bytes) {
    if (!gzipped()) return read_packed(bytes);
    constexpr std::size_t block = std::size_t{1} << 30;    // zlib counts in 32 bits
    std::size_t done = 0;
    while (done < bytes.size()) {
        auto rest = bytes.subspan(done);
        std::size_t got = read_unpacked(rest.first(std::min(rest.size(), block)));
        if (got == 0) break;
        done += got;
    }
    return done;
}

std::size_t InputFile::read_packed(std::span<std::uint8_t> bytes) {
    std::size_t got = std::fread(bytes.data(), 1, bytes.size(), file_.get());
    if (std::ferror(file_.get()) != 0) fail("cannot be read: " + std::generic_category().message(errno));
    return got;
}

std::size_t InputFile::read_unpacked(std::span<std::uint8_t> bytes) {
    auto& stream = inflater_->stream;
    stream.next_out = bytes.data();
    stream.avail_out = static_cast<uInt>(bytes.size());
    while (stream.avail_out > 0) {
        if (stream.avail_in == 0) {
            stream.next_in = inflater_->packed.data();
            stream.avail_in = static_cast<uInt>(read_packed(inflater_->packed));
            if (stream.avail_in == 0 && inflater_->member_ended) break;
            if (stream.avail_in == 0) fail("is cut short in the middle of its gzip stream");
        }
        if (inflater_->member_ended) inflateReset(&stream);    // a gzip file is one member or several in a row
        int result = inflate(&stream, Z_NO_FLUSH);
        if (result == Z_MEM_ERROR) throw std::bad_alloc();
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            fail("is damaged: its gzip stream cannot be unpacked");
        inflater_->member_ended = result == Z_STREAM_END;
    }
    return bytes.size() - stream.avail_out;
}

void InputFile::fail(const std::string& what) const {
    throw Error("[" + operation_ + "] '" + path_.string() + "' " + what);
}

}    // namespace xtape::io
