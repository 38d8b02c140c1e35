# Runs PROGRAM, whose CPU guard lacks "avx1024": one sentence on stderr, exit code 1, and nothing of the program itself.
execute_process(COMMAND "${PROGRAM}" RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code STREQUAL "1" OR NOT out STREQUAL "" OR NOT err MATCHES "^xtape: [^\n]*avx1024[^\n]*lacks[^\n]*\n$")
    message(FATAL_ERROR "exit code: ${code}\nstdout: ${out}\nstderr: ${err}")
endif()
