// The public functions: each calls its kernel in the chosen table.
#include "active.h"

void kernel_widen_bf16(const void *source, float *result, size_t count) {
    kernels_active->widen_bf16(source, result, count);
}

void kernel_widen_f16(const void *source, float *result, size_t count) {
    kernels_active->widen_f16(source, result, count);
}

void kernel_narrow_bf16(const float *source, void *result, size_t count) {
    kernels_active->narrow_bf16(source, result, count);
}

void kernel_narrow_f16(const float *source, void *result, size_t count) {
    kernels_active->narrow_f16(source, result, count);
}

void kernel_widen_q8_0(const void *source, float *result, size_t count) {
    kernels_active->widen_q8_0(source, result, count);
}

void kernel_widen_q4_0(const void *source, float *result, size_t count) {
    kernels_active->widen_q4_0(source, result, count);
}

void kernel_narrow_q8_0(const float *source, void *result, size_t count) {
    kernels_active->narrow_q8_0(source, result, count);
}

void kernel_narrow_q4_0(const float *source, void *result, size_t count) {
    kernels_active->narrow_q4_0(source, result, count);
}

void kernel_widen_coded_columns(const kernel_coded_columns *matrix, size_t first_output, size_t outputs,
                                size_t first_input, size_t inputs, float *result) {
    kernels_active->widen_coded_columns(matrix, first_output, outputs, first_input, inputs, result);
}

void kernel_coded_columns_vectors(const kernel_coded_columns *matrix, size_t first_output, size_t outputs,
                                  const float *vectors, size_t vector_count, float *result, size_t result_stride) {
    kernels_active->coded_columns_vectors(matrix, first_output, outputs, vectors, vector_count, result, result_stride);
}

void kernel_widen_codes4(const void *codes, size_t first, size_t count, const float *table, const float *scales,
                         float *result) {
    kernels_active->widen_codes4(codes, first, count, table, scales, result);
}

void kernel_narrow_codes4(const float *source, size_t count, const float *thresholds, const uint32_t *order,
                          void *result, float *scales) {
    kernels_active->narrow_codes4(source, count, thresholds, order, result, scales);
}

void kernel_widen_i8(const void *source, float scale, float *result, size_t count) {
    kernels_active->widen_i8(source, scale, result, count);
}

void kernel_add_f32(const float *left, const float *right, float *result, size_t count) {
    kernels_active->add_f32(left, right, result, count);
}

void kernel_multiply_f32(const float *left, const float *right, float *result, size_t count) {
    kernels_active->multiply_f32(left, right, result, count);
}

void kernel_scale_f32(const float *source, float factor, float *result, size_t count) {
    kernels_active->scale_f32(source, factor, result, count);
}

void kernel_add_scaled_f32(const float *source, float factor, float *result, size_t count) {
    kernels_active->add_scaled_f32(source, factor, result, count);
}

void kernel_multiply_by_difference_f32(float *values, const float *source, float offset, size_t count) {
    kernels_active->multiply_by_difference_f32(values, source, offset, count);
}

void kernel_fill_f32(float value, float *result, size_t count) {
    kernels_active->fill_f32(value, result, count);
}

void kernel_exp_f32(const float *source, float *result, size_t count) {
    kernels_active->exp_f32(source, result, count);
}

void kernel_tanh_f32(const float *source, float *result, size_t count) {
    kernels_active->tanh_f32(source, result, count);
}

float kernel_dot_f32(const float *left, const float *right, size_t count) {
    return kernels_active->dot_f32(left, right, count);
}

double kernel_sum_f32(const float *source, size_t count) {
    return kernels_active->sum_f32(source, count);
}

double kernel_sum_of_squares_f32(const float *source, size_t count) {
    return kernels_active->sum_of_squares_f32(source, count);
}

float kernel_maximum_f32(const float *source, size_t count) {
    return kernels_active->maximum_f32(source, count);
}

double kernel_exponentials_f32(float *values, float offset, size_t count) {
    return kernels_active->exponentials_f32(values, offset, count);
}

