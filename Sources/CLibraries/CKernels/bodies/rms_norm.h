// Root-mean-square norm (Zhang and Sennrich, 2019).

static void rms_norm_f32(const float *x, const float *weight, float *y, float *inverse, size_t rows,
                         size_t width, float epsilon, float offset) {
    for (size_t row = 0; row < rows; row++, x += width, y += width) {
        float r = 1.0f / __builtin_sqrtf(dot_f32(x, x, width) / (float)width + epsilon);
        FOR_LANES(width, i, n) {
            f32x16 scale = load_up_to(weight + i, n) + splat(offset);
            store_up_to(y + i, load_up_to(x + i, n) * splat(r) * scale, n);
        }
        if (inverse) { inverse[row] = r; }
    }
}

static void rms_norm_backward_f32(const float *x, const float *weight, const float *gradient, const float *inverse,
                                  float *result, size_t rows, size_t width, float offset) {
    for (size_t row = 0; row < rows; row++, x += width, gradient += width, result += width) {
        f32x16 sums = {};
        FOR_LANES(width, i, n) {
            f32x16 scaled = load_up_to(gradient + i, n) * (load_up_to(weight + i, n) + splat(offset));
            sums = fused(scaled, load_up_to(x + i, n), sums);
        }
        float r = inverse[row];
        float projection = sum_lanes(sums) * r * r / (float)width;
        FOR_LANES(width, i, n) {
            f32x16 scaled = load_up_to(gradient + i, n) * (load_up_to(weight + i, n) + splat(offset));
            store_up_to(result + i, splat(r) * fused(load_up_to(x + i, n), splat(-projection), scaled), n);
        }
    }
}

static void rms_norm_weight_gradient_f32(const float *x, const float *gradient, const float *inverse, float *result,
                                         size_t rows, size_t columns, size_t stride) {
    for (size_t row = 0; row < rows; row++, x += stride, gradient += stride) {
        FOR_LANES(columns, i, n) {
            f32x16 normed = load_up_to(x + i, n) * splat(inverse[row]);
            store_up_to(result + i, fused(load_up_to(gradient + i, n), normed, load_up_to(result + i, n)), n);
        }
    }
}
