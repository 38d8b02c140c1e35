# Compiles and links uses_headers.cpp with FLAGS against LIBRARY: must work in the CASE same_flags, else fail and say why.
separate_arguments(FLAGS NATIVE_COMMAND "${FLAGS}")
execute_process(
    COMMAND "${COMPILER}" -std=c++20 ${FLAGS} -I "${INCLUDE_DIR}" "${CMAKE_CURRENT_LIST_DIR}/uses_headers.cpp" "${LIBRARY}"
            -o "${OUTPUT}"
    RESULT_VARIABLE code
    OUTPUT_VARIABLE out
    ERROR_VARIABLE out
)
if(CASE STREQUAL "same_flags")
    if(NOT code EQUAL 0)
        message(FATAL_ERROR "does not link with the library's own flags:\n${out}")
    endif()
elseif(code EQUAL 0)
    message(FATAL_ERROR "links although compiled with other flags than the library: ${FLAGS}")
elseif(NOT out MATCHES "xtape_needs_the_compile_flags_of_its_cmake_target")
    message(FATAL_ERROR "does not link, but does not say why:\n${out}")
endif()
