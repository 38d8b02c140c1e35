# What is a test: found here for the build, and by tests/collects_everything.cmake for a tree of its own making.

if(NOT CMAKE_SCRIPT_MODE_FILE)
    set(XTAPE_GLOB_AGAIN CONFIGURE_DEPENDS)    # before each build
endif()

# Folders of tests/ that are no test programs.
set(XTAPE_TESTS_APART browser compile_failures consumer distributed fuzz guards headers)

# xtape_test_folders(<variable> <tests folder>): the folders that are a test program each.
function(xtape_test_folders variable tests)
    file(GLOB entries RELATIVE "${tests}" ${XTAPE_GLOB_AGAIN} "${tests}/*")
    set(folders "")
    foreach(entry IN LISTS entries)
        if(IS_DIRECTORY "${tests}/${entry}" AND NOT entry IN_LIST XTAPE_TESTS_APART)
            list(APPEND folders "${entry}")
        endif()
    endforeach()
    set(${variable} "${folders}" PARENT_SCOPE)
endfunction()

# xtape_test_sources(<variable> <tests folder> <folder>): its sources at any depth. Each is a test and a suite of its own
# name, so two of one name in one program are an error.
function(xtape_test_sources variable tests folder)
    file(GLOB_RECURSE sources RELATIVE "${tests}" ${XTAPE_GLOB_AGAIN} "${tests}/${folder}/*.cpp")
    set(names "")
    foreach(source IN LISTS sources)
        get_filename_component(name "${source}" NAME_WE)
        if(name IN_LIST names)
            message(FATAL_ERROR "tests/${folder} has two files called ${name}.cpp; a test is named after its file.")
        endif()
        list(APPEND names "${name}")
    endforeach()
    set(${variable} "${sources}" PARENT_SCOPE)
endfunction()

# xtape_pages(<variable> <root>): README.md and the pages of docs/ at any depth, relative to the root.
function(xtape_pages variable root)
    file(GLOB_RECURSE pages RELATIVE "${root}" ${XTAPE_GLOB_AGAIN} "${root}/docs/*.md")
    set(${variable} README.md ${pages} PARENT_SCOPE)
endfunction()

# xtape_programs(<variable> <page>): how many C++ programs a page has, which are blocks that begin with #include; leaves
# their texts in <variable>_1, <variable>_2, ...
function(xtape_programs variable page)
    file(READ "${page}" rest)
    set(number 0)
    while(TRUE)
        string(FIND "${rest}" "```cpp\n#include" begin)
        if(begin EQUAL -1)
            break()
        endif()
        math(EXPR begin "${begin} + 7")
        string(SUBSTRING "${rest}" ${begin} -1 rest)
        string(FIND "${rest}" "\n```" end)
        string(SUBSTRING "${rest}" 0 ${end} program)
        string(SUBSTRING "${rest}" ${end} -1 rest)
        math(EXPR number "${number} + 1")
        set(${variable}_${number} "${program}" PARENT_SCOPE)
    endwhile()
    set(${variable} ${number} PARENT_SCOPE)
endfunction()
