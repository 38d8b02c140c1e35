#include <xtape/io/detail/hdf5/channel.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace xtape::io::hdf5 {

Channel::Channel(int descriptor) : descriptor_(descriptor) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) throw Reason(std::string("cannot be examined: ") + std::strerror(errno));
    size_ = static_cast<std::uint64_t>(status.st_size);
}

void Channel::keep_error(const char* what, int code) noexcept {
    if (!error_.empty()) return;
    try {
        error_ = std::string(what) + ": " + std::strerror(code);
    } catch (const std::bad_alloc&) {
        error_ = "out of memory";    // short enough to need none
    }
}

void Channel::check() const {
    if (!error_.empty()) throw Reason(error_);
}

bool Channel::move(bool writing, std::uint64_t position, void* buffer, std::size_t size) noexcept {
    auto* bytes = static_cast<std::byte*>(buffer);
    while (size > 0) {
        auto at = static_cast<off_t>(position);
        ssize_t done = writing ? pwrite(descriptor_, bytes, size, at) : pread(descriptor_, bytes, size, at);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            keep_error(writing ? "cannot be written" : "cannot be read", done < 0 ? errno : EIO);
            return false;
        }
        bytes += done;
        position += static_cast<std::uint64_t>(done);
        size -= static_cast<std::size_t>(done);
    }
    return true;
}

bool Channel::transfer(bool writing, std::uint64_t position, void* buffer, std::size_t size) noexcept {
    if (split_ == nullptr || split_->buffer_ != buffer || split_->size_ + split_->tail_.size() != size)
        return move(writing, position, buffer, size);
    split_->used_ = true;
    return move(writing, position, buffer, split_->size_) &&
           move(writing, position + split_->size_, split_->tail_.data(), split_->tail_.size());
}

bool Channel::read(std::uint64_t position, void* buffer, std::size_t size) noexcept {
    if (position > size_ || size > size_ - position) {
        keep_error("ends too early", EIO);
        return false;
    }
    if (descriptor_ >= 0) return transfer(false, position, buffer, size);
    if (split_ == nullptr || split_->buffer_ != buffer) {
        std::copy_n(memory_.data() + position, size, static_cast<std::byte*>(buffer));
    } else {
        split_->used_ = true;
        std::copy_n(memory_.data() + position, split_->size_, static_cast<std::byte*>(buffer));
        std::memcpy(split_->tail_.data(), memory_.data() + position + split_->size_, split_->tail_.size());
    }
    return true;
}

void Channel::write(std::uint64_t position, const void* buffer, std::size_t size) noexcept {
    if (!error_.empty()) return;
    if (transfer(true, position, const_cast<void*>(buffer), size)) size_ = std::max(size_, position + size);
}

void Channel::truncate(std::uint64_t size) noexcept {
    if (!error_.empty()) return;
    int result = 0;
    do result = ftruncate(descriptor_, static_cast<off_t>(size));
    while (result != 0 && errno == EINTR);
    if (result != 0)
        keep_error("cannot be given its length", errno);
    else
        size_ = size;
}

void Channel::reserve(std::uint64_t size) {
    // Without delayed allocation, ext4 need not push the file to the disk when it is renamed over another one.
    if (size == 0 || fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0) return;
    if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
        throw Reason(std::string("cannot be written: ") + std::strerror(errno));
}

Channel::Split::Split(Channel& channel, const void* buffer, std::size_t size, std::array<std::uint8_t, 4>& tail)
    : channel_(channel), buffer_(buffer), size_(size), tail_(tail) {
    channel.split_ = this;
}

}    // namespace xtape::io::hdf5
