# One library per folder, from whatever sources the folder holds.

# <build>/include/xtape/<folder> shows the source folder, so that <xtape/core/variable.hpp> is the file beside its source.
set(XTAPE_INCLUDE_DIR "${PROJECT_BINARY_DIR}/include")
set(XTAPE_FOLDERS core ops nn optim io train)
file(MAKE_DIRECTORY "${XTAPE_INCLUDE_DIR}/xtape")
foreach(folder IN LISTS XTAPE_FOLDERS)
    file(CREATE_LINK "${PROJECT_SOURCE_DIR}/${folder}" "${XTAPE_INCLUDE_DIR}/xtape/${folder}" SYMBOLIC)
endforeach()

# xtape_add_library(ops core): the library of the folder `ops`, as xtape::ops, which links xtape::core.
# A folder without sources is a header-only library. XTAPE_SCOPE is left as the keyword for its usage requirements.
function(xtape_add_library folder)
    set(target xtape_${folder})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
    list(REMOVE_ITEM sources "${PROJECT_SOURCE_DIR}/core/detail/cpu_guard.cpp")    # is compiled apart: see core/CMakeLists.txt
    list(FILTER sources EXCLUDE REGEX "/train/distributed/")                       # is a library of its own: xtape::mpi
    if(sources)
        add_library(${target} ${sources})
        xtape_own_target(${target})
        if(folder STREQUAL "core")
            xtape_precompile_for(${target} ${XTAPE_PRECOMPILED_HEADERS})
        else()
            xtape_use_precompiled(${target} xtape_core)
        endif()
        set_target_properties(
            ${target} PROPERTIES POSITION_INDEPENDENT_CODE ON SOVERSION "${PROJECT_VERSION_MAJOR}" INSTALL_RPATH "$ORIGIN"
        )
        set(scope PUBLIC)
    else()
        add_library(${target} INTERFACE)
        set(scope INTERFACE)
    endif()
    set(XTAPE_SCOPE ${scope} PARENT_SCOPE)
    add_library(xtape::${folder} ALIAS ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${folder})
    target_include_directories(${target} ${scope} "$<BUILD_INTERFACE:${XTAPE_INCLUDE_DIR}>")
    foreach(dependency IN LISTS ARGN)
        target_link_libraries(${target} ${scope} xtape::${dependency})
    endforeach()
endfunction()
