/// How exactly products with a large operand are computed, in the sense of PyTorch's `set_float32_matmul_precision`.
package enum MatmulPrecision: String, Sendable, CaseIterable {
    /// As exact as float32.
    case highest
    /// Activations as the sum of two bfloat16 numbers, about 16 bits: the result errs by 2e-6 of its norm.
    case high
    /// Activations rounded to bfloat16: the result errs by 2e-3 of its norm.
    case medium

    /// Bfloat16 numbers whose sum stands for one float32.
    var parts: Int {
        switch self {
        case .highest: 3
        case .high: 2
        case .medium: 1
        }
    }
}
