/// What the kernels share: vectors of fixed width, and one wrapper per path around a body that is inlined into it.
///
/// A body is written once, on vectors of eight doubles or a path's floats; the compiler lowers them to the registers
/// that the wrapper's target has. A wrapper is chosen at run time, so that the build needs no flag for any processor.

#ifndef SIMILARITY_KERNELS_PATHS_H
#define SIMILARITY_KERNELS_PATHS_H

#include "similarity_kernels.h"

// Fused only where the source says so: the bits must not depend on what a processor can fuse.
#pragma STDC FP_CONTRACT OFF

#if defined(__x86_64__)
#define SK_HAS_AVX 1
#define SK_AVX2 __attribute__((target("avx2,fma")))
#define SK_AVX512 __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,fma")))
#else
#define SK_HAS_AVX 0
#endif

#if defined(__aarch64__)
#define SK_HAS_NEON 1
#else
#define SK_HAS_NEON 0
#endif

#define SK_BODY static inline __attribute__((always_inline))

/// Eight numbers, at any address that suits one.
typedef double sk_double8 __attribute__((vector_size(64), aligned(8)));
typedef float sk_float8 __attribute__((vector_size(32), aligned(4)));

#endif
