// Sums and the maximum; the order of additions is told in CKernels.h.

static float dot_f32(const float *left, const float *right, size_t count) {
    // Two accumulators, so that one addition need not wait for the other.
    f32x16 even = {}, odd = {};
    size_t i = 0;
    for (; i + 2 * LANES <= count; i += 2 * LANES) {
        even = fused(load(left + i), load(right + i), even);
        odd = fused(load(left + i + LANES), load(right + i + LANES), odd);
    }
    if (i < count) {
        size_t n = count - i;
        even = fused(load_up_to(left + i, n), load_up_to(right + i, n), even);
        if (n > LANES) {
            odd = fused(load_first(left + i + LANES, n - LANES), load_first(right + i + LANES, n - LANES), odd);
        }
    }
    return sum_lanes(even + odd);
}

static double sum_f32(const float *source, size_t count) {
    f64x16 sum = {};
    FOR_LANES(count, i, n) { sum += to_f64(load_up_to(source + i, n)); }
    return sum_lanes_f64(sum);
}

static double sum_of_squares_f32(const float *source, size_t count) {
    f64x16 sum = {};
    FOR_LANES(count, i, n) {
        // The square of a float32 is exact in double precision, so fusing would change nothing.
        f64x16 value = to_f64(load_up_to(source + i, n));
        sum += value * value;
    }
    return sum_lanes_f64(sum);
}

static float maximum_f32(const float *source, size_t count) {
    const f32x16 lowest = splat(-__builtin_inff());
    f32x16 best = lowest;
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) { best = larger(load(source + i), best); }
    if (i < count) {
        f32x16 rest = choose(first_lanes(count - i), load_first(source + i, count - i), lowest);
        best = larger(rest, best);
    }
    return largest_lane(best);
}
