// Signed bytes that share a scale: rows of int8 weights.

typedef int8_t i8x16 __attribute__((vector_size(16)));

INLINE f32x16 lanes_at_i8(const char *row, size_t i) {
    i8x16 value;
    memcpy(&value, row + i, sizeof value);
    return __builtin_convertvector(value, f32x16);
}

INLINE f32x16 first_lanes_at_i8(const char *row, size_t i, size_t n) {
    i8x16 value = {};
    memcpy(&value, row + i, n);
    return __builtin_convertvector(value, f32x16);
}

static void widen_i8(const void *source, float scale, float *result, size_t count) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) { store(result + i, lanes_at_i8(source, i) * scale); }
    if (i < count) { store_first(result + i, first_lanes_at_i8(source, i, count - i) * scale, count - i); }
}
