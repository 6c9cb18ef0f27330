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

    package init(
        name: String, value: Tensor, gradient: Tensor, gradientFactor: Float = 1, learningRate: Double,
        weightDecay: Double = 0, state: ParameterState
    ) {
        self.name = name
        self.value = value
        self.gradient = gradient
        self.gradientFactor = gradientFactor
        self.learningRate = learningRate
        self.weightDecay = weightDecay
        self.state = state
    }

    /// Which update of this parameter it is; the first is 1.
    package var step: Int { state.step }

    /// A stretch of the parameter's elements.
    struct Block {
        let value: UnsafeMutablePointer<Float>
        let gradient: UnsafePointer<Float>
        /// The state's tensors, in the order asked for.
        let state: [UnsafeMutablePointer<Float>]
        let count: Int
    }

    /// Elements of one task of the pool.
    static let blockSize = 1 << 16

    /// Goes through the elements in blocks on all threads, for formulas that treat each element alone.
    ///
    /// - Parameter names: tensors of the state in the parameter's shape
    func forEachBlock(_ names: String..., body: (Block) -> Void) {
        let tensors = names.compactMap { state.tensors[$0] }
        precondition(
            tensors.count == names.count && tensors.allSatisfy { $0.count == value.count }, "an optimizer's own layout")
        ComputePool.shared.forEachBlock(value.count, atMost: Self.blockSize) { range in
            let start = range.lowerBound
            value.withUnsafeMutableBufferPointer { value in
                gradient.withUnsafeBufferPointer { gradient in
                    guard let value = value.baseAddress, let gradient = gradient.baseAddress else { return }
                    let state = tensors.map { $0.withUnsafeMutableBufferPointer { $0.baseAddress } }
                    body(
                        Block(
                            value: value + start, gradient: gradient + start,
                            state: state.compactMap { $0.map { $0 + start } }, count: range.count))
                }
            }
        }
    }
}
