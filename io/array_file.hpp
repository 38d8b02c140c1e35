// Single values in HDF5 files, for the rest of the HDF5 world: reading, writing, listing.
#pragma once

#include <xtape/core/state.hpp>
#include <xtape/io/error.hpp>
#include <xtape/io/limits.hpp>

#include <concepts>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace xtape::io {

// The array at `dataset` ("/measurements/a"), T being float, double or std::int64_t. Throws io::Error when it is not
// there, is damaged, or has a type whose values a T cannot all hold.
template <class T>
Array<T> read(const std::filesystem::path& path, const std::string& dataset, const FileOptions& options = {});

// The number, text or array at `dataset`, in the type that the file gives it. Throws io::Error.
State::Value read_value(const std::filesystem::path& path, const std::string& dataset, const FileOptions& options = {});

// Writes a number, text or array, making the file and the groups on the way as needed and replacing a value of that
// name. The file is replaced as a whole, so that readers and crashes never see half of it: for many values, io::save a
// State. HDF5 changes an old file in a child process, which alone suffers from a file made to do harm; what it has
// written is read back. Throws io::Error with the path and the reason, and then the file is as it was.
void write_value(const std::filesystem::path& path, const std::string& dataset, const State::Value& value,
                 const FileOptions& options = {});

// The same for any xtensor expression of floating-point numbers or integers.
template <class E>
void write(const std::filesystem::path& path, const std::string& dataset, const xt::xexpression<E>& array,
           const FileOptions& options = {}) {
    using Element = typename E::value_type;
    using T = std::conditional_t<std::is_integral_v<Element>, std::int64_t, Element>;
    static_assert(std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::int64_t>,
                  "HDF5 files of xtape hold float, double and integers");
    if constexpr (std::same_as<E, Array<T>>)
        write_value(path, dataset, share(array.derived_cast()), options);
    else
        write_value(path, dataset, Array<T>(array), options);
}

// Numbers and texts attached to the file (object "/"), a group or a dataset. read_attributes leaves out what is
// neither. Both throw io::Error.
using Attributes = std::map<std::string, std::variant<std::int64_t, double, std::string>>;
Attributes read_attributes(const std::filesystem::path& path, const std::string& object,
                           const FileOptions& options = {});
void write_attribute(const std::filesystem::path& path, const std::string& object, const std::string& name,
                     const std::variant<std::int64_t, double, std::string>& value, const FileOptions& options = {});

// One group or dataset of a file.
struct TreeItem {
    std::string path;    // "/model/fc1/weight"
    std::string type;    // "group", "float32", "uint8", "text"; of what cannot be read, the reason
    Shape shape = {};
    std::uint64_t stored_bytes = 0;
    bool is_dataset = false, is_checked = false;    // whether a checksum guards its elements
    Attributes attributes = {};
};

// Everything in a file, in order. Throws io::Error when there is no such file, or its tree is damaged or has links to
// elsewhere.
std::vector<TreeItem> list_tree(const std::filesystem::path& path, const FileOptions& options = {});

}    // namespace xtape::io
