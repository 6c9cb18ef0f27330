// Gated activations (Shazeer, 2020).

static void silu_gate_f32(const float *gate, const float *up, float *result, size_t count) {
    FOR_LANES(count, i, n) {
        f32x16 x = load_up_to(gate + i, n);
        store_up_to(result + i, x * sigmoid_lanes(x) * load_up_to(up + i, n), n);
    }
}

static void silu_gate_backward_f32(const float *gate, const float *up, const float *gradient, float *gate_gradient,
                                   float *up_gradient, size_t count) {
    const f32x16 one = splat(1.0f);
    FOR_LANES(count, i, n) {
        f32x16 x = load_up_to(gate + i, n), factor = load_up_to(up + i, n), incoming = load_up_to(gradient + i, n);
        f32x16 s = sigmoid_lanes(x);
        store_up_to(up_gradient + i, incoming * (x * s), n);
        store_up_to(gate_gradient + i, incoming * factor * s * fused(x, one - s, one), n);
    }
}

/// tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))
INLINE f32x16 gelu_tanh_lanes(f32x16 x) {
    f32x16 cube = x * x * x;
    return tanh_lanes(splat(0.79788456080286536f) * fused(cube, splat(0.044715f), x));
}

static void gelu_gate_f32(const float *gate, const float *up, float *result, size_t count) {
    FOR_LANES(count, i, n) {
        f32x16 x = load_up_to(gate + i, n);
        f32x16 gelu = splat(0.5f) * x * (splat(1.0f) + gelu_tanh_lanes(x));
        store_up_to(result + i, gelu * load_up_to(up + i, n), n);
    }
}

static void gelu_gate_backward_f32(const float *gate, const float *up, const float *gradient, float *gate_gradient,
                                   float *up_gradient, size_t count) {
    const f32x16 one = splat(1.0f), half = splat(0.5f);
    FOR_LANES(count, i, n) {
        f32x16 x = load_up_to(gate + i, n), factor = load_up_to(up + i, n), incoming = load_up_to(gradient + i, n);
        f32x16 t = gelu_tanh_lanes(x);
        f32x16 inner = splat(0.79788456080286536f) * fused(x * x, splat(3.0f * 0.044715f), one);
        f32x16 slope = fused(half * x * fused(-t, t, one), inner, half * (one + t));
        store_up_to(up_gradient + i, incoming * (half * x * (one + t)), n);
        store_up_to(gate_gradient + i, incoming * factor * slope, n);
    }
}
