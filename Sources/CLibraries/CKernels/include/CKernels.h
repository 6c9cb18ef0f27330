// The inner loops of the arithmetic, for arrays that the caller has already checked.
//
// Rules that hold for every function:
// - Pointers need no alignment beyond their element's; `void` pointers to stored weights need none at all.
// - `result` may be the same array as an input of the same shape, but must not overlap it in another way.
// - Nothing is read or written outside the shapes given; a count of 0 is allowed and touches nothing.
// - NaN and infinity travel as IEEE 754 says, denormals are kept but where it is said, and no state of the processor is
//   changed.
// - The result has the same bits at every level, for every alignment, and on every thread. Sums go through sixteen lanes:
//   element i is added, in ascending order, to lane i mod 16; the lanes are then added in halves (0+8, 1+9, ..., then
//   0+4, ...). A product that is added is rounded once (fused). Only the payload of a NaN may differ.
#pragma once

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// MARK: Levels

/// How wide the instructions are that a table of kernels needs.
typedef enum __attribute__((enum_extensibility(closed))) kernel_level {
    /// Any x86-64 processor; the definition of right.
    kernel_level_scalar __attribute__((swift_name("scalar"))) = 0,
    /// AVX2, FMA and F16C.
    kernel_level_avx2 __attribute__((swift_name("avx2"))) = 1,
    /// AVX-512 F, DQ, BW and VL beside the former.
    kernel_level_avx512 __attribute__((swift_name("avx512"))) = 2,
    /// AVX-512 and the tiles of AMX for bfloat16 (AMX-TILE, AMX-BF16), which a process must ask for.
    kernel_level_amx __attribute__((swift_name("amx"))) = 3,
} kernel_level;

/// The highest level that both the processor and the operating system support.
kernel_level kernel_level_supported(void);

/// The level that `kernel_...` functions use: chosen when the program is loaded, without tiles until requested.
///
/// The environment variable `FINETUNED_KERNELS` (`scalar`, `avx2`, `avx512`, `amx`) lowers it; a level that the
/// processor does not have gives the highest it has, and an unknown word is as if it were not set.
kernel_level kernel_level_active(void);

/// `scalar`, `avx2`, `avx512` or `amx`.
const char *kernel_level_name(kernel_level level);

/// What has come of a request for tiles.
typedef enum __attribute__((enum_extensibility(closed))) kernel_tile_state {
    /// They are in use, for every thread of this process.
    kernel_tiles_ready __attribute__((swift_name("ready"))) = 0,
    /// The processor has none for bfloat16, or the operating system does not save them.
    kernel_tiles_absent __attribute__((swift_name("absent"))) = 1,
    /// `FINETUNED_KERNELS` names a lower level.
    kernel_tiles_off __attribute__((swift_name("off"))) = 2,
    /// The operating system refused.
    kernel_tiles_denied __attribute__((swift_name("denied"))) = 3,
} kernel_tile_state;

/// Asks the operating system for the tiles of AMX and raises the active level when it may use them.
///
/// May be called again. Until then, and where it is denied, the level below gives the same bits.
/// - error: receives the `errno` of a denied request, 0 otherwise.
kernel_tile_state kernel_request_tiles(int *error);

// MARK: Storage formats

/// Widens `count` bfloat16 numbers, exactly.
void kernel_widen_bf16(const void *source, float *result, size_t count);
/// Widens `count` IEEE half-precision numbers, exactly; signalling NaNs become quiet.
void kernel_widen_f16(const void *source, float *result, size_t count);
/// Rounds to bfloat16, to nearest and ties to even; NaN stays NaN.
void kernel_narrow_bf16(const float *source, void *result, size_t count);
/// Rounds to IEEE half precision, to nearest and ties to even; too large becomes infinity, NaN stays NaN.
void kernel_narrow_f16(const float *source, void *result, size_t count);

// Blocks of 32 numbers as ggml stores them: a half-precision scale, then 32 signed bytes (Q8_0), or 32 numbers from 0
// to 15 that stand for -8 to 7 (Q4_0), the first sixteen in the low halves of 16 bytes. `count` is a multiple of 32.

