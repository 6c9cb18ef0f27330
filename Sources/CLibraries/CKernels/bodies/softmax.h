// Rows of scores and logits.

static double exponentials_f32(float *values, float offset, size_t count) {
    f64x16 sum = {};
    FOR_LANES(count, i, n) {
        f32x16 value = exp_lanes(load_up_to(values + i, n) - splat(offset));
        store_up_to(values + i, value, n);
        sum += to_f64(n < LANES ? choose(first_lanes(n), value, (f32x16){}) : value);
    }
    return sum_lanes_f64(sum);
}

/// Sum of `exp(source - offset)` without keeping the exponentials.
INLINE double sum_of_exponentials(const float *source, float offset, size_t count) {
    f64x16 sum = {};
    FOR_LANES(count, i, n) {
        f32x16 value = exp_lanes(load_up_to(source + i, n) - splat(offset));
        sum += to_f64(n < LANES ? choose(first_lanes(n), value, (f32x16){}) : value);
    }
    return sum_lanes_f64(sum);
}

static void softmax_f32(const float *source, float *result, size_t count) {
    float highest = maximum_f32(source, count);
    if (result != source) { memcpy(result, source, count * sizeof *source); }
    double sum = exponentials_f32(result, highest, count);
    scale_f32(result, (float)(1.0 / sum), result, count);
}

static double log_sum_exp_f32(const float *source, size_t count) {
    float highest = maximum_f32(source, count);
    // All of minus infinity, or one of plus infinity: the differences below would be NaN.
    if (highest == -__builtin_inff() || highest == __builtin_inff()) {
        double sum = sum_f32(source, count);
        return sum != sum ? sum : highest;
    }
    return (double)highest + log(sum_of_exponentials(source, highest, count));
}

static float online_softmax_f32(float *scores, size_t count, size_t visible, float *maximum, float *sum) {
    for (size_t i = visible; i < count; i++) { scores[i] = 0; }
    if (visible == 0) { return 1; }
    float highest = maximum_f32(scores, visible);
    float factor = 1;
    if (highest > *maximum) {
        factor = exp_one(*maximum - highest);
        *maximum = highest;
    }
    if (*maximum == -__builtin_inff()) {
        // Nothing seen so far has any weight; a NaN must still be heard of.
        double total = sum_f32(scores, visible);
        for (size_t i = 0; i < visible; i++) { scores[i] = scores[i] != scores[i] ? scores[i] : 0; }
        *sum = total != total ? (float)total : *sum;
        return 1;
    }
    *sum = (float)((double)(*sum * factor) + exponentials_f32(scores, *maximum, visible));
    return factor;
}

static void soft_cap_f32(float *values, float cap, size_t count) {
    FOR_LANES(count, i, n) {
        store_up_to(values + i, splat(cap) * tanh_lanes(load_up_to(values + i, n) / splat(cap)), n);
    }
}

static void soft_cap_backward_f32(const float *capped, float cap, float *gradient, size_t count) {
    FOR_LANES(count, i, n) {
        f32x16 ratio = load_up_to(capped + i, n) / splat(cap);
        store_up_to(gradient + i, load_up_to(gradient + i, n) * fused(-ratio, ratio, splat(1.0f)), n);
    }
}

static double cross_entropy_f32(const float *logits, size_t count, size_t label) {
    return log_sum_exp_f32(logits, count) - (double)logits[label];
}

static double cross_entropy_with_gradient_f32(float *logits, size_t count, size_t label, float scale) {
    float highest = maximum_f32(logits, count);
    double labelled = logits[label];
    double sum = exponentials_f32(logits, highest, count);
    scale_f32(logits, (float)((double)scale / sum), logits, count);
    logits[label] -= scale;
    return (double)highest + log(sum) - labelled;
}
