// exp and tanh of sixteen lanes.

/// exp(x) = p * 2^exponent for x of which 2^exponent is a number: x = n ln 2 + r, a polynomial of degree 6 in r.
INLINE f32x16 exp_fraction(f32x16 x, i32x16 *exponent) {
    // Adding 1.5 * 2^23 rounds to an integer in the low bits.
    const f32x16 magic = splat(12582912.0f);
    f32x16 shifted = fused(x, splat(1.44269504088896341f), magic);
    f32x16 n = shifted - magic;
    f32x16 r = fused(n, splat(-0.693145751953125f), x);
    r = fused(n, splat(-1.42860676533018e-6f), r);
    // Cephes, expf.
    f32x16 p = splat(1.9875691500e-4f);
    p = fused(p, r, splat(1.3981999507e-3f));
    p = fused(p, r, splat(8.3334519073e-3f));
    p = fused(p, r, splat(4.1665795894e-2f));
    p = fused(p, r, splat(1.6666665459e-1f));
    p = fused(p, r, splat(5.0000001201e-1f));
    p = fused(p * r, r, r);
    *exponent = (i32x16)shifted - (i32x16)magic;
    return p + splat(1.0f);
}

/// exp within 2 ulp: two exact scalings and one that may round.
INLINE f32x16 exp_lanes(f32x16 x) {
    // Beyond these the result is 0 or infinity anyway; NaN takes the upper one here and is put back below.
    f32x16 bounded = choose(x < splat(89.0f), x, splat(89.0f));
    bounded = choose(bounded > splat(-104.0f), bounded, splat(-104.0f));
    i32x16 exponent;
    f32x16 p = exp_fraction(bounded, &exponent);
    i32x16 half = exponent >> 1;
    f32x16 lower = (f32x16)((half + 127) << 23);
    f32x16 upper = (f32x16)((exponent - half + 127) << 23);
    return choose(x != x, x, p * lower * upper);
}

INLINE float exp_one(float x) { return exp_lanes(splat(x))[0]; }

/// tanh within 2 ulp: an odd polynomial near 0 (Cephes, tanhf), 1 - 2 / (exp(2 |x|) + 1) elsewhere.
INLINE f32x16 tanh_lanes(f32x16 x) {
    f32x16 size = absolute(x);
    f32x16 square = x * x;
    f32x16 p = splat(-5.70498872745e-3f);
    p = fused(p, square, splat(2.06390887954e-2f));
    p = fused(p, square, splat(-5.37397155531e-2f));
    p = fused(p, square, splat(1.33314422036e-1f));
    p = fused(p, square, splat(-3.33332819422e-1f));
    f32x16 near = fused(p * square, x, x);
    f32x16 far = splat(1.0f) - splat(2.0f) / (exp_lanes(size + size) + splat(1.0f));
    u32x16 sign = bits_of(x) & 0x80000000u;
    far = floats_of(bits_of(far) | sign);
    return choose(size < splat(0.625f), near, far);
}

/// 1 / (1 + exp(-x)); beyond 87 on either side as at 87, where it is 1 or as good as 0.
INLINE f32x16 sigmoid_lanes(f32x16 x) {
    // NaN is on neither side and goes through.
    const f32x16 most = splat(87.0f);
    f32x16 bounded = choose(x < -most, most, choose(x > most, -most, -x));
    i32x16 exponent;
    f32x16 p = exp_fraction(bounded, &exponent);
    return splat(1.0f) / fused(p, (f32x16)((exponent + 127) << 23), splat(1.0f));
}
