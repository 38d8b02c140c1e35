// Files made for a test: bytes written to a folder that disappears with the test.
#pragma once

#include <unistd.h>
#include <zlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace files {

using Bytes = std::vector<std::uint8_t>;

// A new folder, removed at the end of the scope.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "xtape-test-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
        path_ = pattern;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }

    std::filesystem::path write(const std::string& name, const Bytes& bytes) const {
        std::ofstream(path_ / name, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
        return path_ / name;
    }

private:
    std::filesystem::path path_;
};

// `bytes` as one gzip stream.
inline Bytes gzipped(const Bytes& bytes) {
    Folder folder;
    auto path = folder.path() / "stream.gz";
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    std::ifstream stream(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(stream), {});
}

// An IDX file of unsigned bytes.
inline Bytes idx(const std::vector<std::uint32_t>& shape, const Bytes& elements) {
    Bytes bytes{0, 0, 0x08, static_cast<std::uint8_t>(shape.size())};
    for (auto length : shape)
        for (unsigned shift : {24U, 16U, 8U, 0U}) bytes.push_back(static_cast<std::uint8_t>(length >> shift));
    bytes.insert(bytes.end(), elements.begin(), elements.end());
    return bytes;
}

}    // namespace files