/// Widens blocks of 34 bytes, exactly.
void kernel_widen_q8_0(const void *source, float *result, size_t count);
/// Widens blocks of 18 bytes, exactly.
void kernel_widen_q4_0(const void *source, float *result, size_t count);
/// Rounds to blocks of 34 bytes as ggml does; the numbers must be finite.
void kernel_narrow_q8_0(const float *source, void *result, size_t count);
/// Rounds to blocks of 18 bytes as ggml does; the numbers must be finite.
void kernel_narrow_q4_0(const float *source, void *result, size_t count);

/// How the codes of a matrix lie in words of 32 bits.
typedef enum __attribute__((enum_extensibility(closed))) kernel_code_order {
    /// A word for each output; the codes of its inputs are a stream of bits through the words below one another.
    kernel_codes_along_inputs __attribute__((swift_name("alongInputs"))) = 0,
    /// A word for each input and eight outputs of four bits, in the order 0, 2, 4, 6, 1, 3, 5, 7.
    kernel_codes_along_outputs __attribute__((swift_name("alongOutputs"))) = 1,
} kernel_code_order;

/// A matrix whose element is `scales[g, o] * (code[o, i] - zeros[g, o])` with `g = groups[i]`.
typedef struct kernel_coded_columns {
    kernel_code_order order;
    /// Bits of a code, 2 to 8.
    uint32_t bits;
    size_t outputs;
    size_t inputs;
    /// `(inputs * bits / 32, outputs)` or `(inputs, outputs / 8)`, at any alignment.
    const void *words;
    /// `(groups, outputs)`
    const float *scales;
    /// `(groups, outputs)`
    const float *zeros;
    /// `(inputs)`
    const int32_t *groups;
} kernel_coded_columns;

/// Widens some outputs at some inputs: `result` is `(outputs, inputs)`.
void kernel_widen_coded_columns(const kernel_coded_columns *matrix, size_t first_output, size_t outputs,
                                size_t first_input, size_t inputs, float *result);
// Codes of four bits (bitsandbytes): byte k holds the codes 2k, in its high half, and 2k + 1; 64 neighbours of the whole
// row-major matrix share a scale. A code's number is `table[code] * scale`.

/// Widens the numbers `first` to `first + count`.
///
/// - codes: from number 0 on
/// - table: `(16)`
/// - scales: from that of number `first` on
void kernel_widen_codes4(const void *codes, size_t first, size_t count, const float *table, const float *scales,
                         float *result);
/// Codes numbers from the beginning of a block on; a last block may be shorter, and a last half byte is that of 0.
///
/// - thresholds: `(15)`, ascending: a number relative to its block's scale has as place how many are less than it
/// - order: `(16)`, the code at each place
/// - result: `(count + 1) / 2` bytes
/// - scales: receives each block's largest magnitude; NaN where a number of it is infinite or none
void kernel_narrow_codes4(const float *source, size_t count, const float *thresholds, const uint32_t *order,
                          void *result, float *scales);
/// `result[i] = source[i] * scale` for signed bytes.
void kernel_widen_i8(const void *source, float scale, float *result, size_t count);

// MARK: Elements

/// `result[i] = left[i] + right[i]`; with `result` equal to `left` it is an addition in place.
void kernel_add_f32(const float *left, const float *right, float *result, size_t count);
/// `result[i] = left[i] * right[i]`.
void kernel_multiply_f32(const float *left, const float *right, float *result, size_t count);
/// `result[i] = source[i] * factor`.
void kernel_scale_f32(const float *source, float factor, float *result, size_t count);
/// `result[i] += factor * source[i]`, rounded once.
void kernel_add_scaled_f32(const float *source, float factor, float *result, size_t count);
/// `values[i] *= source[i] - offset`.
void kernel_multiply_by_difference_f32(float *values, const float *source, float offset, size_t count);
/// `result[i] = value`.
void kernel_fill_f32(float value, float *result, size_t count);
/// `result[i] = exp(source[i])`, within 2 ulp; overflow gives infinity, underflow passes through denormals to 0.
void kernel_exp_f32(const float *source, float *result, size_t count);
/// `result[i] = tanh(source[i])`, within 2 ulp.
void kernel_tanh_f32(const float *source, float *result, size_t count);

// MARK: Sums

