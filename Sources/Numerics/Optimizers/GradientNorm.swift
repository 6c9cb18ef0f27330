internal import CKernels
internal import Glibc
internal import Tensors

/// The length of all gradients together, and how much of it is kept.
package enum GradientNorm {
    /// Elements of one task; part of the definition of the norm, because it fixes the order of additions.
    private static let block = 1 << 16

    /// The 2-norm of one gradient; its squares are added in double precision.
    static func norm(of gradient: Tensor) -> Float { Float(sumOfSquares(gradient).squareRoot()) }

    /// The 2-norm of several gradients by their norms, in their order.
    ///
    /// NaN or infinity anywhere gives NaN or infinity, which is for the caller to judge.
    static func norm(of norms: [Float]) -> Float {
        Float(norms.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    }

    /// What every gradient is multiplied by so that their norm is at most `maximum`; 1 without a maximum.
    package static func factor(norm: Float, maximum: Double?) -> Float {
        guard let maximum, maximum > 0 else { return 1 }
        let factor = Float(maximum) / (norm + 1e-6)
        // Written so that a norm that is not a number gives a factor that is not either.
        return factor > 1 ? 1 : factor
    }

    /// Blocks are added in their order, whatever thread computed them.
    static func sumOfSquares(_ tensor: Tensor) -> Double {
        let blocks = (tensor.count + block - 1) / block
        var sums = [Double](repeating: 0, count: blocks)
        tensor.withUnsafeBufferPointer { elements in
            guard let base = elements.baseAddress else { return }
            sums.withUnsafeMutableBufferPointer { sums in
                ComputePool.shared.forEachBlock(elements.count, atMost: block) { range in
                    sums[range.lowerBound / block] = kernel_sum_of_squares_f32(base + range.lowerBound, range.count)
                }
            }
        }
        return sums.reduce(0, +)
    }
}
