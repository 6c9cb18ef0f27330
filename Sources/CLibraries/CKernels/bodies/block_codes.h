// Blocks of 32 numbers with a scale in front, as ggml stores them: Q8_0 and Q4_0.

enum { CODE_BLOCK = 32, Q8_0_BYTES = 2 + CODE_BLOCK, Q4_0_BYTES = 2 + CODE_BLOCK / 2 };

INLINE f32x16 block_scale(const char *block) {
    uint16_t half;
    memcpy(&half, block, sizeof half);
    return widen_f16_lanes((u16x16){} + half);
}

typedef int8_t i8x16 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));

/// Sixteen numbers of a row from `index` on, a multiple of sixteen.
INLINE f32x16 lanes_at_q8_0(const char *row, size_t index) {
    const char *block = row + index / CODE_BLOCK * Q8_0_BYTES;
    i8x16 codes;
    memcpy(&codes, block + 2 + index % CODE_BLOCK, sizeof codes);
    return __builtin_convertvector(__builtin_convertvector(codes, i32x16), f32x16) * block_scale(block);
}

/// The first half of a block lies in the low bits, the second in the high ones.
INLINE f32x16 lanes_at_q4_0(const char *row, size_t index) {
    const char *block = row + index / CODE_BLOCK * Q4_0_BYTES;
    u8x16 pairs;
    memcpy(&pairs, block + 2, sizeof pairs);
    const u8x16 codes = index % CODE_BLOCK == 0 ? pairs & 15 : pairs >> 4;
    return __builtin_convertvector(__builtin_convertvector(codes, i32x16) - 8, f32x16) * block_scale(block);
}

/// Rows are whole blocks, so there is never a rest.
INLINE f32x16 first_lanes_at_q8_0(const char *row, size_t index, size_t count) {
    (void)count;
    return lanes_at_q8_0(row, index);
}
INLINE f32x16 first_lanes_at_q4_0(const char *row, size_t index, size_t count) {
    (void)count;
    return lanes_at_q4_0(row, index);
}

#define WIDEN_BLOCKS(format) \
    static void widen_##format(const void *source, float *result, size_t count) { \
        for (size_t i = 0; i < count; i += LANES) { store(result + i, lanes_at_##format(source, i)); } \
    }

WIDEN_BLOCKS(q8_0)
WIDEN_BLOCKS(q4_0)

#undef WIDEN_BLOCKS

INLINE uint16_t half_of(float value) { return narrow_f16_lanes(splat(value))[0]; }

/// To nearest, halves away from zero.
INLINE i32x16 rounded_away(f32x16 value) {
    const f32x16 half = choose(value < 0.0f, splat(-0.5f), splat(0.5f));
    // Below one half the sum could round up to one.
    const i32x16 whole = __builtin_convertvector(value + half, i32x16);
    return whole & ~(absolute(value) < 0.5f);
}

static void narrow_q8_0(const float *source, void *result, size_t count) {
    for (size_t i = 0; i < count; i += CODE_BLOCK) {
        const f32x16 left = load(source + i), right = load(source + i + LANES);
        const float scale = largest_lane(larger(absolute(left), absolute(right))) / 127.0f;
        const float inverse = scale != 0.0f ? 1.0f / scale : 0.0f;
        char *block = (char *)result + i / CODE_BLOCK * Q8_0_BYTES;
        const uint16_t half = half_of(scale);
        memcpy(block, &half, sizeof half);
        const i8x16 codes[2] = {__builtin_convertvector(rounded_away(left * inverse), i8x16),
                                __builtin_convertvector(rounded_away(right * inverse), i8x16)};
        memcpy(block + 2, codes, sizeof codes);
    }
}

static void narrow_q4_0(const float *source, void *result, size_t count) {
    for (size_t i = 0; i < count; i += CODE_BLOCK) {
        float largest = 0, size = 0;
        for (size_t k = 0; k < CODE_BLOCK; k++) {
            const float value = source[i + k], magnitude = value < 0 ? -value : value;
            if (magnitude > size) {
                size = magnitude;
                largest = value;
            }
        }
        const float scale = largest / -8.0f;
        const float inverse = scale != 0.0f ? 1.0f / scale : 0.0f;
        char *block = (char *)result + i / CODE_BLOCK * Q4_0_BYTES;
        const uint16_t half = half_of(scale);
        memcpy(block, &half, sizeof half);
        i32x16 parts[2];
        for (size_t k = 0; k < 2; k++) {
            const i32x16 codes = __builtin_convertvector(load(source + i + k * LANES) * inverse + 8.5f, i32x16);
            const i32x16 is_above = codes > 15;
            parts[k] = (codes & ~is_above) | (is_above & 15);
        }
        const u8x16 codes = __builtin_convertvector(parts[0] | parts[1] << 4, u8x16);
        memcpy(block + 2, &codes, sizeof codes);
    }
}
