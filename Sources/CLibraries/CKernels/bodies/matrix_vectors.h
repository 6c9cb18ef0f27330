// Products of a stored matrix with a few vectors. Limited by memory: the matrix is read once, two rows side by side.

enum { ROWS_SIDE_BY_SIDE = 2, VECTORS_SIDE_BY_SIDE = 4 };

/// Asks memory for what is read some rows later: a product of one vector does nothing else but read.
INLINE void ask_ahead(const char *place) { __builtin_prefetch(place + (16 << 10), 0, 2); }

/// Two rows with one vector: lanes of two sums.
#define MATRIX_VECTORS(format, size, line_bytes, lanes_at, first_lanes_at) \
    INLINE void two_rows_##format(const char *first, const char *second, const float *vector, size_t columns, \
                                  float sums[2]) { \
        enum { LINE = 64 / (size) }; \
        f32x16 a = {}, b = {}; \
        size_t i = 0; \
        for (; i + LINE <= columns; i += LINE) { \
            ask_ahead(first + i * (size)); \
            ask_ahead(second + i * (size)); \
            for (size_t k = i; k < i + LINE; k += LANES) { \
                f32x16 x = load(vector + k); \
                a = fused(lanes_at(first, k), x, a); \
                b = fused(lanes_at(second, k), x, b); \
            } \
        } \
        for (; i < columns; i += LANES) { \
            size_t n = columns - i < LANES ? columns - i : LANES; \
            f32x16 x = load_up_to(vector + i, n); \
            a = fused(first_lanes_at(first, i, n), x, a); \
            b = fused(first_lanes_at(second, i, n), x, b); \
        } \
        sums[0] = sum_lanes(a); \
        sums[1] = sum_lanes(b); \
    } \
    /* One row with up to four vectors; missing ones repeat the first. */ \
    INLINE void four_vectors_##format(const char *row, const float *const vector[4], size_t columns, float sums[4]) { \
        f32x16 a = {}, b = {}, c = {}, d = {}; \
        size_t i = 0; \
        for (; i + LANES <= columns; i += LANES) { \
            ask_ahead(row + i * (size)); \
            f32x16 w = lanes_at(row, i); \
            a = fused(w, load(vector[0] + i), a); \
            b = fused(w, load(vector[1] + i), b); \
            c = fused(w, load(vector[2] + i), c); \
            d = fused(w, load(vector[3] + i), d); \
        } \
        if (i < columns) { \
            size_t n = columns - i; \
            f32x16 w = first_lanes_at(row, i, n); \
            a = fused(w, load_first(vector[0] + i, n), a); \
            b = fused(w, load_first(vector[1] + i, n), b); \
            c = fused(w, load_first(vector[2] + i, n), c); \
            d = fused(w, load_first(vector[3] + i, n), d); \
        } \
        sums[0] = sum_lanes(a); \
        sums[1] = sum_lanes(b); \
        sums[2] = sum_lanes(c); \
        sums[3] = sum_lanes(d); \
    } \
    static void matrix_vectors_##format(const void *matrix, size_t rows, size_t columns, const float *vectors, \
                                        size_t vector_count, float *result, size_t result_stride) { \
        const char *bytes = matrix; \
        const size_t line = (line_bytes); \
        float sums[4]; \
        if (vector_count == 1) { \
            for (size_t r = 0; r < rows; r += ROWS_SIDE_BY_SIDE) { \
                size_t next = r + 1 < rows ? r + 1 : r; \
                two_rows_##format(bytes + r * line, bytes + next * line, vectors, columns, sums); \
                result[r] = sums[0]; \
                result[next] = next > r ? sums[1] : sums[0]; \
            } \
            return; \
        } \
        /* A row stays in the first-level cache while the groups of vectors pass over it. */ \
        for (size_t r = 0; r < rows; r++) { \
            for (size_t v = 0; v < vector_count; v += VECTORS_SIDE_BY_SIDE) { \
                const float *vector[4]; \
                for (size_t k = 0; k < 4; k++) { vector[k] = vectors + (v + k < vector_count ? v + k : v) * columns; } \
                four_vectors_##format(bytes + r * line, vector, columns, sums); \
                for (size_t k = 0; k < 4 && v + k < vector_count; k++) { result[(v + k) * result_stride + r] = sums[k]; } \
            } \
        } \
    }

INLINE f32x16 lanes_at_f32(const char *row, size_t i) {
    f32x16 value;
    memcpy(&value, row + 4 * i, sizeof value);
    return value;
}
INLINE f32x16 first_lanes_at_f32(const char *row, size_t i, size_t n) {
    f32x16 value = {};
    memcpy(&value, row + 4 * i, 4 * n);
    return value;
}
INLINE f32x16 lanes_at_bf16(const char *row, size_t i) { return widen_bf16_lanes(load_u16(row, i)); }
INLINE f32x16 first_lanes_at_bf16(const char *row, size_t i, size_t n) {
    return widen_bf16_lanes(load_first_u16(row, i, n));
}
INLINE f32x16 lanes_at_f16(const char *row, size_t i) { return widen_f16_lanes(load_u16(row, i)); }
INLINE f32x16 first_lanes_at_f16(const char *row, size_t i, size_t n) {
    return widen_f16_lanes(load_first_u16(row, i, n));
}

MATRIX_VECTORS(f32, 4, columns * 4, lanes_at_f32, first_lanes_at_f32)
MATRIX_VECTORS(bf16, 2, columns * 2, lanes_at_bf16, first_lanes_at_bf16)
MATRIX_VECTORS(f16, 2, columns * 2, lanes_at_f16, first_lanes_at_f16)
MATRIX_VECTORS(i8, 1, columns, lanes_at_i8, first_lanes_at_i8)
MATRIX_VECTORS(q8_0, 1, columns / CODE_BLOCK * Q8_0_BYTES, lanes_at_q8_0, first_lanes_at_q8_0)
MATRIX_VECTORS(q4_0, 1, columns / CODE_BLOCK * Q4_0_BYTES, lanes_at_q4_0, first_lanes_at_q4_0)

#undef MATRIX_VECTORS
