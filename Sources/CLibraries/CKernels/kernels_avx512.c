// AVX-512 F, DQ, BW and VL: sixteen lanes in one register, the rest of an array through masks.
#include <immintrin.h>
#include <math.h>

#include "bodies/vector.h"
#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma,f16c"))), \
                             apply_to = function)

INLINE f32x16 fused(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }

INLINE __mmask16 tail_mask(size_t count) { return (__mmask16)((1u << count) - 1); }

INLINE f32x16 load_first(const float *source, size_t count) {
    return (f32x16)_mm512_maskz_loadu_ps(tail_mask(count), source);
}

INLINE void store_first(float *result, f32x16 value, size_t count) {
    _mm512_mask_storeu_ps(result, tail_mask(count), (__m512)value);
}

INLINE f32x16 widen_f16_lanes(u16x16 source) { return (f32x16)_mm512_cvtph_ps((__m256i)source); }

INLINE u16x16 narrow_f16_lanes(f32x16 source) {
    return (u16x16)_mm512_cvtps_ph((__m512)source, _MM_FROUND_TO_NEAREST_INT);
}

/// `table[index]` in each lane; indices are below 16.
INLINE f32x16 look_up(f32x16 table, u32x16 index) {
    return (f32x16)_mm512_permutexvar_ps((__m512i)index, (__m512)table);
}

enum { ROWS_AT_ONCE = 8, TILES_AT_ONCE = 2 };

#define KERNEL_TABLE kernels_avx512
#include "bodies/all.h"

#pragma clang attribute pop
