// Storage formats: bfloat16 is the upper half of a float32, half precision has its own instructions where there are any.

INLINE f32x16 widen_bf16_lanes(u16x16 source) {
    return floats_of(__builtin_convertvector(source, u32x16) << 16);
}

INLINE u16x16 narrow_bf16_lanes(f32x16 source) {
    u32x16 bits = bits_of(source);
    u32x16 rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
    // Rounding could carry a NaN's payload into infinity; setting the quiet bit keeps it a NaN.
    u32x16 quiet = (bits >> 16) | 0x40u;
    u32x16 is_nan = (u32x16)((bits & 0x7FFFFFFFu) > 0x7F800000u);
    return __builtin_convertvector((quiet & is_nan) | (rounded & ~is_nan), u16x16);
}

INLINE u16x16 load_u16(const void *source, size_t index) {
    u16x16 value;
    memcpy(&value, (const char *)source + 2 * index, sizeof value);
    return value;
}

INLINE u16x16 load_first_u16(const void *source, size_t index, size_t count) {
    u16x16 value = {};
    memcpy(&value, (const char *)source + 2 * index, 2 * count);
    return value;
}

#define WIDEN(name, lanes) \
    static void name(const void *source, float *result, size_t count) { \
        size_t i = 0; \
        for (; i + LANES <= count; i += LANES) { store(result + i, lanes(load_u16(source, i))); } \
        if (i < count) { store_first(result + i, lanes(load_first_u16(source, i, count - i)), count - i); } \
    }

#define NARROW(name, lanes) \
    static void name(const float *source, void *result, size_t count) { \
        size_t i = 0; \
        for (; i + LANES <= count; i += LANES) { \
            u16x16 value = lanes(load(source + i)); \
            memcpy((char *)result + 2 * i, &value, sizeof value); \
        } \
        if (i < count) { \
            u16x16 value = lanes(load_first(source + i, count - i)); \
            memcpy((char *)result + 2 * i, &value, 2 * (count - i)); \
        } \
    }

WIDEN(widen_bf16, widen_bf16_lanes)
WIDEN(widen_f16, widen_f16_lanes)
NARROW(narrow_bf16, narrow_bf16_lanes)
NARROW(narrow_f16, narrow_f16_lanes)

#undef WIDEN
#undef NARROW
