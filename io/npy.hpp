// NumPy's files: one array (.npy), or named arrays (.npz).
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/error.hpp>

#include <cstdint>
#include <filesystem>

namespace xtape::io {

// The array in a .npy file: float32, float64 or float16 (as float32), integers and booleans (as int64), of either byte
// order, in C or Fortran order. Throws io::Error. Source: NumPy's "NPY format", versions 1 to 3.
State::Value read_npy(const std::filesystem::path& path);

// Replaces the file as a whole. A number is an array without axes. Throws io::Error, also for text.
void write_npy(const std::filesystem::path& path, const State::Value& array);

// The arrays of a .npz file, stored or deflated, each under its name ("fc1.weight" for the member fc1.weight.npy, and
// '/' read as '.'). `limit` bounds the bytes that compressed members may unpack to beyond the file's size. Throws
// io::Error.
State read_npz(const std::filesystem::path& path, std::uint64_t limit = std::uint64_t{1} << 30);

// Replaces the file as a whole; members are stored without compression, as numpy.savez does. Throws io::Error, also
// for a state with texts.
void write_npz(const std::filesystem::path& path, const State& arrays);

}    // namespace xtape::io
