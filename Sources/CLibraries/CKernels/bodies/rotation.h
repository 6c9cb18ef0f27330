// Rotary position embedding (Su et al., 2021), in the layout that pairs dimension i with i + half.

static void rotate_f32(float *values, const float *cosines, const float *sines, const int32_t *positions,
                       size_t rows, size_t heads, size_t head_size, size_t half, float direction) {
    for (size_t row = 0; row < rows; row++) {
        size_t line = (positions ? (size_t)positions[row] : row) * half;
        for (size_t head = 0; head < heads; head++, values += head_size) {
            FOR_LANES(half, i, n) {
                f32x16 low = load_up_to(values + i, n), high = load_up_to(values + half + i, n);
                f32x16 c = load_up_to(cosines + line + i, n);
                f32x16 s = load_up_to(sines + line + i, n) * splat(direction);
                store_up_to(values + i, fused(low, c, -(high * s)), n);
                store_up_to(values + half + i, fused(high, c, low * s), n);
            }
        }
    }
}
