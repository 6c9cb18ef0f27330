// What every body uses: loads, stores, selection and sums of lanes.

INLINE f32x16 splat(float x) { return (f32x16){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
INLINE u32x16 splat_bits(uint32_t value) { return (u32x16){} + value; }

INLINE f32x16 load(const float *source) {
    f32x16 value;
    memcpy(&value, source, sizeof value);
    return value;
}

INLINE void store(float *result, f32x16 value) { memcpy(result, &value, sizeof value); }

/// The first `count` of sixteen elements, the other lanes 0; `count` may be larger than sixteen.
INLINE f32x16 load_up_to(const float *source, size_t count) {
    return count >= LANES ? load(source) : load_first(source, count);
}

INLINE void store_up_to(float *result, f32x16 value, size_t count) {
    if (count >= LANES) {
        store(result, value);
    } else {
        store_first(result, value, count);
    }
}

INLINE u32x16 bits_of(f32x16 value) { return (u32x16)value; }
INLINE f32x16 floats_of(u32x16 bits) { return (f32x16)bits; }

/// `yes` where the mask's lanes are all ones, `no` where they are 0.
INLINE f32x16 choose(i32x16 mask, f32x16 yes, f32x16 no) {
    return (f32x16)(((i32x16)yes & mask) | ((i32x16)no & ~mask));
}

/// All ones in the first `count` lanes.
INLINE i32x16 first_lanes(size_t count) {
    const i32x16 index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return index < (int32_t)(count < LANES ? count : LANES);
}

INLINE f32x16 absolute(f32x16 value) { return floats_of(bits_of(value) & 0x7FFFFFFFu); }

/// The larger of two; `right` when either is NaN.
INLINE f32x16 larger(f32x16 left, f32x16 right) { return choose(left > right, left, right); }

/// Lanes added in halves: the same tree at every level.
INLINE float sum_lanes(f32x16 v) {
    typedef float f32x8 __attribute__((vector_size(32)));
    typedef float f32x4 __attribute__((vector_size(16)));
    f32x8 eight = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
                  + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
    f32x4 four = __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
    return (four[0] + four[2]) + (four[1] + four[3]);
}

INLINE double sum_lanes_f64(f64x16 v) {
    double eight[8];
    for (int lane = 0; lane < 8; lane++) { eight[lane] = v[lane] + v[lane + 8]; }
    return ((eight[0] + eight[4]) + (eight[2] + eight[6])) + ((eight[1] + eight[5]) + (eight[3] + eight[7]));
}

INLINE float largest_lane(f32x16 v) {
    float best = v[0];
    for (int lane = 1; lane < LANES; lane++) { best = v[lane] > best ? v[lane] : best; }
    return best;
}

INLINE f64x16 to_f64(f32x16 value) { return __builtin_convertvector(value, f64x16); }

INLINE f32x16 square_root(f32x16 value) { return __builtin_elementwise_sqrt(value); }
