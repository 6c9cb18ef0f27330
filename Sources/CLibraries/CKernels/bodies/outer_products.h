// Sums of outer products: what the gradient of a narrow matrix is.

enum { LINES_AT_A_TIME = 32 };

/// `result(ranks, width) += left^T * right` for some lines of both; `ranks` and `width` known when it is compiled.
INLINE void add_outer_products(const float *left, size_t left_stride, size_t ranks, const float *right,
                               size_t right_stride, size_t width, size_t lines, size_t ahead, float *result,
                               size_t result_stride) {
    f32x16 sums[ROWS_AT_ONCE][TILES_AT_ONCE];
    for (size_t r = 0; r < ranks; r++) {
        for (size_t w = 0; w < width; w++) { sums[r][w] = load(result + r * result_stride + w * LANES); }
    }
    for (size_t line = 0; line < lines; line++) {
        const float *numbers = right + line * right_stride;
        // The next columns of these lines are wanted soon, and lie where the processor does not look by itself.
        if (ahead) { __builtin_prefetch(numbers + ahead, 0, 3); }
        f32x16 values[TILES_AT_ONCE];
        for (size_t w = 0; w < width; w++) { values[w] = load(numbers + w * LANES); }
        for (size_t r = 0; r < ranks; r++) {
            f32x16 factor = splat(left[line * left_stride + r]);
            for (size_t w = 0; w < width; w++) { sums[r][w] = fused(factor, values[w], sums[r][w]); }
        }
    }
    for (size_t r = 0; r < ranks; r++) {
        for (size_t w = 0; w < width; w++) { store(result + r * result_stride + w * LANES, sums[r][w]); }
    }
}

/// The same for one row of the result and the columns that fill no vector.
INLINE void add_outer_rest(const float *left, size_t left_stride, const float *right, size_t right_stride,
                           size_t count, size_t lines, float *result) {
    f32x16 sum = load_up_to(result, count);
    for (size_t line = 0; line < lines; line++) {
        sum = fused(splat(left[line * left_stride]), load_up_to(right + line * right_stride, count), sum);
    }
    store_up_to(result, sum, count);
}

static void add_outer_products_f32(const float *left, size_t left_stride, size_t ranks, const float *right,
                                   size_t right_stride, size_t columns, size_t lines, float *result,
                                   size_t result_stride) {
    enum { WIDTH = TILES_AT_ONCE * LANES };
    for (size_t first = 0; first < lines; first += LINES_AT_A_TIME) {
        const size_t some = lines - first < LINES_AT_A_TIME ? lines - first : LINES_AT_A_TIME;
        const float *from = left + first * left_stride, *numbers = right + first * right_stride;
        size_t column = 0;
        for (; column + WIDTH <= columns; column += WIDTH) {
            const size_t ahead = column + 2 * WIDTH <= columns ? WIDTH : 0;
            size_t rank = 0;
            for (; rank + ROWS_AT_ONCE <= ranks; rank += ROWS_AT_ONCE) {
                add_outer_products(from + rank, left_stride, ROWS_AT_ONCE, numbers + column, right_stride,
                                   TILES_AT_ONCE, some, rank ? 0 : ahead, result + rank * result_stride + column,
                                   result_stride);
            }
            for (; rank < ranks; rank++) {
                add_outer_products(from + rank, left_stride, 1, numbers + column, right_stride, TILES_AT_ONCE, some, 0,
                                   result + rank * result_stride + column, result_stride);
            }
        }
        for (; column < columns; column += LANES) {
            for (size_t rank = 0; rank < ranks; rank++) {
                add_outer_rest(from + rank, left_stride, numbers + column, right_stride, columns - column, some,
                               result + rank * result_stride + column);
            }
        }
    }
}
