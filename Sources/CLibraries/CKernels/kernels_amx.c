// Products in the tiles of AMX: eight tiles of sixteen lines of 64 bytes.
#include <immintrin.h>

#include "bodies/vector.h"
#include "bodies/panel_place.h"
#include "tables.h"

#pragma clang attribute push(__attribute__((target("amx-tile,amx-bf16"))), apply_to = function)

enum { LINE = 64 };

/// Which tile holds what: four of the result, two of each operand.
enum { UPPER_LEFT = 0, UPPER_RIGHT = 1, LOWER_LEFT = 2, LOWER_RIGHT = 3, UPPER = 4, LOWER = 5, LEFT = 6, RIGHT = 7 };

/// The share of the next left panel that one block of the result asks memory for: some rows of each 32 x 32 numbers.
///
/// Right panels stay in the second-level cache, left ones come from further away.
typedef struct upcoming {
    const uint16_t *numbers;
    size_t rows;
} upcoming;

INLINE upcoming share_of_next(const kernel_panel_term *term, panel_place place) {
    size_t rows = (EDGE + place.columns - 1) / place.columns, first = place.column * rows;
    const uint16_t *next = (const uint16_t *)term->left + (place.row + 1) * term->left_stride;
    // Behind the last panel there is nothing to ask for, and no harm in it.
    return (upcoming){next + first * EDGE, first < EDGE ? rows : 0};
}

INLINE void ask_for(upcoming share, size_t block) {
    for (size_t row = 0; row < share.rows; row++) {
        _mm_prefetch((const char *)(share.numbers + block * BLOCK + row * EDGE), _MM_HINT_T1);
    }
}

/// `result tiles += left block * right block` over the whole depth, for numbers of parts known when it is compiled.
INLINE void add_blocks(const uint16_t *left, const uint16_t *right, size_t depth_blocks, size_t left_parts,
                       size_t right_parts, size_t order, bool tall, bool wide, upcoming share) {
    for (size_t block = 0; block < depth_blocks; block++) {
        for (size_t i = 0; i < left_parts; i++) { ask_for(share, block * left_parts + i); }
        for (size_t j = right_parts; j-- > 0;) {
            _tile_loadd(LEFT, right + j * BLOCK, LINE);
            if (wide) { _tile_loadd(RIGHT, right + j * BLOCK + BLOCK / 2, LINE); }
            size_t partners = order - j < left_parts ? order - j : left_parts;
            for (size_t i = partners; i-- > 0;) {
                _tile_loadd(UPPER, left + i * BLOCK, LINE);
                if (tall) { _tile_loadd(LOWER, left + i * BLOCK + BLOCK / 2, LINE); }
                _tile_dpbf16ps(UPPER_LEFT, UPPER, LEFT);
                if (wide) { _tile_dpbf16ps(UPPER_RIGHT, UPPER, RIGHT); }
                if (tall) { _tile_dpbf16ps(LOWER_LEFT, LOWER, LEFT); }
                if (tall && wide) { _tile_dpbf16ps(LOWER_RIGHT, LOWER, RIGHT); }
            }
        }
        left += left_parts * BLOCK;
        right += right_parts * BLOCK;
    }
}

INLINE void add_term(const kernel_panel_term *term, panel_place place, bool tall, bool wide) {
    const uint16_t *left = (const uint16_t *)term->left + place.row * term->left_stride;
    const uint16_t *right = (const uint16_t *)term->right + place.column * term->right_stride;
    upcoming share = share_of_next(term, place);
    size_t depth = term->depth_blocks;
    switch (term->left_parts << 4 | term->right_parts << 2 | term->order) {
    case 1 << 4 | 1 << 2 | 1: add_blocks(left, right, depth, 1, 1, 1, tall, wide, share); break;
    case 2 << 4 | 1 << 2 | 2: add_blocks(left, right, depth, 2, 1, 2, tall, wide, share); break;
    case 3 << 4 | 1 << 2 | 3: add_blocks(left, right, depth, 3, 1, 3, tall, wide, share); break;
    case 2 << 4 | 2 << 2 | 2: add_blocks(left, right, depth, 2, 2, 2, tall, wide, share); break;
    case 3 << 4 | 3 << 2 | 3: add_blocks(left, right, depth, 3, 3, 3, tall, wide, share); break;
    default: add_blocks(left, right, depth, term->left_parts, term->right_parts, term->order, tall, wide, share);
    }
}

/// `multiply_block` for a height and a width known when it is compiled.
INLINE void multiply_tiles(const kernel_panel_term *terms, size_t count, panel_place place, bool tall, bool wide,
                           const float *start, size_t start_stride, float *result, size_t result_stride) {
    if (start) {
        size_t stride = start_stride * sizeof(float);
        const float *lower = start + LANES * start_stride;
        _tile_loadd(UPPER_LEFT, start, stride);
        if (wide) { _tile_loadd(UPPER_RIGHT, start + LANES, stride); }
        if (tall) { _tile_loadd(LOWER_LEFT, lower, stride); }
        if (tall && wide) { _tile_loadd(LOWER_RIGHT, lower + LANES, stride); }
    } else {
        _tile_zero(UPPER_LEFT);
        _tile_zero(UPPER_RIGHT);
        _tile_zero(LOWER_LEFT);
        _tile_zero(LOWER_RIGHT);
    }
    for (size_t term = 0; term < count; term++) { add_term(terms + term, place, tall, wide); }
    size_t stride = result_stride * sizeof(float);
    float *lower = result + LANES * result_stride;
    _tile_stored(UPPER_LEFT, result, stride);
    if (wide) { _tile_stored(UPPER_RIGHT, result + LANES, stride); }
    if (tall) { _tile_stored(LOWER_LEFT, lower, stride); }
    if (tall && wide) { _tile_stored(LOWER_RIGHT, lower + LANES, stride); }
}

INLINE void multiply_block(const kernel_panel_term *terms, size_t count, panel_place place, bool tall, bool wide,
                           const float *start, size_t start_stride, float *result, size_t result_stride) {
    if (tall && wide) {
        multiply_tiles(terms, count, place, true, true, start, start_stride, result, result_stride);
    } else if (tall) {
        multiply_tiles(terms, count, place, true, false, start, start_stride, result, result_stride);
    } else if (wide) {
        multiply_tiles(terms, count, place, false, true, start, start_stride, result, result_stride);
    } else {
        multiply_tiles(terms, count, place, false, false, start, start_stride, result, result_stride);
    }
}

#include "bodies/panel_loops.h"

/// What LDTILECFG reads: Intel SDM volume 1, section 18.3.
typedef struct tile_configuration {
    uint8_t palette;
    uint8_t start_row;
    uint8_t reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
} tile_configuration;

void panel_product_amx(const kernel_panel_term *terms, size_t term_count, size_t rows, size_t columns,
                       const float *start, size_t start_stride, float *result, size_t result_stride) {
    tile_configuration tiles = {.palette = 1};
    for (int tile = 0; tile < 8; tile++) {
        tiles.bytes_per_row[tile] = LINE;
        tiles.rows[tile] = LANES;
    }
    _tile_loadconfig(&tiles);
    multiply_panels(terms, term_count, rows, columns, start, start_stride, result, result_stride);
    // Tiles in their first state need not be saved when threads change.
    _tile_release();
}

#pragma clang attribute pop
