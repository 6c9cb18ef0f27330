package import Tensors

/// One update of one parameter, as an optimizer gets it.
package struct ParameterUpdate {
    /// The parameter's name.
    package let name: String
    /// Changed in place.
    package let value: Tensor
    /// In the parameter's shape; left as it is.
    package let gradient: Tensor
    /// What the gradient is multiplied by first: below 1 when it is clipped.
    package let gradientFactor: Float
    package let learningRate: Double
    package let weightDecay: Double
    package let state: ParameterState
    /// Which update of this parameter it is; the first is 1.
    package let step: Int

    /// - Parameter step: nil for that of the state
    package init(
        name: String, value: Tensor, gradient: Tensor, gradientFactor: Float = 1, learningRate: Double,
        weightDecay: Double = 0, state: ParameterState, step: Int? = nil
    ) {
        self.name = name
        self.value = value
        self.gradient = gradient
        self.gradientFactor = gradientFactor
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.state = state
        self.step = step ?? state.step
    }

    /// Elements of one task of the pool.
    static let blockSize = 1 << 16

    /// Goes through the elements in blocks on all threads.
    ///
    /// - Parameter names: tensors of the state in the parameter's shape
    func forEachBlock(_ names: [String], body: (ElementBlock) -> Void) {
        let tensors = names.map(state.floats)
        precondition(tensors.allSatisfy { $0.count == value.count }, "states of another shape go element by element")
        ComputePool.shared.forEachBlock(value.count, atMost: Self.blockSize) { range in
            let start = range.lowerBound
            value.withUnsafeMutableBufferPointer { value in
                gradient.withUnsafeBufferPointer { gradient in
                    guard let value = value.baseAddress, let gradient = gradient.baseAddress else { return }
                    let state = tensors.compactMap { $0.withUnsafeMutableBufferPointer { $0.baseAddress } }
                    body(
                        ElementBlock(
                            start: start, value: value + start, gradient: gradient + start,
                            state: state.map { $0 + start }, count: range.count))
                }
            }
        }
    }

    /// Goes through the rows of the parameter, seen as a matrix of its last dimension, on all threads.
    func forEachRow(
        _ body: (_ row: Int, _ value: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>) -> Void
    ) {
        let width = value.columns
        ComputePool.shared.forEachBlock(value.rows, atMost: max(1, Self.blockSize / max(1, width))) { rows in
            value.withUnsafeMutableBufferPointer { value in
                gradient.withUnsafeBufferPointer { gradient in
                    guard let value = value.baseAddress, let gradient = gradient.baseAddress else { return }
                    for row in rows { body(row, value + row * width, gradient + row * width) }
                }
            }
        }
    }
}
