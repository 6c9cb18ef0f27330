// Splits numbers into bfloat16 parts and lays them out as the panels of a product; the layout is told in CKernels.h.

/// The next part of sixteen numbers, which become what is left of them.
INLINE u16x16 take_part(f32x16 *rest) {
    u16x16 part = narrow_bf16_lanes(*rest);
    f32x16 value = widen_bf16_lanes(part);
    // Nothing is left of infinity and NaN: infinity minus itself would make NaN of a sum.
    i32x16 is_finite = absolute(value) < splat(__builtin_inff());
    *rest = choose(is_finite, *rest - value, splat(0.0f));
    return part;
}

/// Sixteen numbers from `(row, column)` on, zeros where the matrix has ended.
INLINE f32x16 load_inside(const float *source, size_t stride, size_t rows, size_t columns, size_t row, size_t column) {
    if (row >= rows || column >= columns) { return splat(0.0f); }
    return load_up_to(source + row * stride + column, columns - column);
}

INLINE void store_numbers(uint16_t *place, u16x16 numbers) { memcpy(place, &numbers, sizeof numbers); }

typedef uint32_t u32x4 __attribute__((vector_size(16)));

/// Columns `4 * quarter` to `4 * quarter + 3` of sixteen lines of words, each as one line.
INLINE void transpose_quarter(const char *lines, size_t stride, size_t quarter, u32x16 columns[4]) {
    u32x16 mixed[4];
    for (size_t i = 0; i < 4; i++) {
        u32x4 piece[4];
        for (size_t q = 0; q < 4; q++) { memcpy(&piece[q], lines + (4 * q + i) * stride + 16 * quarter, 16); }
        typedef uint32_t u32x8 __attribute__((vector_size(32)));
        u32x8 low = __builtin_shufflevector(piece[0], piece[1], 0, 1, 2, 3, 4, 5, 6, 7);
        u32x8 high = __builtin_shufflevector(piece[2], piece[3], 0, 1, 2, 3, 4, 5, 6, 7);
        mixed[i] = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    }
#define LOW_PAIRS(a, b) \
    __builtin_shufflevector(a, b, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define HIGH_PAIRS(a, b) \
    __builtin_shufflevector(a, b, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LOW_HALVES(a, b) \
    __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define HIGH_HALVES(a, b) \
    __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
    u32x16 a = LOW_PAIRS(mixed[0], mixed[1]), b = LOW_PAIRS(mixed[2], mixed[3]);
    u32x16 c = HIGH_PAIRS(mixed[0], mixed[1]), d = HIGH_PAIRS(mixed[2], mixed[3]);
    columns[0] = LOW_HALVES(a, b);
    columns[1] = HIGH_HALVES(a, b);
    columns[2] = LOW_HALVES(c, d);
    columns[3] = HIGH_HALVES(c, d);
#undef LOW_PAIRS
#undef HIGH_PAIRS
#undef LOW_HALVES
#undef HIGH_HALVES
}

/// Asks memory for the numbers around one place of a matrix, when there is such a row.
///
/// The lines of a matrix lie so far apart that the processor does not guess where the next piece is.
INLINE void ask_for(const void *matrix, size_t stride, size_t size, size_t rows, size_t row, size_t column) {
    if (row < rows) { __builtin_prefetch((const char *)matrix + (row * stride + column) * size, 0, 3); }
}

enum { ROWS_AHEAD = 16 };

static void left_panels_f32(const float *source, size_t stride, size_t rows, size_t depth, size_t parts, void *panels) {
    uint16_t *block = panels;
    for (size_t first = 0; first < rows; first += EDGE) {
        for (size_t column = 0; column < depth; column += EDGE, block += parts * BLOCK) {
            for (size_t i = 0; i < EDGE; i++) {
                ask_for(source, stride, sizeof *source, rows, first + i, column + 4 * EDGE);
                ask_for(source, stride, sizeof *source, rows, first + i, column + 4 * EDGE + LANES);
                for (size_t half = 0; half < EDGE; half += LANES) {
                    f32x16 rest = load_inside(source, stride, rows, depth, first + i, column + half);
                    for (size_t part = 0; part < parts; part++) {
                        store_numbers(block + part * BLOCK + i * EDGE + half, take_part(&rest));
                    }
                }
            }
        }
    }
}

static void left_panels_transposed_f32(const float *source, size_t stride, size_t rows, size_t depth, size_t parts,
                                       void *panels) {
    const size_t blocks = (depth + EDGE - 1) / EDGE * parts;
    // Along the lines of the source, which is how memory is read fastest.
    for (size_t column = 0; column < (depth + EDGE - 1) / EDGE * EDGE; column += LANES) {
        for (size_t row = 0; row < (rows + EDGE - 1) / EDGE * EDGE; row += LANES) {
            f32x16 lines[LANES];
            for (size_t i = 0; i < LANES; i++) {
                lines[i] = load_inside(source, stride, depth, rows, column + i, row);
            }
            uint16_t *block = (uint16_t *)panels + (row / EDGE * blocks + column / EDGE * parts) * BLOCK;
            for (size_t quarter = 0; quarter < 4; quarter++) {
                u32x16 columns[4];
                transpose_quarter((const char *)lines, sizeof *lines, quarter, columns);
                for (size_t i = 0; i < 4; i++) {
                    f32x16 rest = floats_of(columns[i]);
                    uint16_t *place = block + (row % EDGE + 4 * quarter + i) * EDGE + column % EDGE;
                    for (size_t part = 0; part < parts; part++) {
                        store_numbers(place + part * BLOCK, take_part(&rest));
                    }
                }
            }
        }
    }
}

/// One tile of a right block, sixteen columns wide, from as many lines of thirty-two numbers each.
INLINE void store_right_tile(const char *lines, size_t stride, uint16_t *tile) {
    for (size_t quarter = 0; quarter < 4; quarter++) {
        u32x16 pairs[4];
        transpose_quarter(lines, stride, quarter, pairs);
        memcpy(tile + quarter * 4 * EDGE, pairs, sizeof pairs);
    }
}

static void right_panels_bf16(const void *source, size_t stride, size_t columns, size_t depth, void *panels) {
    const size_t blocks = (depth + EDGE - 1) / EDGE;
    for (size_t column = 0; column < (columns + EDGE - 1) / EDGE * EDGE; column += LANES) {
        uint16_t *tile = (uint16_t *)panels + column / EDGE * blocks * BLOCK + column % EDGE * EDGE;
        for (size_t at = 0; at < depth; at += EDGE, tile += BLOCK) {
            const char *lines = (const char *)source + 2 * (column * stride + at);
            if (column + LANES <= columns && at + EDGE <= depth) {
                for (size_t i = 0; i < ROWS_AHEAD; i++) {
                    ask_for(source, stride, sizeof(uint16_t), columns, column + LANES + i, at);
                }
                store_right_tile(lines, 2 * stride, tile);
                continue;
            }
            uint16_t copy[LANES][EDGE] = {};
            size_t count = depth - at < EDGE ? depth - at : EDGE;
            for (size_t i = 0; i < LANES && column + i < columns; i++) {
                memcpy(copy[i], lines + 2 * i * stride, 2 * count);
            }
            store_right_tile((const char *)copy, sizeof *copy, tile);
        }
    }
}

static void right_panels_f32(const float *source, size_t stride, size_t columns, size_t depth, size_t parts,
                             void *panels) {
    const size_t blocks = (depth + EDGE - 1) / EDGE * parts;
    for (size_t column = 0; column < (columns + EDGE - 1) / EDGE * EDGE; column += LANES) {
        uint16_t *tile = (uint16_t *)panels + column / EDGE * blocks * BLOCK + column % EDGE * EDGE;
        for (size_t at = 0; at < depth; at += EDGE, tile += parts * BLOCK) {
            uint16_t split[3][LANES][EDGE];
            for (size_t i = 0; i < LANES; i++) {
                for (size_t half = 0; half < EDGE; half += LANES) {
                    f32x16 rest = load_inside(source, stride, columns, depth, column + i, at + half);
                    for (size_t part = 0; part < parts; part++) {
                        store_numbers(&split[part][i][half], take_part(&rest));
                    }
                }
            }
            for (size_t part = 0; part < parts; part++) {
                store_right_tile((const char *)split[part], sizeof **split, tile + part * BLOCK);
            }
        }
    }
}

/// Two lines of the summed dimension become pairs, the first in the lower half of each word.
INLINE void store_pairs(uint16_t *place, u16x16 even, u16x16 odd) {
    u32x16 pairs = __builtin_convertvector(even, u32x16) | __builtin_convertvector(odd, u32x16) << 16;
    memcpy(place, &pairs, sizeof pairs);
}

INLINE u16x16 load_numbers_inside(const char *bytes, size_t stride, size_t rows, size_t columns, size_t row,
                                  size_t column) {
    if (row >= rows || column >= columns) { return (u16x16){}; }
    const char *line = bytes + 2 * row * stride;
    return columns - column >= LANES ? load_u16(line, column) : load_first_u16(line, column, columns - column);
}

static void right_panels_transposed_bf16(const void *source, size_t stride, size_t columns, size_t depth,
                                         void *panels) {
    const size_t blocks = (depth + EDGE - 1) / EDGE;
    for (size_t at = 0; at < blocks * EDGE; at += 2) {
        uint16_t *line = (uint16_t *)panels + at / EDGE * BLOCK + at % EDGE * LANES;
        for (size_t column = 0; column < columns; column += EDGE, line += blocks * BLOCK) {
            ask_for(source, stride, sizeof(uint16_t), depth, at + ROWS_AHEAD, column);
            ask_for(source, stride, sizeof(uint16_t), depth, at + ROWS_AHEAD + 1, column);
            for (size_t half = 0; half < EDGE; half += LANES) {
                u16x16 even = load_numbers_inside(source, stride, depth, columns, at, column + half);
                u16x16 odd = load_numbers_inside(source, stride, depth, columns, at + 1, column + half);
                store_pairs(line + half * EDGE, even, odd);
            }
        }
    }
}

static void right_panels_transposed_f32(const float *source, size_t stride, size_t columns, size_t depth, size_t parts,
                                        void *panels) {
    const size_t blocks = (depth + EDGE - 1) / EDGE;
    for (size_t at = 0; at < blocks * EDGE; at += 2) {
        uint16_t *line = (uint16_t *)panels + at / EDGE * parts * BLOCK + at % EDGE * LANES;
        for (size_t column = 0; column < columns; column += EDGE, line += blocks * parts * BLOCK) {
            for (size_t half = 0; half < EDGE; half += LANES) {
                f32x16 even = load_inside(source, stride, depth, columns, at, column + half);
                f32x16 odd = load_inside(source, stride, depth, columns, at + 1, column + half);
                for (size_t part = 0; part < parts; part++) {
                    u16x16 lower = take_part(&even), upper = take_part(&odd);
                    store_pairs(line + part * BLOCK + half * EDGE, lower, upper);
                }
            }
        }
    }
}
