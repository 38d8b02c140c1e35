#include <xtape/io/detail/hdf5/parser/metadata.hpp>
#include <xtape/io/detail/hdf5/parser/object_header.hpp>

#include <algorithm>
#include <ctime>

namespace xtape::io::hdf5 {
namespace {

constexpr std::string_view file_signature = "\x89HDF\r\n\x1a\n";
constexpr std::uint64_t window_bytes = 4096;

double processor_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

bool begins_with(std::span<const std::byte> bytes, std::string_view signature) {
    return bytes.size() >= signature.size() &&
           std::equal(signature.begin(), signature.end(), bytes.begin(),
                      [](char letter, std::byte byte) { return static_cast<std::byte>(letter) == byte; });
}

}    // namespace

std::uint64_t Cursor::number(std::size_t size) {
    std::uint64_t value = 0;
    auto bytes = take(size);
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    return value;
}

std::span<const std::byte> Cursor::take(std::uint64_t size) {
    if (size > bytes_.size()) throw Reason("is damaged: a part of its structure ends too early");
    auto taken = bytes_.first(static_cast<std::size_t>(size));
    bytes_ = bytes_.subspan(taken.size());
    return taken;
}

void Visited::enter(std::uint64_t address, std::string_view what) {
    if (!addresses_.insert(address).second)
        throw Reason(std::string(what) + " that is reached twice; wanted a tree without cycles");
}

Metadata::Work::Work(Metadata& metadata) : metadata_(metadata), is_outer_(metadata.started_ < 0) {
    if (is_outer_) metadata_.started_ = processor_seconds();
}

Metadata::Work::~Work() {
    if (!is_outer_) return;
    metadata_.seconds_ += processor_seconds() - metadata_.started_;
    metadata_.started_ = -1;
}

void Metadata::check_time(std::uint64_t bytes) {
    constexpr std::uint64_t seldom = std::uint64_t{1} << 18, one_read = 4096;
    unchecked_ += one_read + bytes;
    if (unchecked_ < seldom || trusted_ || started_ < 0) return;
    unchecked_ = 0;
    double allowed = limits_.seconds * (1 + static_cast<double>(file_bytes()) / (1 << 24));
    if (seconds_ + processor_seconds() - started_ > allowed)
        throw Reason("has a structure that takes more than " + std::to_string(allowed) +
                     " s to read; raise .limits.seconds if the file is to be trusted");
}

void Metadata::charge(std::uint64_t bytes) {
    charged_ += bytes;
    if (!trusted_ && (charged_ > limits_.bytes && charged_ - limits_.bytes > file_bytes()))
        throw Reason("has a structure that takes more memory than " + std::to_string(limits_.bytes) +
                     " bytes; raise .limits.bytes if the file is to be trusted");
}

std::size_t Metadata::deepest() const {
    constexpr std::size_t most = 10'000;    // for the stack
    return trusted_ ? most : std::min(limits_.depth, most);
}

std::uint64_t Metadata::address(Cursor& cursor) const {
    std::uint64_t value = cursor.number(address_bytes_);
    return value == no_address >> (64 - 8 * address_bytes_) ? no_address : value;
}

std::uint64_t Metadata::position(std::uint64_t address, std::uint64_t size) const {
    std::uint64_t most = file_bytes() - base_;    // base_ is within the file
    if (size > most || address > most - size) throw Reason("is damaged: a part of it lies outside of the file");
    return base_ + address;
}

Bytes Metadata::block(std::uint64_t address, std::uint64_t size) {
    std::uint64_t at = position(address, size);
    check_time(size);
    if (at < window_start_ || at + size > window_start_ + window_.size()) {
        window_start_ = at;
        window_.resize(std::max(size, std::min(window_bytes, file_bytes() - at)));
        if (!channel_.read(at, window_.data(), window_.size())) throw Reason(channel_.error());
    }
    auto begin = window_.begin() + static_cast<std::ptrdiff_t>(at - window_start_);
    return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
}

Bytes Metadata::signed_block(std::uint64_t address, std::uint64_t size, std::string_view signature) {
    Bytes bytes = block(address, size);
    if (!begins_with(bytes, signature))
        throw Reason("is damaged: there is no '" + std::string(signature) + "' where one is wanted");
    return bytes;
}

Bytes Metadata::checked_block(std::uint64_t address, std::uint64_t size, std::string_view signature) {
    Bytes bytes = signed_block(address, size, signature);
    check_sum(bytes);
    bytes.resize(bytes.size() - 4);
    return bytes;
}

void Metadata::check_sum(std::span<const std::byte> block) const {
    if (block.size() < 4) throw Reason("is damaged: a part of its structure ends too early");
    if (Cursor(block.last(4)).number(4) != lookup3(block.first(block.size() - 4)))
        throw Reason("is damaged: its structure does not fit its checksum");
}

Metadata::Metadata(Channel& channel, const FileOptions& options)
    : channel_(channel), limits_(options.limits), trusted_(options.trusted) {
    Work work(*this);
    // The superblock stands at 0, 512, 1024, 2048 ...: what comes before it is the user's.
    auto is_at = [&](std::uint64_t at) { return begins_with(block(at, file_signature.size()), file_signature); };
    std::uint64_t start = 0;
    while (start + file_signature.size() <= channel.size() && !is_at(start)) start = start == 0 ? 512 : 2 * start;
    if (start + file_signature.size() > channel.size()) throw Reason("is not an HDF5 file");
    read_superblock(start);
}

// Spec, section II.A.
void Metadata::read_superblock(std::uint64_t start) {
    Bytes bytes = block(start, std::min<std::uint64_t>(file_bytes() - start, 128));
    Cursor cursor(bytes);
    cursor.skip(file_signature.size());
    std::uint64_t version = cursor.number(1);
    base_ = start;
    if (version <= 1)
        read_old_superblock(cursor, static_cast<unsigned>(version));
    else if (version <= 3)
        read_new_superblock(cursor, start);
    else
        throw Reason("has a superblock of version " + std::to_string(version) + "; wanted 0 to 3");
}

namespace {

std::size_t checked_width(std::uint64_t width) {
    if (width != 2 && width != 4 && width != 8)
        throw Reason("is damaged: it has addresses of " + std::to_string(width) + " bytes");
    return static_cast<std::size_t>(width);
}

}    // namespace

void Metadata::read_old_superblock(Cursor& cursor, unsigned version) {
    cursor.skip(4);
    address_bytes_ = checked_width(cursor.number(1));
    length_bytes_ = checked_width(cursor.number(1));
    cursor.skip(version == 0 ? 9 : 13);
    cursor.skip(2 * address_bytes_);    // the base is where the superblock is
    std::uint64_t end = address(cursor);
    if (address(cursor) != no_address) throw Reason("is one of several files that belong together");
    cursor.skip(address_bytes_);
    root_ = address(cursor);
    if (end > file_bytes()) throw Reason("ends too early: a part of it is missing");
}

void Metadata::read_new_superblock(Cursor& cursor, std::uint64_t start) {
    address_bytes_ = checked_width(cursor.number(1));
    length_bytes_ = checked_width(cursor.number(1));
    std::uint64_t flags = cursor.number(1);
    check_sum(block(start, 12 + 4 * address_bytes_ + 4));
    cursor.skip(address_bytes_);
    std::uint64_t extension = address(cursor), end = address(cursor);
    root_ = address(cursor);
    if (end > file_bytes()) throw Reason("ends too early: a part of it is missing");
    if (flags != 0) throw Reason("is open for writing, or its writer died; `h5clear -s` makes it readable");
    if (extension != no_address) check_extension(extension);
}

// A cache image would hold newer metadata than the places that we look at.
void Metadata::check_extension(std::uint64_t address) {
    constexpr unsigned cache_image = 0x18;
    if (ObjectHeader(*this, address).find(cache_image) != nullptr)
        throw Reason("has an image of HDF5's cache, which is not read; h5repack makes a plain file of it");
}

}    // namespace xtape::io::hdf5
