// Refuses to link code compiled with other SIMD flags than the library: both would lay out the same types differently.
//
// Each file that includes this header refers to a symbol named after its own flags, and the library defines only the
// one named after its own. A mismatch ends in "undefined reference to
// xtape_needs_the_compile_flags_of_its_cmake_target__...": link the CMake target xtape::xtape, or pass the options that
// it passes.
#pragma once

#if defined(__AVX512F__) && defined(__AVX512CD__) && defined(__AVX512DQ__) && defined(__AVX512BW__)
#define XTAPE_SIMD avx512
#elif defined(__AVX512F__)
#define XTAPE_SIMD avx512f
#elif defined(__AVX2__) && defined(__FMA__)
#define XTAPE_SIMD avx2_fma
#elif defined(__AVX2__)
#define XTAPE_SIMD avx2
#elif defined(__AVX__)
#define XTAPE_SIMD avx
#elif defined(__SSE4_2__)
#define XTAPE_SIMD sse4_2
#elif defined(__SSE4_1__)
#define XTAPE_SIMD sse4_1
#elif defined(__SSSE3__)
#define XTAPE_SIMD ssse3
#elif defined(__SSE3__)
#define XTAPE_SIMD sse3
#elif defined(__ARM_FEATURE_SVE)
#define XTAPE_SIMD sve
#else
#define XTAPE_SIMD no_march
#endif

#ifdef XTENSOR_USE_XSIMD
#define XTAPE_XSIMD xsimd
#else
#define XTAPE_XSIMD no_xsimd
#endif

#define XTAPE_JOIN_EXPANDED(a, b, c) a##b##_##c
#define XTAPE_JOIN(a, b, c) XTAPE_JOIN_EXPANDED(a, b, c)
#define XTAPE_FLAGS_SYMBOL \
    XTAPE_JOIN(xtape_needs_the_compile_flags_of_its_cmake_target__this_file_has_, XTAPE_SIMD, XTAPE_XSIMD)
#define XTAPE_FLAGS_REFERENCE XTAPE_JOIN(flags_of_this_file_, XTAPE_SIMD, XTAPE_XSIMD)

extern "C" void (*const XTAPE_FLAGS_SYMBOL)();

namespace xtape::detail {
// One pointer in a program, whatever the number of files. Its name differs with the flags too: merged into one, the
// reference that is missing could be the one that the linker drops.
[[gnu::used, gnu::retain]] inline void (*const* const XTAPE_FLAGS_REFERENCE)() = &XTAPE_FLAGS_SYMBOL;
}    // namespace xtape::detail

#ifndef XTAPE_DEFINES_BUILD_FLAGS
#undef XTAPE_FLAGS_SYMBOL
#undef XTAPE_FLAGS_REFERENCE
#undef XTAPE_JOIN
#undef XTAPE_JOIN_EXPANDED
#undef XTAPE_XSIMD
#undef XTAPE_SIMD
#endif
