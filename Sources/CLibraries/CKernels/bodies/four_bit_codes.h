// Codes of four bits for numbers relative to the largest magnitude of 64 neighbours, as bitsandbytes stores them.
//
// Byte k holds the codes 2k (high half) and 2k + 1. A code's number is looked up among sixteen.

enum { NUMBERS_OF_SCALE = 64, BYTES_OF_SCALE = NUMBERS_OF_SCALE / 2, LANES_OF_SCALE = NUMBERS_OF_SCALE / LANES };
/// Rows that share what is read of a vector.
enum { CODED_ROWS = 4 };

typedef uint8_t u8x8 __attribute__((vector_size(8)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));

/// The codes of the first `bytes` bytes, up to eight; the other lanes hold some code.
INLINE u32x16 codes_at(const uint8_t *source, size_t bytes) {
    u8x8 pairs = {};
    if (bytes >= sizeof pairs) {
        memcpy(&pairs, source, sizeof pairs);
    } else {
        memcpy(&pairs, source, bytes);
    }
    const u8x16 twice = __builtin_shufflevector(pairs, pairs, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    const u32x16 shifts = {4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0, 4, 0};
    return (__builtin_convertvector(twice, u32x16) >> shifts) & 15u;
}

static void widen_codes4(const void *codes, size_t first, size_t count, const float *table, const float *scales,
                         float *result) {
    const uint8_t *bytes = codes;
    const f32x16 numbers = load(table);
    for (size_t i = 0; i < count;) {
        const size_t at = first + i;
        size_t n = NUMBERS_OF_SCALE - at % NUMBERS_OF_SCALE;
        if (n > count - i) { n = count - i; }
        const float scale = scales[at / NUMBERS_OF_SCALE - first / NUMBERS_OF_SCALE];
        size_t k = 0;
        if (at % 2 != 0) {
            result[i] = table[bytes[at / 2] & 15] * scale;
            k = 1;
        }
        for (; k < n; k += LANES) {
            const size_t rest = n - k;
            const u32x16 some = codes_at(bytes + (at + k) / 2, (rest + 1) / 2);
            store_up_to(result + i + k, look_up(numbers, some) * scale, rest);
        }
        i += n;
    }
}

static void narrow_codes4(const float *source, size_t count, const float *thresholds, const uint32_t *order,
                          void *result, float *scales) {
    u32x16 sorted;
    memcpy(&sorted, order, sizeof sorted);
    for (size_t start = 0; start < count; start += NUMBERS_OF_SCALE) {
        const size_t n = count - start < NUMBERS_OF_SCALE ? count - start : NUMBERS_OF_SCALE;
        f32x16 largest = {}, nothing = {};
        for (size_t k = 0; k < n; k += LANES) {
            const f32x16 x = load_up_to(source + start + k, n - k);
            largest = larger(absolute(x), largest);
            // 0, or NaN where a number is infinite or none.
            nothing += x * 0.0f;
        }
        float scale = largest_lane(largest);
        if (sum_lanes(nothing) != 0.0f) { scale = sum_lanes(nothing); }
        scales[start / NUMBERS_OF_SCALE] = scale;
        const float divisor = scale > 1e-38f ? scale : 1e-38f;
        const float factor = 1.0f / divisor;
        for (size_t k = 0; k < n; k += LANES) {
            const f32x16 x = load_up_to(source + start + k, n - k);
            const f32x16 relative = n == NUMBERS_OF_SCALE ? x * factor : x / divisor;
            u32x16 place = {};
            for (int t = 0; t < LANES - 1; t++) { place -= (u32x16)(relative > thresholds[t]); }
            const u32x16 codes = bits_of(look_up(floats_of(sorted), place));
            const u8x16 small = __builtin_convertvector(codes, u8x16);
            const u8x8 high = __builtin_shufflevector(small, small, 0, 2, 4, 6, 8, 10, 12, 14);
            const u8x8 low = __builtin_shufflevector(small, small, 1, 3, 5, 7, 9, 11, 13, 15);
            const u8x8 packed = (high << 4) | low;
            const size_t rest = n - k < LANES ? (n - k + 1) / 2 : sizeof packed;
            memcpy((char *)result + (start + k) / 2, &packed, rest);
        }
    }
}

/// One block of a row with the numbers that it is multiplied by, not yet scaled.
INLINE f32x16 block_product(f32x16 numbers, const uint8_t *block, const f32x16 x[LANES_OF_SCALE]) {
    f32x16 sum = look_up(numbers, codes_at(block, 8)) * x[0];
    for (size_t k = 1; k < LANES_OF_SCALE; k++) { sum = fused(look_up(numbers, codes_at(block + 8 * k, 8)), x[k], sum); }
    return sum;
}

static void matrix_vectors_codes4(const void *codes, const float *table, const float *scales, size_t rows,
                                  size_t columns, const float *vectors, size_t vector_count, float *result,
                                  size_t result_stride) {
    const uint8_t *bytes = codes;
    const size_t blocks = columns / NUMBERS_OF_SCALE;
    const f32x16 numbers = load(table);
    for (size_t r = 0; r < rows; r += CODED_ROWS) {
        // Missing rows repeat the first.
        size_t row[CODED_ROWS];
        for (size_t k = 0; k < CODED_ROWS; k++) { row[k] = (r + k < rows ? r + k : r) * blocks; }
        for (size_t v = 0; v < vector_count; v++) {
            f32x16 sums[CODED_ROWS] = {};
            for (size_t block = 0; block < blocks; block++) {
                f32x16 x[LANES_OF_SCALE];
                for (size_t k = 0; k < LANES_OF_SCALE; k++) {
                    x[k] = load(vectors + v * columns + block * NUMBERS_OF_SCALE + k * LANES);
                }
                for (size_t k = 0; k < CODED_ROWS; k++) {
                    const size_t at = row[k] + block;
                    ask_ahead((const char *)bytes + at * BYTES_OF_SCALE);
                    sums[k] = fused(block_product(numbers, bytes + at * BYTES_OF_SCALE, x), splat(scales[at]), sums[k]);
                }
            }
            for (size_t k = 0; k < CODED_ROWS && r + k < rows; k++) {
                result[v * result_stride + r + k] = sum_lanes(sums[k]);
            }
        }
    }
}