/// Sum of `left[i] * right[i]` in float32: thirty-two lanes here, of which lanes l and l + 16 are added first.
float kernel_dot_f32(const float *left, const float *right, size_t count);
/// Sum in double precision.
double kernel_sum_f32(const float *source, size_t count);
/// Sum of squares in double precision, e.g. of a gradient for its norm.
double kernel_sum_of_squares_f32(const float *source, size_t count);
/// The largest element; minus infinity when there is none. NaN are passed over.
float kernel_maximum_f32(const float *source, size_t count);

// MARK: Softmax

/// `values[i] = exp(values[i] - offset)` in place; returns their sum.
double kernel_exponentials_f32(float *values, float offset, size_t count);
/// One row: `result = exp(source - maximum) / sum`. A row of minus infinities gives NaN.
void kernel_softmax_f32(const float *source, float *result, size_t count);
/// One row: `log(sum(exp(source)))`, in double precision but for the exponentials.
double kernel_log_sum_exp_f32(const float *source, size_t count);

/// One block of one row of an online softmax (Milakov and Gimelshein, 2018).
///
/// - scores: `(count)`; in: scores, of which the first `visible` may be attended to; out: `exp(score - *maximum)` and
///   zeros from `visible` on.
/// - maximum: the highest score so far, minus infinity at first; updated.
/// - sum: the sum of exponentials so far, relative to `*maximum`; updated.
/// - Returns: what earlier weighted values must be multiplied by, 1 when the maximum has not changed.
float kernel_online_softmax_f32(float *scores, size_t count, size_t visible, float *maximum, float *sum);

/// `values[i] = cap * tanh(values[i] / cap)` in place.
void kernel_soft_cap_f32(float *values, float cap, size_t count);
/// `gradient[i] *= 1 - (capped[i] / cap)^2` in place, where `capped` is what `kernel_soft_cap_f32` gave.
void kernel_soft_cap_backward_f32(const float *capped, float cap, float *gradient, size_t count);

/// Cross entropy of one row of logits: returns `log(sum(exp(logits))) - logits[label]`.
double kernel_cross_entropy_f32(const float *logits, size_t count, size_t label);
/// The same, and `logits[i] = (softmax(logits)[i] - (i == label)) * scale` in place.
double kernel_cross_entropy_with_gradient_f32(float *logits, size_t count, size_t label, float scale);

// MARK: Norm

/// Root-mean-square norm of rows: `y = x * r * (weight + offset)` with `r = 1 / sqrt(mean(x^2) + epsilon)`.
///
/// - x: `(rows, width)`
/// - weight: `(width)`
/// - y: `(rows, width)`
/// - inverse: `(rows)`, receives r; null when not wanted.
/// - offset: 0, or 1 for models that store the weight minus one.
void kernel_rms_norm_f32(const float *x, const float *weight, float *y, float *_Nullable inverse, size_t rows,
                         size_t width, float epsilon, float offset);
/// Gradient of `kernel_rms_norm_f32` with respect to x.
///
/// - x, gradient: `(rows, width)`
/// - inverse: `(rows)`, as the forward pass gave it.
/// - result: `(rows, width)`; may be `gradient`.
void kernel_rms_norm_backward_f32(const float *x, const float *weight, const float *gradient, const float *inverse,
                                  float *result, size_t rows, size_t width, float offset);
/// `result[j] += sum over rows of gradient[row, j] * x[row, j] * inverse[row]`, rows in ascending order.
///
/// - x, gradient: `(rows, columns)` with rows `stride` apart, so that columns can be shared out.
/// - result: `(columns)`
void kernel_rms_norm_weight_gradient_f32(const float *x, const float *gradient, const float *inverse, float *result,
                                         size_t rows, size_t columns, size_t stride);

// MARK: Gates

/// `result = silu(gate) * up`, where `silu(x) = x / (1 + exp(-x))`.
void kernel_silu_gate_f32(const float *gate, const float *up, float *result, size_t count);
/// Gradients of `kernel_silu_gate_f32`; the results may be any of the inputs.
void kernel_silu_gate_backward_f32(const float *gate, const float *up, const float *gradient, float *gate_gradient,
                                   float *up_gradient, size_t count);
