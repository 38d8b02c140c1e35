// EventFile: what TensorBoard reads.
#pragma once

#include <xtape/core/array.hpp>
#include <xtape/io/error.hpp>
#include <xtape/io/png.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace xtape::train {

// A new file `events.out.tfevents.<time>.<process>` in a folder: records of TensorFlow's format, each an Event in
// protocol buffers' encoding, between masked CRC-32C sums of its length and of its bytes. Several files of one folder
// are one run. Sources: tensorflow/core/lib/io/record_writer.h, core/util/event.proto, core/framework/summary.proto.
class EventFile {
public:
    // Makes the folder. `first_step` is the step that is written next: what older files of the folder say of it and
    // later ones no longer counts. Throws io::Error.
    explicit EventFile(const std::filesystem::path& folder, std::int64_t first_step = 0);

    // A number under a tag, "train/loss". All throw io::Error.
    void scalar(std::string_view tag, std::int64_t step, double value);
    // How an array's elements are distributed, in `buckets` equal parts of their range; what is not finite is left out,
    // and nothing is written when nothing is left.
    template <class T>
    void histogram(std::string_view tag, std::int64_t step, const Array<T>& values, std::size_t buckets = 64);
    void image(std::string_view tag, std::int64_t step, const io::Picture& picture);
    // Hands on what has been written, so that others can read it.
    void flush();

    const std::filesystem::path& path() const { return path_; }

private:
    void write(const std::string& event);

    std::filesystem::path path_;
    std::ofstream file_;
};

}    // namespace xtape::train
