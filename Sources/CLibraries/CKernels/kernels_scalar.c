// Any x86-64 processor: the primitives in plain arithmetic.
#include <math.h>

#include "bodies/vector.h"
#include "tables.h"

/// a * b + c rounded once, without an instruction for it.
///
/// The product of two float32 is exact in double precision. The sum is rounded to odd, which keeps the second rounding
/// harmless (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums", 2008).
INLINE f32x16 fused(f32x16 a, f32x16 b, f32x16 c) {
    f64x16 product = __builtin_convertvector(a, f64x16) * __builtin_convertvector(b, f64x16);
    f64x16 addend = __builtin_convertvector(c, f64x16);
    f64x16 sum = product + addend;
    f64x16 part = sum - product;
    // NaN, hence left alone, where the sum is infinite or undefined.
    f64x16 error = (product - (sum - part)) + (addend - part);
    u64x16 bits = (u64x16)sum;
    u64x16 inexact = (u64x16)(error < 0.0) | (u64x16)(error > 0.0);
    u64x16 is_even = (bits & 1) - 1;
    u64x16 away = ~((u64x16)(error > 0.0) ^ (u64x16)(sum > 0.0));
    // One step away from zero or towards it: + 1 or - 1.
    bits += ((away & 2) - 1) & inexact & is_even;
    return __builtin_convertvector((f64x16)bits, f32x16);
}

INLINE f32x16 load_first(const float *source, size_t count) {
    f32x16 value = {};
    memcpy(&value, source, count * sizeof *source);
    return value;
}

INLINE void store_first(float *result, f32x16 value, size_t count) { memcpy(result, &value, count * sizeof *result); }

INLINE float widen_f16_one(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000u) << 16;
    uint32_t rest = half & 0x7FFFu;
    uint32_t bits;
    float value;
    if (rest >= 0x7C00u) {
        // Infinity, or a NaN made quiet.
        bits = 0x7F800000u | (rest & 0x3FFu) << 13 | (rest > 0x7C00u ? 0x400000u : 0);
    } else if (rest >= 0x400u) {
        bits = (rest + (112u << 10)) << 13;
    } else {
        value = (float)rest * 0x1p-24f;
        memcpy(&bits, &value, sizeof bits);
    }
    bits |= sign;
    memcpy(&value, &bits, sizeof value);
    return value;
}

INLINE uint16_t narrow_f16_one(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint16_t sign = (uint16_t)(bits >> 16 & 0x8000u);
    uint32_t rest = bits & 0x7FFFFFFFu;
    if (rest > 0x7F800000u) { return (uint16_t)(sign | 0x7E00u | (rest >> 13 & 0x3FFu)); }
    // 65520 and more round to infinity.
    if (rest >= 0x477FF000u) { return sign | 0x7C00u; }
    if (rest < 0x38800000u) {
        // Denormal: adding 0.5 leaves exactly the ten bits that are kept, rounded to nearest even.
        float size;
        memcpy(&size, &rest, sizeof size);
        size += 0.5f;
        memcpy(&rest, &size, sizeof rest);
        return (uint16_t)(sign | (rest - 0x3F000000u));
    }
    rest += 0xFFFu + (rest >> 13 & 1u);
    return (uint16_t)(sign | ((rest >> 13) - (112u << 10)));
}

INLINE f32x16 widen_f16_lanes(u16x16 source) {
    f32x16 result;
    for (int lane = 0; lane < LANES; lane++) { result[lane] = widen_f16_one(source[lane]); }
    return result;
}

INLINE u16x16 narrow_f16_lanes(f32x16 source) {
    u16x16 result;
    for (int lane = 0; lane < LANES; lane++) { result[lane] = narrow_f16_one(source[lane]); }
    return result;
}

/// `table[index]` in each lane; indices are below 16.
INLINE f32x16 look_up(f32x16 table, u32x16 index) {
    f32x16 result;
    for (int lane = 0; lane < LANES; lane++) { result[lane] = table[index[lane]]; }
    return result;
}

enum { ROWS_AT_ONCE = 2, TILES_AT_ONCE = 1 };

#define KERNEL_TABLE kernels_scalar
#include "bodies/all.h"