/// `result = gelu(gate) * up` with `gelu(x) = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3)))`.
void kernel_gelu_gate_f32(const float *gate, const float *up, float *result, size_t count);
/// Gradients of `kernel_gelu_gate_f32`; the results may be any of the inputs.
void kernel_gelu_gate_backward_f32(const float *gate, const float *up, const float *gradient, float *gate_gradient,
                                   float *up_gradient, size_t count);

// MARK: Rotation

/// Rotates the pairs `(i, i + half)` of every head in place.
///
/// - values: `(rows, heads * head_size)`
/// - cosines, sines: `(positions, half)`; `half` is at most `head_size / 2`, what lies behind `2 * half` is kept.
/// - positions: `(rows)`, each row's line of the tables; null means row r has line r.
/// - direction: 1 forward; -1 back, which is also the gradient.
void kernel_rotate_f32(float *values, const float *cosines, const float *sines, const int32_t *_Nullable positions,
                       size_t rows, size_t heads, size_t head_size, size_t half, float direction);

// MARK: Few-row products

/// `result[v * result_stride + r] = sum over c of matrix[r, c] * vectors[v, c]`, reading the matrix once.
///
/// Each sum goes through sixteen lanes, so it does not depend on how rows and vectors are grouped.
/// - matrix: `(rows, columns)` float32
/// - vectors: `(vector_count, columns)`
/// - result: `(vector_count, rows)` with lines `result_stride` apart, at least `rows`.
void kernel_matrix_vectors_f32(const void *matrix, size_t rows, size_t columns, const float *vectors,
                               size_t vector_count, float *result, size_t result_stride);
/// `kernel_matrix_vectors_f32` for a bfloat16 matrix.
void kernel_matrix_vectors_bf16(const void *matrix, size_t rows, size_t columns, const float *vectors,
                                size_t vector_count, float *result, size_t result_stride);
/// `kernel_matrix_vectors_f32` for a half-precision matrix.
void kernel_matrix_vectors_f16(const void *matrix, size_t rows, size_t columns, const float *vectors,
                               size_t vector_count, float *result, size_t result_stride);
/// `kernel_matrix_vectors_f32` for rows of Q8_0 blocks; `columns` is a multiple of 32.
void kernel_matrix_vectors_q8_0(const void *matrix, size_t rows, size_t columns, const float *vectors,
                                size_t vector_count, float *result, size_t result_stride);
/// `kernel_matrix_vectors_f32` for rows of Q4_0 blocks; `columns` is a multiple of 32.
void kernel_matrix_vectors_q4_0(const void *matrix, size_t rows, size_t columns, const float *vectors,
                                size_t vector_count, float *result, size_t result_stride);
/// `result[v * result_stride + o - first_output] = sum over i of matrix[o, i] * vectors[v, i]`.
///
/// Here a lane is an output: each sum takes its inputs in ascending order, one by one.
/// - vectors: `(vector_count, inputs)`
void kernel_coded_columns_vectors(const kernel_coded_columns *matrix, size_t first_output, size_t outputs,
                                  const float *vectors, size_t vector_count, float *result, size_t result_stride);

/// `result[r, c] += sum over lines of left[line, r] * right[line, c]`, lines in ascending order, each rounded once.
///
/// For few ranks: `right` is read once for every eight of them.
/// - left: `(lines, ranks)` with lines `left_stride` apart
/// - right: `(lines, columns)` with lines `right_stride` apart
/// - result: `(ranks, columns)` with lines `result_stride` apart
void kernel_add_outer_products_f32(const float *left, size_t left_stride, size_t ranks, const float *right,
                                   size_t right_stride, size_t columns, size_t lines, float *result,
                                   size_t result_stride);

/// `kernel_matrix_vectors_f32` for a matrix of signed bytes.
void kernel_matrix_vectors_i8(const void *matrix, size_t rows, size_t columns, const float *vectors,
                              size_t vector_count, float *result, size_t result_stride);
/// `kernel_matrix_vectors_f32` for codes of four bits; `columns` is a multiple of 64.
///
/// Here the lanes' sums of each block begin at 0 and are added, times its scale, to those before.
/// - codes, scales: from the first of the rows on
/// - table: `(16)`
void kernel_matrix_vectors_codes4(const void *codes, const float *table, const float *scales, size_t rows,
                                  size_t columns, const float *vectors, size_t vector_count, float *result,
                                  size_t result_stride);

