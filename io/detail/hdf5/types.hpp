// HDF5's types for the values of a State, and the attributes that tell apart what HDF5 cannot.
#pragma once

#include <xtape/io/detail/hdf5/library.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace xtape::io::hdf5 {

constexpr const char* original_type_attribute = "xtape_original_type";    // on float16: "float32" or "float64"
constexpr const char* array_attribute = "xtape_array";                    // on a scalar that is an array without axes
constexpr const char* length_attribute = "xtape_length";                  // on a text that ends in zero bytes

// float, double and int64 as the file holds them: little-endian.
template <class T>
Id stored_type();

Handle half_type();
Handle text_type(std::size_t bytes);    // UTF-8, padded with zero bytes

// What a dataset's elements are.
struct ElementType {
    enum class Kind { float16, float32, float64, integer, text, variable_text };
    Kind kind = Kind::integer;
    std::size_t bytes = 0;    // in the file
    bool is_signed = true;
    bool is_swapped = false;    // the bytes of an element stand in the other order than this machine's
    std::string name;           // "float32", "uint8", "text"

    // Whether every value fits in a float, a double, an int64.
    bool fits(Kind in) const;
};

// One of numbers `count` long, as the file holds them, in a T each; T is float, double or int64.
template <class T>
void convert(const ElementType& type, const std::byte* from, std::size_t count, T* to);

}    // namespace xtape::io::hdf5
