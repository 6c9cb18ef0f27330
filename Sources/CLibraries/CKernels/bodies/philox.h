// Philox 4x32 with ten rounds (Salmon et al., SC 2011): sixteen blocks at a time.

INLINE void philox_multiply(u32x16 value, uint32_t factor, u32x16 *high, u32x16 *low) {
    u64x16 product = __builtin_convertvector(value, u64x16) * (uint64_t)factor;
    *high = __builtin_convertvector(product >> 32, u32x16);
    *low = __builtin_convertvector(product, u32x16);
}

/// Words 0 to 3 of the blocks `first` to `first + 15`, in the order of the stream.
INLINE void philox_blocks(const kernel_philox *generator, uint32_t first, uint32_t words[4 * LANES]) {
    u32x16 c0 = (u32x16){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} + first;
    u32x16 c1 = splat_bits(generator->stream[0]);
    u32x16 c2 = splat_bits(generator->stream[1]), c3 = splat_bits(generator->stream[2]);
    uint32_t k0 = (uint32_t)generator->key, k1 = (uint32_t)(generator->key >> 32);
    for (int round = 0; round < 10; round++) {
        u32x16 high0, low0, high1, low1;
        philox_multiply(c0, 0xD2511F53u, &high0, &low0);
        philox_multiply(c2, 0xCD9E8D57u, &high1, &low1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (int block = 0; block < LANES; block++) {
        words[4 * block] = c0[block];
        words[4 * block + 1] = c1[block];
        words[4 * block + 2] = c2[block];
        words[4 * block + 3] = c3[block];
    }
}

/// Runs `body` for each batch: `words[0 ..< n]` are the words for elements `i ..< i + n`.
#define FOR_PHILOX_WORDS(generator, first, count, body) \
    for (size_t i = 0; i < (count);) { \
        uint32_t batch[4 * LANES]; \
        uint64_t word = (first) + i; \
        philox_blocks(generator, (uint32_t)(word / 4), batch); \
        size_t skipped = (size_t)(word % 4); \
        size_t n = 4 * LANES - skipped < (count) - i ? 4 * LANES - skipped : (count) - i; \
        const uint32_t *words = batch + skipped; \
        body \
        i += n; \
    }

static void philox_words(const kernel_philox *generator, uint64_t first, uint32_t *result, size_t count) {
    FOR_PHILOX_WORDS(generator, first, count, { memcpy(result + i, words, n * sizeof *words); })
}

INLINE u32x16 load_words(const uint32_t *words) {
    u32x16 value;
    memcpy(&value, words, sizeof value);
    return value;
}

static void philox_uniform_f32(const kernel_philox *generator, uint64_t first, float *result, size_t count) {
    FOR_PHILOX_WORDS(generator, first, count, {
        for (size_t j = 0; j < n; j++) { result[i + j] = (float)(words[j] >> 8) * 0x1p-24f; }
    })
}

static void dropout_f32(const kernel_philox *generator, uint64_t first, const float *source, uint32_t threshold,
                        float factor, float *result, size_t count) {
    FOR_PHILOX_WORDS(generator, first, count, {
        for (size_t j = 0; j < n; j++) {
            float kept = source[i + j] * factor;
            result[i + j] = words[j] >= threshold ? kept : 0.0f;
        }
    })
}