// MARK: Products of bfloat16 parts

// A float32 is the sum of three bfloat16 parts: the number rounded, what is left of it rounded, what is left of that.
// (Of infinity and NaN nothing is left.) A product of matrices is then a sum of products of bfloat16 numbers, each of
// which is exact in float32:
//
//     result(rows, columns) = start + sum over terms of left(rows, depth) * right(depth, columns)
//
// Both operands are first packed into panels of thirty-two rows or columns, as the tiles of AMX take them. A panel is a
// sequence of blocks along its depth, 32 x 32 numbers with zeros beyond the matrix's end; a block is a sequence of its
// parts, each 1024 numbers:
// - of a left panel: 32 rows of 32 numbers;
// - of a right panel: two tiles of sixteen columns, in each sixteen lines of sixteen pairs, which are number `2 * line`
//   and number `2 * line + 1` of each column.
//
// The order of additions is that of TDPBF16PS (Intel SDM volume 2), at every level and for every cut of rows and
// columns. For each element, for each block along the depth, for each pair of parts, the products at even depths are
// added up one after another, each rounded once, and so are those at odd depths; then `sum += even + odd`. Pairs of
// parts are taken from the smallest on: the last right part with its left parts from the last on, and so forth.
// Subnormal numbers count as zero, among sums too.

enum { KERNEL_PANEL_EDGE = 32 };

/// Packs left panels from float32 `(rows, depth)`, lines `stride` apart.
///
/// - panels: `ceil(rows / 32) * ceil(depth / 32) * parts * 1024` bfloat16 numbers; `parts` is 1 to 3.
void kernel_left_panels_f32(const float *source, size_t stride, size_t rows, size_t depth, size_t parts, void *panels);
/// `kernel_left_panels_f32` from the transposed matrix `(depth, rows)`.
void kernel_left_panels_transposed_f32(const float *source, size_t stride, size_t rows, size_t depth, size_t parts,
                                       void *panels);
/// Packs right panels of one part from bfloat16 `(columns, depth)`, lines `stride` numbers apart.
///
/// - panels: `ceil(columns / 32) * ceil(depth / 32) * 1024` bfloat16 numbers.
void kernel_right_panels_bf16(const void *source, size_t stride, size_t columns, size_t depth, void *panels);
/// `kernel_right_panels_bf16` from the transposed matrix `(depth, columns)`.
void kernel_right_panels_transposed_bf16(const void *source, size_t stride, size_t columns, size_t depth, void *panels);
/// Packs right panels of one to three parts from float32 `(columns, depth)`, lines `stride` apart.
void kernel_right_panels_f32(const float *source, size_t stride, size_t columns, size_t depth, size_t parts,
                             void *panels);
/// `kernel_right_panels_f32` from the transposed matrix `(depth, columns)`.
void kernel_right_panels_transposed_f32(const float *source, size_t stride, size_t columns, size_t depth, size_t parts,
                                        void *panels);

/// One product of a sum of products.
typedef struct kernel_panel_term {
    /// The first left panel, and how many numbers lie from one to the next.
    const void *left;
    size_t left_stride;
    size_t left_parts;
    /// The first right panel, and how many numbers lie from one to the next.
    const void *right;
    size_t right_stride;
    size_t right_parts;
    /// Blocks along the depth to be summed.
    size_t depth_blocks;
    /// Parts i and j (from 0) of left and right are multiplied where `i + j < order`; 1 to 3.
    size_t order;
} kernel_panel_term;

/// `result(rows, columns) = start + terms`, over all panels that cover the rows and columns.
///
/// - start: what is added to, lines `start_stride` apart: null for zeros, `result` to add to what is there; with a
///   stride of 0 it is one line for all rows.
void kernel_panel_product(const kernel_panel_term *terms, size_t term_count, size_t rows, size_t columns,
                          const float *_Nullable start, size_t start_stride, float *result, size_t result_stride);

// MARK: Optimizers

