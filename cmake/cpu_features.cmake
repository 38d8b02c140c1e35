# The instruction sets that the chosen flags let the compiler use, for core/detail/cpu_guard.cpp to look for at start-up.

# Pairs of the compiler's macro and the name that __builtin_cpu_supports gives the same thing, in GCC and Clang.
set(XTAPE_CPU_FEATURES
    __SSE3__=sse3 __SSSE3__=ssse3 __SSE4_1__=sse4.1 __SSE4_2__=sse4.2 __SSE4A__=sse4a __POPCNT__=popcnt __AVX__=avx
    __AVX2__=avx2 __FMA__=fma __FMA4__=fma4 __XOP__=xop __BMI__=bmi __BMI2__=bmi2 __AES__=aes __PCLMUL__=pclmul
    __AVX512F__=avx512f __AVX512CD__=avx512cd __AVX512DQ__=avx512dq __AVX512BW__=avx512bw __AVX512VL__=avx512vl
    __AVX512IFMA__=avx512ifma __AVX512VBMI__=avx512vbmi __AVX512VBMI2__=avx512vbmi2 __AVX512VNNI__=avx512vnni
    __AVX512BITALG__=avx512bitalg __AVX512VPOPCNTDQ__=avx512vpopcntdq __GFNI__=gfni __VPCLMULQDQ__=vpclmulqdq
)

# Writes a header that defines XTAPE_CPU_FEATURES(X) as X("avx") X("avx2") ..., asking the compiler for its macros.
function(xtape_write_cpu_features header)
    separate_arguments(flags NATIVE_COMMAND "${CMAKE_CXX_FLAGS}")
    execute_process(
        COMMAND "${CMAKE_CXX_COMPILER}" ${flags} ${XTAPE_ARCH_FLAGS} -x c++ -dM -E /dev/null
        OUTPUT_VARIABLE macros
        RESULT_VARIABLE failed
    )
    if(failed)
        message(FATAL_ERROR "The compiler does not list its macros (-dM -E), which the CPU guard needs.")
    endif()
    set(calls "")
    foreach(pair IN LISTS XTAPE_CPU_FEATURES)
        string(REPLACE "=" ";" pair "${pair}")
        list(GET pair 0 macro)
        list(GET pair 1 name)
        if(macros MATCHES "#define ${macro} 1")
            string(APPEND calls " X(\"${name}\")")
        endif()
    endforeach()
    file(CONFIGURE OUTPUT "${header}" CONTENT "#define XTAPE_CPU_FEATURES(X)${calls}\n")
endfunction()

function(xtape_compile_for_any_cpu target)
    target_compile_features(${target} PRIVATE cxx_std_20)
    set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
    target_compile_options(${target} PRIVATE -fno-lto)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
        target_compile_options(${target} PRIVATE -march=x86-64 -mtune=generic)
    endif()
endfunction()
