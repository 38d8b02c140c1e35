// safetensors: named arrays after a header in JSON.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/error.hpp>

#include <filesystem>
#include <map>
#include <string>

namespace xtape::io {

// The tensors of a file, in the order of their bytes: F32, F64, F16 and BF16 (as float), integers and BOOL
// (as int64). Throws io::Error for anything that the format forbids. Source: https://github.com/huggingface/safetensors
State read_safetensors(const std::filesystem::path& path);

// The "__metadata__" of a file. Throws io::Error.
std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);

// Replaces the file as a whole. Numbers are tensors without axes. Throws io::Error, also for a state with texts.
void write_safetensors(const std::filesystem::path& path, const State& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}    // namespace xtape::io