/// The numbers of one AdamW step; they are combined in double precision and rounded to float32 once, like PyTorch does.
typedef struct kernel_adamw_step {
    double learning_rate;
    double weight_decay;
    double beta1;
    double beta2;
    double epsilon;
    /// How many steps this parameter has made, counting this one: at least 1.
    uint64_t step;
} kernel_adamw_step;

/// One step of AdamW (Loshchilov and Hutter, 2019) on `count` numbers.
///
/// - parameter, first_moment, second_moment: `(count)`, updated.
/// - gradient: `(count)`
/// - gradient_factor: what each gradient is multiplied by first; 1 unless clipped.
void kernel_adamw_f32(float *parameter, const float *gradient, float *first_moment, float *second_moment, size_t count,
                      float gradient_factor, const kernel_adamw_step *settings);

// MARK: Random numbers

/// A stream of Philox 4x32-10 numbers (Salmon et al., SC 2011): word i is word i mod 4 of the block whose counter is
/// `(i / 4, stream[0], stream[1], stream[2])`, so any part of it can be computed alone.
typedef struct kernel_philox {
    uint64_t key;
    uint32_t stream[3];
} kernel_philox;

/// `result[i]` = word `first + i` of the stream; words 0 to 2^34 - 1 exist, then they repeat.
void kernel_philox_words(const kernel_philox *generator, uint64_t first, uint32_t *result, size_t count);
/// `result[i]` = word `first + i` as a number in [0, 1) with 24 random bits.
void kernel_philox_uniform_f32(const kernel_philox *generator, uint64_t first, float *result, size_t count);
/// `result[i] = source[i] * factor` where word `first + i` is at least `threshold`, 0 elsewhere.
///
/// For dropout with probability p: threshold `p * 2^32`, factor `1 / (1 - p)`.
void kernel_dropout_f32(const kernel_philox *generator, uint64_t first, const float *source, uint32_t threshold,
                        float factor, float *result, size_t count);

// MARK: Tables

/// Every kernel's name, for the table and its fillers.
#define KERNEL_NAMES(use) \
    use(widen_bf16) use(widen_f16) use(narrow_bf16) use(narrow_f16) \
    use(widen_q8_0) use(widen_q4_0) use(narrow_q8_0) use(narrow_q4_0) use(widen_coded_columns) \
    use(widen_codes4) use(narrow_codes4) use(widen_i8) \
    use(add_f32) use(multiply_f32) use(scale_f32) use(add_scaled_f32) \
    use(multiply_by_difference_f32) use(fill_f32) use(exp_f32) use(tanh_f32) \
    use(dot_f32) use(sum_f32) use(sum_of_squares_f32) use(maximum_f32) \
    use(exponentials_f32) use(softmax_f32) use(log_sum_exp_f32) use(online_softmax_f32) \
    use(soft_cap_f32) use(soft_cap_backward_f32) use(cross_entropy_f32) use(cross_entropy_with_gradient_f32) \
    use(rms_norm_f32) use(rms_norm_backward_f32) use(rms_norm_weight_gradient_f32) \
    use(silu_gate_f32) use(silu_gate_backward_f32) use(gelu_gate_f32) use(gelu_gate_backward_f32) \
    use(rotate_f32) \
    use(matrix_vectors_f32) use(matrix_vectors_bf16) use(matrix_vectors_f16) use(add_outer_products_f32) \
    use(matrix_vectors_i8) use(matrix_vectors_codes4) \
    use(matrix_vectors_q8_0) use(matrix_vectors_q4_0) use(coded_columns_vectors) \
    use(left_panels_f32) use(left_panels_transposed_f32) use(right_panels_bf16) use(right_panels_transposed_bf16) \
    use(right_panels_f32) use(right_panels_transposed_f32) use(panel_product) \
    use(adamw_f32) \
    use(philox_words) use(philox_uniform_f32) use(dropout_f32)

/// One level's kernels; `table->add_f32` does what `kernel_add_f32` does.
typedef struct kernel_table {
#define KERNEL_MEMBER(name) __typeof__(kernel_##name) *name;
    KERNEL_NAMES(KERNEL_MEMBER)
#undef KERNEL_MEMBER
} kernel_table;

/// The kernels of one level, or null when this machine cannot run it or, for tiles, may not.
const kernel_table *_Nullable kernel_table_for_level(kernel_level level);

#pragma clang assume_nonnull end
