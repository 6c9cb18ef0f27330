import CKernels

/// The element loops under the operations: `CKernels` under Swift names, on sizes that the caller has checked.
enum Loops {
    static func add(
        _ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        kernel_add_f32(left, right, result, count)
    }

    static func scale(
        _ source: UnsafePointer<Float>, _ factor: Float, _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        kernel_scale_f32(source, factor, result, count)
    }

    static func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>, _ count: Int) -> Float {
        kernel_dot_f32(left, right, count)
    }

    static func maximum(_ source: UnsafePointer<Float>, _ count: Int) -> Float { kernel_maximum_f32(source, count) }

    /// Sum in double precision.
    static func sum(_ source: UnsafePointer<Float>, _ count: Int) -> Double { kernel_sum_f32(source, count) }

    /// `values[i] = exp(values[i] - offset)`; returns their sum.
    static func exponentials(_ values: UnsafeMutablePointer<Float>, minus offset: Float, _ count: Int) -> Double {
        kernel_exponentials_f32(values, offset, count)
    }

    /// `values[i] = cap * tanh(values[i] / cap)`.
    static func softCap(_ values: UnsafeMutablePointer<Float>, _ cap: Float, _ count: Int) {
        kernel_soft_cap_f32(values, cap, count)
    }

    /// `gradient[i] *= 1 - (capped[i] / cap)^2`.
    static func softCapBackward(
        _ capped: UnsafePointer<Float>, _ cap: Float, _ gradient: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        kernel_soft_cap_backward_f32(capped, cap, gradient, count)
    }
}
