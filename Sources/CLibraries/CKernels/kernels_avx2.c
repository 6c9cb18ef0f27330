// AVX2, FMA and F16C: sixteen lanes in two registers.
#include <immintrin.h>
#include <math.h>

#include "bodies/vector.h"
#include "tables.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

typedef struct halves {
    __m256 low;
    __m256 high;
} halves;

INLINE halves split(f32x16 value) {
    halves result;
    memcpy(&result, &value, sizeof result);
    return result;
}

INLINE f32x16 join(__m256 low, __m256 high) {
    halves both = {low, high};
    f32x16 value;
    memcpy(&value, &both, sizeof value);
    return value;
}

INLINE f32x16 fused(f32x16 a, f32x16 b, f32x16 c) { return __builtin_elementwise_fma(a, b, c); }

/// Sign bits of the first `count` lanes, for masked loads and stores.
INLINE void tail_mask(size_t count, __m256i *low, __m256i *high) {
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    *low = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count), index);
    *high = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count - 8), index);
}

INLINE f32x16 load_first(const float *source, size_t count) {
    __m256i low, high;
    tail_mask(count, &low, &high);
    return join(_mm256_maskload_ps(source, low), _mm256_maskload_ps(source + 8, high));
}

INLINE void store_first(float *result, f32x16 value, size_t count) {
    __m256i low, high;
    tail_mask(count, &low, &high);
    halves both = split(value);
    _mm256_maskstore_ps(result, low, both.low);
    _mm256_maskstore_ps(result + 8, high, both.high);
}

INLINE f32x16 widen_f16_lanes(u16x16 source) {
    __m128i parts[2];
    memcpy(parts, &source, sizeof parts);
    return join(_mm256_cvtph_ps(parts[0]), _mm256_cvtph_ps(parts[1]));
}

INLINE u16x16 narrow_f16_lanes(f32x16 source) {
    halves both = split(source);
    __m128i parts[2] = {
        _mm256_cvtps_ph(both.low, _MM_FROUND_TO_NEAREST_INT), _mm256_cvtps_ph(both.high, _MM_FROUND_TO_NEAREST_INT)};
    u16x16 result;
    memcpy(&result, parts, sizeof result);
    return result;
}

/// `table[index]` in each lane; indices are below 16.
INLINE f32x16 look_up(f32x16 table, u32x16 index) {
    const halves numbers = split(table);
    const u32x16 signs = index << 28;
    __m256i at[2], upper[2];
    memcpy(at, &index, sizeof at);
    memcpy(upper, &signs, sizeof upper);
    __m256 found[2];
    for (int half = 0; half < 2; half++) {
        found[half] = _mm256_blendv_ps(
            _mm256_permutevar8x32_ps(numbers.low, at[half]), _mm256_permutevar8x32_ps(numbers.high, at[half]),
            _mm256_castsi256_ps(upper[half]));
    }
    return join(found[0], found[1]);
}

enum { ROWS_AT_ONCE = 4, TILES_AT_ONCE = 1 };

#define KERNEL_TABLE kernels_avx2
#include "bodies/all.h"

#pragma clang attribute pop
