// HDF5's file driver interface over Channel.
#include <hdf5.h>
#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif
#include <xtape/io/detail/hdf5/channel.hpp>

#include <functional>
#include <new>
#include <type_traits>

namespace xtape::io::hdf5 {
namespace {

struct Driver {
    H5FD_t base{};    // HDF5 sees only this
    Channel* channel = nullptr;
    haddr_t end_of_addresses = 0;
    bool writes = false;
};
static_assert(std::is_standard_layout_v<Driver>);

struct Info {
    Channel* channel;
};

constexpr haddr_t largest = (haddr_t{1} << 62) - 1;

Driver& driver(const H5FD_t* file) { return *reinterpret_cast<Driver*>(const_cast<H5FD_t*>(file)); }

extern "C" {

static H5FD_t* driver_open(const char*, unsigned flags, hid_t access, haddr_t) {
    const auto* info = static_cast<const Info*>(H5Pget_driver_info(access));
    if (info == nullptr) return nullptr;
    auto* opened = new (std::nothrow) Driver;
    if (opened == nullptr) return nullptr;
    opened->channel = info->channel;
    opened->writes = (flags & H5F_ACC_RDWR) != 0;
    return &opened->base;
}
static herr_t driver_close(H5FD_t* file) {
    delete &driver(file);
    return 0;
}
static int driver_compare(const H5FD_t* a, const H5FD_t* b) {
    const Channel* left = driver(a).channel;
    const Channel* right = driver(b).channel;
    return left == right ? 0 : std::less<>()(left, right) ? -1 : 1;
}
static herr_t driver_query(const H5FD_t* file, unsigned long* flags) {
    // HDF5 queries before its file exists, too. Reading needs no buffer for small pieces, and HDF5's own stumbles over
    // damaged files.
    bool writes = file != nullptr && driver(file).writes;
    if (flags != nullptr)
        *flags =
            writes ? H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_AGGREGATE_SMALLDATA : 0UL;
    return 0;
}
static haddr_t driver_get_eoa(const H5FD_t* file, H5FD_mem_t) { return driver(file).end_of_addresses; }
static herr_t driver_set_eoa(H5FD_t* file, H5FD_mem_t, haddr_t address) {
    driver(file).end_of_addresses = address;
    return 0;
}
static haddr_t driver_get_eof(const H5FD_t* file, H5FD_mem_t) { return driver(file).channel->size(); }
static herr_t driver_read(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, void* buffer) {
    return driver(file).channel->read(address, buffer, size) ? 0 : -1;
}
static herr_t driver_write(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t address, size_t size, const void* buffer) {
    driver(file).channel->write(address, buffer, size);
    return 0;
}
static herr_t driver_truncate(H5FD_t* file, hid_t, hbool_t) {
    if (driver(file).channel->size() != driver(file).end_of_addresses)
        driver(file).channel->truncate(driver(file).end_of_addresses);
    return 0;
}

}    // extern "C"

const H5FD_class_t* driver_class() {
    static const H5FD_class_t description = [] {
        H5FD_class_t c{};
#ifdef H5FD_CLASS_VERSION
        c.version = H5FD_CLASS_VERSION;
        c.value = static_cast<H5FD_class_value_t>(600);    // one of the numbers kept for other people's drivers
#endif
        c.name = "xtape";
        c.maxaddr = largest;
        c.fc_degree = H5F_CLOSE_STRONG;
        c.fapl_size = sizeof(Info);
        c.open = driver_open;
        c.close = driver_close;
        c.cmp = driver_compare;
        c.query = driver_query;
        c.get_eoa = driver_get_eoa;
        c.set_eoa = driver_set_eoa;
        c.get_eof = driver_get_eof;
        c.read = driver_read;
        c.write = driver_write;
        c.truncate = driver_truncate;
        return c;
    }();
    return &description;
}

Handle access_to(Channel& channel) {
    static hid_t id = -1;
    if (id < 0 || H5Iis_valid(id) <= 0) id = check(H5FDregister(driver_class()), "HDF5 does not take the file driver");
    Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "HDF5 gives no property list");
    Info info{&channel};
    check(H5Pset_driver(access, id, &info), "HDF5 does not take the file driver");
    // The formats of 1.10: all of its metadata carries checksums.
    check(H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110), "HDF5 1.10 is needed");
    return access;
}

constexpr const char* any_name = "xtape";

}    // namespace

Handle open_file(Channel& channel) {
    Handle access = access_to(channel);
    return Handle(H5Fopen(any_name, H5F_ACC_RDONLY, access), H5Fclose, "is not a readable HDF5 file");
}

Handle edit_file(Channel& channel) {
    Handle access = access_to(channel);
    return Handle(H5Fopen(any_name, H5F_ACC_RDWR, access), H5Fclose, "is not an HDF5 file that can be changed");
}

Handle create_file(Channel& channel) {
    Handle access = access_to(channel);
    Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose, "HDF5 gives no property list");
    check(H5Pset_obj_track_times(creation, false), "HDF5 does not take a property");
    check(H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
          "HDF5 does not take a property");
    return Handle(H5Fcreate(any_name, H5F_ACC_TRUNC, creation, access), H5Fclose, "no HDF5 file can be made");
}

}    // namespace xtape::io::hdf5
