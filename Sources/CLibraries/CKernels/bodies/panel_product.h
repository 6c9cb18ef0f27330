// The portable twin of the product in tiles: adds as TDPBF16PS does, see "Products of bfloat16 parts" in CKernels.h.

/// The numbers of a tile as float32, those of even and of odd places in the summed dimension apart.
typedef struct tile_numbers {
    f32x16 even[LANES];
    f32x16 odd[LANES];
} tile_numbers;

INLINE void widen_tile(const uint16_t *tile, tile_numbers *numbers) {
    for (size_t line = 0; line < LANES; line++) {
        u32x16 pairs;
        memcpy(&pairs, tile + line * EDGE, sizeof pairs);
        numbers->even[line] = floats_of(pairs << 16);
        numbers->odd[line] = floats_of(pairs & 0xFFFF0000u);
    }
}

/// `sums[row][column] += left * right` for some rows of a left tile and some right tiles side by side.
INLINE void add_even_or_odd(const f32x16 *left, const f32x16 *const right[TILES_AT_ONCE],
                            f32x16 sums[ROWS_AT_ONCE][TILES_AT_ONCE]) {
    for (size_t pair = 0; pair < LANES; pair++) {
        for (size_t row = 0; row < ROWS_AT_ONCE; row++) {
            f32x16 factor = splat(((const float *)&left[row])[pair]);
            for (size_t tile = 0; tile < TILES_AT_ONCE; tile++) {
                sums[row][tile] = fused(factor, right[tile][pair], sums[row][tile]);
            }
        }
    }
}

/// `sums(16, 32) += left(16, 32) * right(32, 32)`; of `right` only the first tile unless it is wide.
INLINE void add_tiles(const tile_numbers *left, const tile_numbers right[2], bool wide, f32x16 (*sums)[2]) {
    for (size_t first = 0; first < (wide ? 2 : 1); first += TILES_AT_ONCE) {
        for (size_t row = 0; row < LANES; row += ROWS_AT_ONCE) {
            const f32x16 *evens[TILES_AT_ONCE], *odds[TILES_AT_ONCE];
            for (size_t tile = 0; tile < TILES_AT_ONCE; tile++) {
                evens[tile] = right[first + tile].even;
                odds[tile] = right[first + tile].odd;
            }
            f32x16 even[ROWS_AT_ONCE][TILES_AT_ONCE] = {}, odd[ROWS_AT_ONCE][TILES_AT_ONCE] = {};
            add_even_or_odd(left->even + row, evens, even);
            add_even_or_odd(left->odd + row, odds, odd);
            for (size_t i = 0; i < ROWS_AT_ONCE; i++) {
                for (size_t tile = 0; tile < TILES_AT_ONCE; tile++) {
                    sums[row + i][first + tile] += even[i][tile] + odd[i][tile];
                }
            }
        }
    }
}

static void add_term(const kernel_panel_term *term, panel_place place, bool tall, bool wide,
                     f32x16 sums[EDGE][2]) {
    const uint16_t *left = (const uint16_t *)term->left + place.row * term->left_stride;
    const uint16_t *right = (const uint16_t *)term->right + place.column * term->right_stride;
    for (size_t block = 0; block < term->depth_blocks; block++) {
        for (size_t j = term->right_parts; j-- > 0;) {
            tile_numbers columns[2];
            widen_tile(right + j * BLOCK, &columns[0]);
            widen_tile(right + j * BLOCK + BLOCK / 2, &columns[1]);
            size_t partners = term->order - j < term->left_parts ? term->order - j : term->left_parts;
            for (size_t i = partners; i-- > 0;) {
                for (size_t half = 0; half < (tall ? 2 : 1); half++) {
                    tile_numbers rows;
                    widen_tile(left + i * BLOCK + half * BLOCK / 2, &rows);
                    add_tiles(&rows, columns, wide, sums + half * LANES);
                }
            }
        }
        left += term->left_parts * BLOCK;
        right += term->right_parts * BLOCK;
    }
}

INLINE void multiply_block(const kernel_panel_term *terms, size_t count, panel_place place, bool tall, bool wide,
                           const float *start, size_t start_stride, float *result, size_t result_stride) {
    f32x16 sums[EDGE][2] = {};
    size_t high = tall ? EDGE : LANES, tiles = wide ? 2 : 1;
    for (size_t row = 0; start && row < high; row++) {
        const float *line = start + row * start_stride;
        for (size_t tile = 0; tile < tiles; tile++) { sums[row][tile] = load(line + tile * LANES); }
    }
    for (size_t term = 0; term < count; term++) {
        add_term(terms + term, place, tall, wide, sums);
    }
    for (size_t row = 0; row < high; row++) {
        float *line = result + row * result_stride;
        for (size_t tile = 0; tile < tiles; tile++) { store(line + tile * LANES, sums[row][tile]); }
    }
}

#include "panel_loops.h"

/// Never inlined: no arithmetic may move out from between the two changes of the processor's state.
static __attribute__((noinline)) void multiply_panels_flushed(const kernel_panel_term *terms, size_t count, size_t rows,
                                                              size_t columns, const float *start, size_t start_stride,
                                                              float *result, size_t result_stride) {
    multiply_panels(terms, count, rows, columns, start, start_stride, result, result_stride);
}

static void panel_product(const kernel_panel_term *terms, size_t term_count, size_t rows, size_t columns,
                          const float *start, size_t start_stride, float *result, size_t result_stride) {
    enum { FLUSH_TO_ZERO = 0x8000, DENORMALS_ARE_ZERO = 0x40 };
    unsigned state = __builtin_ia32_stmxcsr();
    __builtin_ia32_ldmxcsr(state | FLUSH_TO_ZERO | DENORMALS_ARE_ZERO);
    multiply_panels_flushed(terms, term_count, rows, columns, start, start_stride, result, result_stride);
    __builtin_ia32_ldmxcsr(state);
}
