# What a user may choose, and the flags that follow from it.
include(CheckCXXCompilerFlag)
include(GNUInstallDirs)

if(CMAKE_SOURCE_DIR STREQUAL PROJECT_SOURCE_DIR)
    set(XTAPE_TOP_LEVEL ON)
    set(default_arch native)
else()
    set(XTAPE_TOP_LEVEL OFF)
    set(default_arch "")
endif()

set(XTAPE_ARCH "${default_arch}" CACHE STRING "Value of -march= (native, x86-64-v3, ...); empty: the compiler's default")
option(XTAPE_WARNINGS_AS_ERRORS "Treat warnings in xtape's own sources as errors" OFF)
option(XTAPE_BUILD_TESTS "Build the tests" ${XTAPE_TOP_LEVEL})
option(XTAPE_BUILD_EXAMPLES "Build the examples" ${XTAPE_TOP_LEVEL})
option(XTAPE_BUILD_BENCH "Build the benchmarks" ${XTAPE_TOP_LEVEL})
set(XTAPE_MPI AUTO CACHE STRING "Processes over MPI in xtape::mpi: ON, OFF, or AUTO, where MPI is found")
set_property(CACHE XTAPE_MPI PROPERTY STRINGS AUTO ON OFF)
option(BUILD_SHARED_LIBS "Build shared libraries" OFF)

if(XTAPE_TOP_LEVEL)
    if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
        set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
    endif()
    set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
    find_program(XTAPE_CCACHE ccache)
    mark_as_advanced(XTAPE_CCACHE)
    if(XTAPE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
        # Paths below the source folder are hashed relative to it, so that a fresh clone finds what another one compiled.
        # What it would miss otherwise are files that use precompiled headers.
        set(CMAKE_CXX_COMPILER_LAUNCHER
            "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}"
            "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" "${XTAPE_CCACHE}"
        )
    endif()
endif()

set(XTAPE_ARCH_FLAGS "")
if(XTAPE_ARCH)
    set(XTAPE_ARCH_FLAGS "-march=${XTAPE_ARCH}")
    string(MAKE_C_IDENTIFIER "XTAPE_COMPILER_KNOWS_${XTAPE_ARCH_FLAGS}" known)
    check_cxx_compiler_flag("${XTAPE_ARCH_FLAGS}" ${known})
    if(NOT ${known})
        message(FATAL_ERROR "The compiler does not know XTAPE_ARCH=${XTAPE_ARCH} (${XTAPE_ARCH_FLAGS}).")
    endif()
endif()

set(XTAPE_WARNING_FLAGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 takes the undefined operands of its own AVX-512 intrinsics (GCC bug 105593) and the joining of short strings
    # (105329) for mistakes.
    list(APPEND XTAPE_WARNING_FLAGS -Wno-maybe-uninitialized -Wno-uninitialized -Wno-restrict
        -Wno-stringop-overflow -Wno-array-bounds)
endif()
if(XTAPE_WARNINGS_AS_ERRORS)
    list(APPEND XTAPE_WARNING_FLAGS -Werror)
endif()

# What every target of our own has, and no user's target inherits.
function(xtape_own_target target)
    target_compile_options(${target} PRIVATE ${XTAPE_WARNING_FLAGS})
    set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF CXX_STANDARD_REQUIRED ON)
endfunction()
