#include <xtape/io/detail/hdf5/library.hpp>

#include <hdf5.h>

#include <cstdlib>
#include <new>
#include <type_traits>

namespace xtape::io::hdf5 {

static_assert(std::is_same_v<hid_t, Id>, "HDF5 1.10 or later is needed");

std::recursive_mutex& library_mutex() {
    static auto* mutex = new std::recursive_mutex;    // never destroyed: files may be saved by static destructors
    return *mutex;
}

namespace {

using Printer = H5E_auto2_t;

// The stack names the failing call last; the cause, which is what a reader wants, stands first here.
extern "C" herr_t collect_error(unsigned, const H5E_error2_t* error, void* text) noexcept {
    auto& words = *static_cast<std::string*>(text);
    constexpr std::size_t longest = 2000;
    if (words.size() >= longest) return 0;
    try {
        if (!words.empty()) words += "; ";
        words += error->func_name == nullptr ? "?" : error->func_name;
        words += ": ";
        words += error->desc == nullptr ? "?" : error->desc;
    } catch (const std::bad_alloc&) {
        return -1;    // what there is must do
    }
    return 0;
}

}    // namespace

Session::Session() : lock_(library_mutex()) {
    Printer printer = nullptr;
    H5Eget_auto2(H5E_DEFAULT, &printer, &printer_data_);
    printer_ = reinterpret_cast<void*>(printer);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Session::~Session() { H5Eset_auto2(H5E_DEFAULT, reinterpret_cast<Printer>(printer_), printer_data_); }

void fail(std::string_view what) {
    // HDF5 loses memory of its own over damaged files and complains on stderr at the end of the process, unless its
    // printing is off.
    [[maybe_unused]] static const int registered = std::atexit([] { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); });
    std::string stack;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect_error, &stack);
    H5Eclear2(H5E_DEFAULT);
    throw Reason(std::string(what) + (stack.empty() ? "" : " (HDF5: " + stack + ")"));
}

}    // namespace xtape::io::hdf5