void kernel_softmax_f32(const float *source, float *result, size_t count) {
    kernels_active->softmax_f32(source, result, count);
}

double kernel_log_sum_exp_f32(const float *source, size_t count) {
    return kernels_active->log_sum_exp_f32(source, count);
}

float kernel_online_softmax_f32(float *scores, size_t count, size_t visible, float *maximum, float *sum) {
    return kernels_active->online_softmax_f32(scores, count, visible, maximum, sum);
}

void kernel_soft_cap_f32(float *values, float cap, size_t count) {
    kernels_active->soft_cap_f32(values, cap, count);
}

void kernel_soft_cap_backward_f32(const float *capped, float cap, float *gradient, size_t count) {
    kernels_active->soft_cap_backward_f32(capped, cap, gradient, count);
}

double kernel_cross_entropy_f32(const float *logits, size_t count, size_t label) {
    return kernels_active->cross_entropy_f32(logits, count, label);
}

double kernel_cross_entropy_with_gradient_f32(float *logits, size_t count, size_t label, float scale) {
    return kernels_active->cross_entropy_with_gradient_f32(logits, count, label, scale);
}

void kernel_rms_norm_f32(const float *x, const float *weight, float *y, float *_Nullable inverse, size_t rows, size_t
                         width, float epsilon, float offset) {
    kernels_active->rms_norm_f32(x, weight, y, inverse, rows, width, epsilon, offset);
}

void kernel_rms_norm_backward_f32(const float *x, const float *weight, const float *gradient, const float *inverse,
                                  float *result, size_t rows, size_t width, float offset) {
    kernels_active->rms_norm_backward_f32(x, weight, gradient, inverse, result, rows, width, offset);
}

void kernel_rms_norm_weight_gradient_f32(const float *x, const float *gradient, const float *inverse, float *result,
                                         size_t rows, size_t columns, size_t stride) {
    kernels_active->rms_norm_weight_gradient_f32(x, gradient, inverse, result, rows, columns, stride);
}

void kernel_silu_gate_f32(const float *gate, const float *up, float *result, size_t count) {
    kernels_active->silu_gate_f32(gate, up, result, count);
}

void kernel_silu_gate_backward_f32(const float *gate, const float *up, const float *gradient, float *gate_gradient,
                                   float *up_gradient, size_t count) {
    kernels_active->silu_gate_backward_f32(gate, up, gradient, gate_gradient, up_gradient, count);
}

void kernel_gelu_gate_f32(const float *gate, const float *up, float *result, size_t count) {
    kernels_active->gelu_gate_f32(gate, up, result, count);
}

void kernel_gelu_gate_backward_f32(const float *gate, const float *up, const float *gradient, float *gate_gradient,
                                   float *up_gradient, size_t count) {
    kernels_active->gelu_gate_backward_f32(gate, up, gradient, gate_gradient, up_gradient, count);
}

void kernel_rotate_f32(float *values, const float *cosines, const float *sines, const int32_t *_Nullable positions,
                       size_t rows, size_t heads, size_t head_size, size_t half, float direction) {
    kernels_active->rotate_f32(values, cosines, sines, positions, rows, heads, head_size, half, direction);
}

void kernel_matrix_vectors_f32(const void *matrix, size_t rows, size_t columns, const float *vectors, size_t
                               vector_count, float *result, size_t result_stride) {
    kernels_active->matrix_vectors_f32(matrix, rows, columns, vectors, vector_count, result, result_stride);
}

void kernel_matrix_vectors_bf16(const void *matrix, size_t rows, size_t columns, const float *vectors, size_t
                                vector_count, float *result, size_t result_stride) {
    kernels_active->matrix_vectors_bf16(matrix, rows, columns, vectors, vector_count, result, result_stride);
}

void kernel_matrix_vectors_f16(const void *matrix, size_t rows, size_t columns, const float *vectors, size_t
                               vector_count, float *result, size_t result_stride) {
    kernels_active->matrix_vectors_f16(matrix, rows, columns, vectors, vector_count, result, result_stride);
}

