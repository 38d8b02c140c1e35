# Everything xtape stands on, found the same way by its own build and by its installed package.
#
# Defines XtapeDependencies::xtensor (with xsimd and xtensor-blas), ::openblas, ::random123, ::hdf5 and ::json, and finds OpenMP,
# Threads and ZLIB. Plain paths and libraries are searched where the projects' own files would ask for more languages
# than C++ (HDF5) or for another BLAS (xtensor-blas).
include(FindPackageHandleStandardArgs)

find_package(xtensor QUIET CONFIG)
find_package(xsimd QUIET CONFIG)
find_package(OpenMP QUIET COMPONENTS CXX)
find_package(Threads QUIET)
find_package(ZLIB QUIET)
find_path(XTAPE_XTENSOR_BLAS_INCLUDE_DIR xtensor-blas/xlinalg.hpp)
find_path(XTAPE_RANDOM123_INCLUDE_DIR Random123/philox.h)
find_path(XTAPE_OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas-openmp openblas)
find_library(XTAPE_OPENBLAS_LIBRARY NAMES openblas PATH_SUFFIXES openblas-openmp)
find_path(XTAPE_HDF5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial)
find_library(XTAPE_HDF5_LIBRARY NAMES hdf5_serial hdf5 PATH_SUFFIXES hdf5/serial)
find_path(XTAPE_JSON_INCLUDE_DIR nlohmann/json.hpp)
mark_as_advanced(
    XTAPE_XTENSOR_BLAS_INCLUDE_DIR XTAPE_RANDOM123_INCLUDE_DIR XTAPE_OPENBLAS_INCLUDE_DIR XTAPE_OPENBLAS_LIBRARY
    XTAPE_HDF5_INCLUDE_DIR XTAPE_HDF5_LIBRARY XTAPE_JSON_INCLUDE_DIR
)

find_package_handle_standard_args(
    XtapeDependencies
    REQUIRED_VARS
        XTAPE_OPENBLAS_LIBRARY XTAPE_OPENBLAS_INCLUDE_DIR xtensor_FOUND xsimd_FOUND XTAPE_XTENSOR_BLAS_INCLUDE_DIR
        XTAPE_RANDOM123_INCLUDE_DIR XTAPE_HDF5_LIBRARY XTAPE_HDF5_INCLUDE_DIR XTAPE_JSON_INCLUDE_DIR OpenMP_CXX_FOUND Threads_FOUND
        ZLIB_FOUND
    REASON_FAILURE_MESSAGE
        "On Debian, scripts/install-deps.sh of the xtape sources installs what is missing."
)

# add_found(<name> <include directory> [<library or target> ...])
function(xtape_add_found name include_dir)
    if(NOT TARGET XtapeDependencies::${name})
        add_library(XtapeDependencies::${name} INTERFACE IMPORTED)
        target_include_directories(XtapeDependencies::${name} SYSTEM INTERFACE "${include_dir}")
        target_link_libraries(XtapeDependencies::${name} INTERFACE ${ARGN})
    endif()
endfunction()

if(XtapeDependencies_FOUND)
    xtape_add_found(xtensor "${XTAPE_XTENSOR_BLAS_INCLUDE_DIR}" xtensor xsimd)
    xtape_add_found(openblas "${XTAPE_OPENBLAS_INCLUDE_DIR}" "${XTAPE_OPENBLAS_LIBRARY}")
    xtape_add_found(random123 "${XTAPE_RANDOM123_INCLUDE_DIR}")
    xtape_add_found(hdf5 "${XTAPE_HDF5_INCLUDE_DIR}" "${XTAPE_HDF5_LIBRARY}")
    xtape_add_found(json "${XTAPE_JSON_INCLUDE_DIR}")
endif()
