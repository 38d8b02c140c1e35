// Array<T>: an xtensor container over recycled, aligned memory that can be shared without copying.
#pragma once

#include <xtape/core/detail/count.hpp>
#include <xtape/core/detail/memory.hpp>
#include <xtape/core/xtensor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace xtape {

// The elements of an Array: a reference-counted block. Copying copies the elements, as everywhere in C++; `share()` is
// the explicit exception, and a shared block is copied before it is written to, so that sharing is never seen.
template <class T>
class Storage {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

public:
    using value_type = T;
    using allocator_type =
        std::allocator<T>;    // names the interface that xtensor looks for; memory comes from the pool
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = const T&;
    using pointer = T*;
    using const_pointer = const T*;
    using iterator = T*;
    using const_iterator = const T*;
    using reverse_iterator = std::reverse_iterator<iterator>;
    using const_reverse_iterator = std::reverse_iterator<const_iterator>;

    Storage() noexcept = default;
    explicit Storage(size_type size) : Storage() { allocate(size); }
    Storage(size_type size, const T& value) : Storage(size) { std::fill_n(begin_, size, value); }
    template <std::input_iterator Iterator>
    Storage(Iterator first, Iterator last) : Storage(static_cast<size_type>(std::distance(first, last))) {
        std::copy(first, last, begin_);
    }
    Storage(std::initializer_list<T> values) : Storage(values.begin(), values.end()) {}
    Storage(const Storage& other) : Storage(other.size_) { std::copy_n(other.begin_, other.size_, begin_); }
    Storage(Storage&& other) noexcept { swap(other); }
    Storage& operator=(const Storage& other) {
        if (this != &other) {
            if (size_ != other.size_ || is_shared()) Storage(other.size_).swap(*this);
            std::copy_n(other.begin_, other.size_, begin_);
        }
        return *this;
    }
    Storage& operator=(Storage&& other) noexcept {
        Storage(std::move(other)).swap(*this);
        return *this;
    }
    ~Storage() { release(); }

    // The same elements in O(1), or `size` of them from `first` on. Whoever is written to first takes a copy of its
    // own.
    Storage share() const noexcept { return share(0, size_); }
    Storage share(size_type first, size_type size) const noexcept {
        Storage other;
        if (size == 0) return other;
        other.begin_ = begin_ + first;
        other.size_ = size;
        other.block_ = block_;
        block_->owners.increment();
        return other;
    }
    bool is_shared() const noexcept { return block_ != nullptr && block_->owners.get() != 1; }

    size_type size() const noexcept { return size_; }
    bool empty() const noexcept { return size_ == 0; }
    size_type max_size() const noexcept { return static_cast<size_type>(-1) / sizeof(T) / 2; }
    void resize(size_type size) {
        if (size != size_) Storage(size).swap(*this);
    }
    void clear() { resize(0); }

    T* data() {
        unshare();
        return begin_;
    }
    const T* data() const noexcept { return begin_; }
    T& operator[](size_type i) { return data()[i]; }
    const T& operator[](size_type i) const { return begin_[i]; }
    T& front() { return data()[0]; }
    const T& front() const { return begin_[0]; }
    T& back() { return data()[size_ - 1]; }
    const T& back() const { return begin_[size_ - 1]; }
    iterator begin() { return data(); }
    iterator end() { return data() + size_; }
    const_iterator begin() const noexcept { return begin_; }
    const_iterator end() const noexcept { return begin_ + size_; }
    const_iterator cbegin() const noexcept { return begin_; }
    const_iterator cend() const noexcept { return begin_ + size_; }
    reverse_iterator rbegin() { return reverse_iterator(end()); }
    reverse_iterator rend() { return reverse_iterator(begin()); }
    const_reverse_iterator rbegin() const noexcept { return const_reverse_iterator(end()); }
    const_reverse_iterator rend() const noexcept { return const_reverse_iterator(begin()); }
    const_reverse_iterator crbegin() const noexcept { return rbegin(); }
    const_reverse_iterator crend() const noexcept { return rend(); }

    void swap(Storage& other) noexcept {
        std::swap(begin_, other.begin_);
        std::swap(size_, other.size_);
        std::swap(block_, other.block_);
    }
    friend bool operator==(const Storage& a, const Storage& b) {
        return a.size_ == b.size_ && std::equal(a.begin(), a.end(), b.begin());
    }
    friend void swap(Storage& a, Storage& b) noexcept { a.swap(b); }

private:
    struct alignas(64) Block {    // stands before its elements, which so begin on a 64-byte boundary as well
        detail::Count owners;
        size_type bytes;
    };

    void allocate(size_type size) {
        if (size == 0) return;
        if (size > max_size()) throw std::bad_alloc();
        size_type bytes = sizeof(Block) + size * sizeof(T);
        block_ = new (detail::allocate_block(bytes)) Block{detail::Count(1), bytes};
        begin_ = reinterpret_cast<T*>(block_ + 1);
        size_ = size;
    }
    void release() noexcept {
        if (block_ == nullptr) return;
        // A lone owner need not lock the bus: nobody else can be taking a share.
        if (block_->owners.get() == 1 || block_->owners.decrement() == 1) detail::free_block(block_, block_->bytes);
    }
    void unshare() {
        if (is_shared()) [[unlikely]]
            Storage(std::as_const(*this)).swap(*this);
    }

    T* begin_ = nullptr;
    size_type size_ = 0;
    Block* block_ = nullptr;
};

// A shape; compares with ==, prints with to_string(shape).
using Shape = xt::dynamic_shape<std::size_t>;
using Strides = xt::dynamic_shape<std::ptrdiff_t>;

// A row-major array of any rank: usable in every xtensor expression and constructible from one. Its type does not
// depend on how a translation unit is compiled.
template <class T>
using Array = xt::xarray_container<Storage<T>, xt::layout_type::row_major, Shape>;

using Indices = Array<std::int64_t>;    // labels and indices: converts from any xtensor expression of integers
using Mask = Array<bool>;

// An array of that shape whose elements are not set.
template <class T>
Array<T> empty_array(const Shape& shape);

// An array over existing elements, in O(1); `elements` has as many as the shape says, or none (a shape without values).
template <class T>
Array<T> make_array(Storage<T>&& elements, const Shape& shape);

// The same elements in O(1), seen under another shape of the same size.
template <class T>
Array<T> share(const Array<T>& array) {
    return make_array<T>(array.storage().share(), array.shape());
}
template <class T>
Array<T> share(const Array<T>& array, const Shape& shape) {
    return make_array<T>(array.storage().share(), shape);
}

// Values in brackets, rows in lines of their own, with the stream's precision; then element type and shape. Of an array
// of more than 1000 elements only the first and last 3 along each axis:  [1, 2, 3]  float32 (3,)
template <class T>
std::ostream& operator<<(std::ostream& stream, const Array<T>& array);

extern template class Storage<float>;
extern template class Storage<double>;

}    // namespace xtape

extern template class xt::xarray_container<xtape::Storage<float>, xt::layout_type::row_major, xtape::Shape>;
extern template class xt::xarray_container<xtape::Storage<double>, xt::layout_type::row_major, xtape::Shape>;
