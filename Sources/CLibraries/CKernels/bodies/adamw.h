// AdamW (Loshchilov and Hutter, 2019), with the arithmetic of PyTorch's single-tensor path.

static void adamw_f32(float *parameter, const float *gradient, float *first_moment, float *second_moment, size_t count,
                      float gradient_factor, const kernel_adamw_step *settings) {
    double correction1 = 1.0 - pow(settings->beta1, (double)settings->step);
    double correction2 = 1.0 - pow(settings->beta2, (double)settings->step);
    f32x16 keep = splat((float)(1.0 - settings->learning_rate * settings->weight_decay));
    f32x16 blend = splat((float)(1.0 - settings->beta1));
    f32x16 beta2 = splat((float)settings->beta2), rest2 = splat((float)(1.0 - settings->beta2));
    f32x16 root = splat((float)sqrt(correction2)), epsilon = splat((float)settings->epsilon);
    f32x16 step_size = splat((float)(-settings->learning_rate / correction1));
    FOR_LANES(count, i, n) {
        f32x16 g = load_up_to(gradient + i, n) * splat(gradient_factor);
        f32x16 m = load_up_to(first_moment + i, n);
        m = fused(blend, g - m, m);
        f32x16 v = load_up_to(second_moment + i, n) * beta2;
        v = v + rest2 * g * g;
        f32x16 p = load_up_to(parameter + i, n) * keep;
        p = p + step_size * m / (square_root(v) / root + epsilon);
        store_up_to(first_moment + i, m, n);
        store_up_to(second_moment + i, v, n);
        store_up_to(parameter + i, p, n);
    }
}
