# Precompiled headers: those of other projects that nearly every file includes, which are most of what a small file costs
# to compile (docs/adr/compile-time.md). Our own are left out, so that changing one recompiles no more than it did before.
option(XTAPE_PRECOMPILE "Precompile the headers of xtensor, xsimd and the standard library for xtape's own files" ON)

set(XTAPE_STANDARD_HEADERS
    <algorithm> <array> <atomic> <cmath> <concepts> <cstddef> <cstdint> <functional> <limits> <memory> <numbers> <optional>
    <span> <stdexcept> <string> <string_view> <tuple> <type_traits> <unordered_map> <utility> <variant> <vector>
)
set(XTAPE_PRECOMPILED_HEADERS ${XTAPE_STANDARD_HEADERS} <xtape/core/xtensor.hpp> <xsimd/xsimd.hpp>)

# xtape_precompile_for(<owner> [header ...]): the target compiles these headers once, for itself and its users.
function(xtape_precompile_for owner)
    if(XTAPE_PRECOMPILE)
        target_precompile_headers(${owner} PRIVATE ${ARGN})
        xtape_cache_precompiled(${owner})
    endif()
endfunction()

# xtape_use_precompiled(<target> <owner>): both have the same compile flags, and the owner's headers are taken.
function(xtape_use_precompiled target owner)
    if(XTAPE_PRECOMPILE)
        target_precompile_headers(${target} REUSE_FROM ${owner})
        xtape_cache_precompiled(${target})
    endif()
endfunction()

# xtape_add_precompiled(<name> [header ...]): an owner for programs, compiled like a program that links xtape::core.
function(xtape_add_precompiled name)
    set(source "${PROJECT_BINARY_DIR}/generated/${name}.cpp")
    file(CONFIGURE OUTPUT "${source}" CONTENT "")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL "${source}")
    target_link_libraries(${name} PRIVATE xtape::core)
    xtape_own_target(${name})
    xtape_precompile_for(${name} ${ARGN})
endfunction()

# What ccache wants in order to recognise files that use precompiled headers.
function(xtape_cache_precompiled target)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        target_compile_options(${target} PRIVATE -fpch-preprocess)
    elseif(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
        target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    endif()
endfunction()
