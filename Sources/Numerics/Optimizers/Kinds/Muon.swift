internal import Tensors

/// Muon (Jordan et al., 2024): momentum made orthogonal by a Newton-Schulz iteration, for matrices.
///
/// Every intermediate matrix is rounded to bfloat16, as the reference computes it.
package struct Muon: Optimizer {
    private static let momentum: Float = 0.95
    private static let iterations = 5
    private static let coefficients: (Float, Float, Float) = (3.4445, -4.775, 2.0315)

    package init() {}

    package var usesAllThreads: Bool { false }

    package func state(name: String, shape: [Int]) -> [StateTensor] { [StateTensor("momentum_buffer", shape)] }

    /// The direction and its next value, and three squares of the shorter side.
    package func scratchByteCount(shape: [Int]) -> Int {
        let short = min(shape[0], shape[1])
        return 4 * (2 * shape[0] * shape[1] + 3 * short * short)
    }

    package func apply(_ update: ParameterUpdate) throws {
        let direction = Tensor(uninitialized: update.value.shape)
        update.forEachBlock(["momentum_buffer"]) { block in
            let (g, b) = (block.gradient, block.state[0])
            direction.withUnsafeMutableBufferPointer { direction in
                for i in 0..<block.count {
                    let gradient = g[i] * update.gradientFactor
                    b[i] = Self.momentum * b[i] + gradient
                    direction[block.start + i] = gradient + Self.momentum * b[i]
                }
            }
        }
        try Self.orthogonalize(direction)
        let longer = Double(update.value.shape.max() ?? 1)
        let rate = Float(update.learningRate * 0.2 * longer.squareRoot())
        let kept = Float(1 - update.learningRate * update.weightDecay)
        update.forEachBlock([]) { block in
            direction.withUnsafeBufferPointer { direction in
                for i in 0..<block.count {
                    block.value[i] = block.value[i] * kept - rate * direction[block.start + i]
                }
            }
        }
    }

    /// Brings the singular values of a matrix near 1.
    private static func orthogonalize(_ x: Tensor) throws {
        let (a, b, c) = coefficients
        let isTall = x.rows > x.columns
        let short = min(x.rows, x.columns)
        let (square, scaled, polynomial) = (
            Tensor(uninitialized: [short, short]), Tensor(uninitialized: [short, short]),
            Tensor(uninitialized: [short, short])
        )
        let product = Tensor(uninitialized: x.shape)
        set(x, x) { value, _ in value }
        let divisor = rounded(rounded(Float(GradientNorm.sumOfSquares(x).squareRoot())) + 1e-7)
        set(x, x) { value, _ in value / divisor }
        for _ in 0..<iterations {
            // With X as wide: A = X Xᵀ, B = bA + (cA)A, X = aX + BX.
            try square.setToProduct(of: x, leftTransposed: isTall, and: x, rightTransposed: !isTall)
            set(square, square) { value, _ in value }
            set(scaled, square) { _, square in c * square }
            try polynomial.setToProduct(of: scaled, and: square)
            set(polynomial, square) { fourth, square in rounded(b * square) + rounded(fourth) }
            if isTall {
                try product.setToProduct(of: x, and: polynomial, rightTransposed: true)
            } else {
                try product.setToProduct(of: polynomial, and: x)
            }
            set(x, product) { value, product in rounded(a * value) + rounded(product) }
        }
    }

    /// `result = formula(result, other)` in bfloat16, element by element.
    @inline(__always)
    private static func set(_ result: Tensor, _ other: Tensor, to formula: (Float, Float) -> Float) {
        ComputePool.shared.forEachBlock(result.count, atMost: ParameterUpdate.blockSize) { range in
            result.withUnsafeMutableBufferPointer { result in
                other.withUnsafeBufferPointer { other in
                    for i in range { result[i] = rounded(formula(result[i], other[i])) }
                }
            }
        }
    }

    /// The nearest bfloat16 number, of two the even one.
    @inline(__always)
    private static func rounded(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }
}
