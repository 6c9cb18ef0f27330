// One pass over arrays: element in, element out.

/// Defines the body of a loop that runs for full vectors and once more for what is left.
#define FOR_LANES(count, i, n) \
    for (size_t i = 0, n = 0; i < (count) && ((n = (count) - i < LANES ? (count) - i : LANES), true); i += LANES)

static void add_f32(const float *left, const float *right, float *result, size_t count) {
    FOR_LANES(count, i, n) { store_up_to(result + i, load_up_to(left + i, n) + load_up_to(right + i, n), n); }
}

static void multiply_f32(const float *left, const float *right, float *result, size_t count) {
    FOR_LANES(count, i, n) { store_up_to(result + i, load_up_to(left + i, n) * load_up_to(right + i, n), n); }
}

static void scale_f32(const float *source, float factor, float *result, size_t count) {
    FOR_LANES(count, i, n) { store_up_to(result + i, load_up_to(source + i, n) * splat(factor), n); }
}

static void add_scaled_f32(const float *source, float factor, float *result, size_t count) {
    FOR_LANES(count, i, n) {
        store_up_to(result + i, fused(load_up_to(source + i, n), splat(factor), load_up_to(result + i, n)), n);
    }
}

static void multiply_by_difference_f32(float *values, const float *source, float offset, size_t count) {
    FOR_LANES(count, i, n) {
        store_up_to(values + i, load_up_to(values + i, n) * (load_up_to(source + i, n) - splat(offset)), n);
    }
}

static void fill_f32(float value, float *result, size_t count) {
    FOR_LANES(count, i, n) { store_up_to(result + i, splat(value), n); }
}

static void exp_f32(const float *source, float *result, size_t count) {
    FOR_LANES(count, i, n) { store_up_to(result + i, exp_lanes(load_up_to(source + i, n)), n); }
}

static void tanh_f32(const float *source, float *result, size_t count) {
    FOR_LANES(count, i, n) { store_up_to(result + i, tanh_lanes(load_up_to(source + i, n)), n); }
}
