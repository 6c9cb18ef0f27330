// Matrices stored as small whole numbers with a scale and a zero point for each output and group of inputs: GPTQ, AWQ.
//
// Outputs lie side by side, so sixteen lanes are sixteen outputs at one input, and a sum needs no folding of lanes.

/// The words of up to sixteen outputs; the other lanes 0.
INLINE u32x16 words_up_to(const void *words, size_t index, size_t count) {
    u32x16 value = {};
    if (count >= LANES) {
        memcpy(&value, (const char *)words + 4 * index, sizeof value);
    } else {
        memcpy(&value, (const char *)words + 4 * index, 4 * count);
    }
    return value;
}

/// The numbers of `count` outputs from `output` on, a multiple of sixteen, at one input.
INLINE f32x16 coded_lanes(const kernel_coded_columns *matrix, kernel_code_order order, size_t input, size_t output,
                          size_t count) {
    u32x16 codes;
    if (order == kernel_codes_along_inputs) {
        const size_t bit = input * matrix->bits;
        const uint32_t shift = bit % 32;
        const size_t word = bit / 32 * matrix->outputs + output;
        codes = words_up_to(matrix->words, word, count) >> shift;
        if (shift + matrix->bits > 32) {
            codes |= words_up_to(matrix->words, word + matrix->outputs, count) << (32 - shift);
        }
        codes &= (1u << matrix->bits) - 1;
    } else {
        // A word holds the outputs 0, 2, 4, 6, 1, 3, 5, 7 of eight, four bits each.
        const u32x16 shifts = {0, 16, 4, 20, 8, 24, 12, 28, 0, 16, 4, 20, 8, 24, 12, 28};
        uint32_t pair[2] = {};
        memcpy(pair, (const char *)matrix->words + 4 * (input * (matrix->outputs / 8) + output / 8),
               count > 8 ? 8 : 4);
        const uint32_t a = pair[0], b = pair[1];
        codes = ((u32x16){a, a, a, a, a, a, a, a, b, b, b, b, b, b, b, b} >> shifts) & 15u;
    }
    const size_t group = (size_t)matrix->groups[input] * matrix->outputs + output;
    const f32x16 numbers = __builtin_convertvector((i32x16)codes, f32x16);
    return (numbers - load_up_to(matrix->zeros + group, count)) * load_up_to(matrix->scales + group, count);
}

INLINE void widen_coded(const kernel_coded_columns *matrix, kernel_code_order order, size_t first_output,
                        size_t outputs, size_t first_input, size_t inputs, float *result) {
    const size_t end = first_output + outputs;
    for (size_t block = first_output / LANES * LANES; block < end; block += LANES) {
        const size_t from = block < first_output ? first_output : block;
        const size_t to = block + LANES < end ? block + LANES : end;
        for (size_t i = 0; i < inputs; i++) {
            const f32x16 values = coded_lanes(matrix, order, first_input + i, block, matrix->outputs - block);
            float lanes[LANES];
            store(lanes, values);
            for (size_t output = from; output < to; output++) {
                result[(output - first_output) * inputs + i] = lanes[output - block];
            }
        }
    }
}

static void widen_coded_columns(const kernel_coded_columns *matrix, size_t first_output, size_t outputs,
                                size_t first_input, size_t inputs, float *result) {
    if (matrix->order == kernel_codes_along_inputs) {
        widen_coded(matrix, kernel_codes_along_inputs, first_output, outputs, first_input, inputs, result);
    } else {
        widen_coded(matrix, kernel_codes_along_outputs, first_output, outputs, first_input, inputs, result);
    }
}

/// `blocks` times sixteen outputs with `vector_count` vectors; one of the two is 1, so that the sums stay in registers.
INLINE void coded_block_vectors(const kernel_coded_columns *matrix, kernel_code_order order, size_t block,
                                size_t blocks, const float *const *vector, size_t vector_count,
                                float (*sums)[LANES]) {
    f32x16 sum[4] = {};
    for (size_t input = 0; input < matrix->inputs; input++) {
        if (vector_count == 1) {
            const f32x16 x = splat(vector[0][input]);
            for (size_t k = 0; k < blocks; k++) {
                const size_t at = block + k * LANES;
                sum[k] = fused(coded_lanes(matrix, order, input, at, matrix->outputs - at), x, sum[k]);
            }
        } else {
            const f32x16 w = coded_lanes(matrix, order, input, block, matrix->outputs - block);
            for (size_t k = 0; k < vector_count; k++) { sum[k] = fused(w, splat(vector[k][input]), sum[k]); }
        }
    }
    for (size_t k = 0; k < (vector_count == 1 ? blocks : vector_count); k++) { store(sums[k], sum[k]); }
}

INLINE void coded_vectors(const kernel_coded_columns *matrix, kernel_code_order order, size_t first_output,
                          size_t outputs, const float *vectors, size_t vector_count, float *result,
                          size_t result_stride) {
    const size_t end = first_output + outputs;
    float sums[4][LANES];
    for (size_t block = first_output / LANES * LANES; block < end;) {
        size_t width = LANES;
        for (size_t v = 0; v < vector_count; v += 4) {
            const float *vector[4];
            for (size_t k = 0; k < 4; k++) { vector[k] = vectors + (v + k < vector_count ? v + k : v) * matrix->inputs; }
            size_t sets = 1;
            if (vector_count == 1 && block + 4 * LANES <= end) {
                width = 4 * LANES;
                sets = 4;
                coded_block_vectors(matrix, order, block, 4, vector, 1, sums);
            } else if (vector_count == 1) {
                coded_block_vectors(matrix, order, block, 1, vector, 1, sums);
            } else {
                sets = vector_count - v < 4 ? vector_count - v : 4;
                coded_block_vectors(matrix, order, block, 1, vector, 4, sums);
            }
            for (size_t k = 0; k < sets; k++) {
                const size_t start = vector_count == 1 ? block + k * LANES : block;
                float *line = result + (vector_count == 1 ? 0 : v + k) * result_stride;
                for (size_t lane = 0; lane < LANES; lane++) {
                    const size_t output = start + lane;
                    if (output >= first_output && output < end) { line[output - first_output] = sums[k][lane]; }
                }
            }
        }
        block += width;
    }
}

static void coded_columns_vectors(const kernel_coded_columns *matrix, size_t first_output, size_t outputs,
                                  const float *vectors, size_t vector_count, float *result, size_t result_stride) {
    if (matrix->order == kernel_codes_along_inputs) {
        coded_vectors(matrix, kernel_codes_along_inputs, first_output, outputs, vectors, vector_count, result,
                      result_stride);
    } else {
        coded_vectors(matrix, kernel_codes_along_outputs, first_output, outputs, vectors, vector_count, result,
                      result_stride);
    }
}