void kernel_matrix_vectors_q8_0(const void *matrix, size_t rows, size_t columns, const float *vectors, size_t
                                vector_count, float *result, size_t result_stride) {
    kernels_active->matrix_vectors_q8_0(matrix, rows, columns, vectors, vector_count, result, result_stride);
}

void kernel_matrix_vectors_q4_0(const void *matrix, size_t rows, size_t columns, const float *vectors, size_t
                                vector_count, float *result, size_t result_stride) {
    kernels_active->matrix_vectors_q4_0(matrix, rows, columns, vectors, vector_count, result, result_stride);
}

void kernel_add_outer_products_f32(const float *left, size_t left_stride, size_t ranks, const float *right,
                                   size_t right_stride, size_t columns, size_t lines, float *result,
                                   size_t result_stride) {
    kernels_active->add_outer_products_f32(
        left, left_stride, ranks, right, right_stride, columns, lines, result, result_stride);
}

void kernel_matrix_vectors_i8(const void *matrix, size_t rows, size_t columns, const float *vectors, size_t
                              vector_count, float *result, size_t result_stride) {
    kernels_active->matrix_vectors_i8(matrix, rows, columns, vectors, vector_count, result, result_stride);
}

void kernel_matrix_vectors_codes4(const void *codes, const float *table, const float *scales, size_t rows,
                                  size_t columns, const float *vectors, size_t vector_count, float *result,
                                  size_t result_stride) {
    kernels_active->matrix_vectors_codes4(codes, table, scales, rows, columns, vectors, vector_count, result,
                                          result_stride);
}

void kernel_left_panels_f32(const float *source, size_t stride, size_t rows, size_t depth, size_t parts, void *panels) {
    kernels_active->left_panels_f32(source, stride, rows, depth, parts, panels);
}

void kernel_left_panels_transposed_f32(const float *source, size_t stride, size_t rows, size_t depth, size_t parts,
                                       void *panels) {
    kernels_active->left_panels_transposed_f32(source, stride, rows, depth, parts, panels);
}

void kernel_right_panels_bf16(const void *source, size_t stride, size_t columns, size_t depth, void *panels) {
    kernels_active->right_panels_bf16(source, stride, columns, depth, panels);
}

void kernel_right_panels_transposed_bf16(const void *source, size_t stride, size_t columns, size_t depth,
                                         void *panels) {
    kernels_active->right_panels_transposed_bf16(source, stride, columns, depth, panels);
}

void kernel_right_panels_f32(const float *source, size_t stride, size_t columns, size_t depth, size_t parts,
                             void *panels) {
    kernels_active->right_panels_f32(source, stride, columns, depth, parts, panels);
}

void kernel_right_panels_transposed_f32(const float *source, size_t stride, size_t columns, size_t depth, size_t parts,
                                        void *panels) {
    kernels_active->right_panels_transposed_f32(source, stride, columns, depth, parts, panels);
}

void kernel_panel_product(const kernel_panel_term *terms, size_t term_count, size_t rows, size_t columns,
                          const float *_Nullable start, size_t start_stride, float *result, size_t result_stride) {
    kernels_active->panel_product(terms, term_count, rows, columns, start, start_stride, result, result_stride);
}

void kernel_adamw_f32(float *parameter, const float *gradient, float *first_moment, float *second_moment, size_t
                      count, float gradient_factor, const kernel_adamw_step *settings) {
    kernels_active->adamw_f32(parameter, gradient, first_moment, second_moment, count, gradient_factor, settings);
}

void kernel_philox_words(const kernel_philox *generator, uint64_t first, uint32_t *result, size_t count) {
    kernels_active->philox_words(generator, first, result, count);
}

void kernel_philox_uniform_f32(const kernel_philox *generator, uint64_t first, float *result, size_t count) {
    kernels_active->philox_uniform_f32(generator, first, result, count);
}

void kernel_dropout_f32(const kernel_philox *generator, uint64_t first, const float *source, uint32_t threshold,
                        float factor, float *result, size_t count) {
    kernels_active->dropout_f32(generator, first, source, threshold, factor, result, count);
}
