/// A trainable low-rank pair beside a linear layer: `scaling * b * (a * dropout(x))` (Hu et al., LoRA).
package final class LowRankAdapter: Sendable {
    /// `(rank, inputs)`
    package let a: Parameter
    /// `(outputs, rank)`
    package let b: Parameter
    package let scaling: Float
    /// Probability that an input of the branch is zeroed in training.
    package let dropout: Float
    /// Names the place, so that each adapted layer draws its own mask; see `Philox.hash`.
    package let site: UInt64

    package init(a: Parameter, b: Parameter, scaling: Float, dropout: Float, site: UInt64) throws {
        guard a.shape.count == 2, b.shape.count == 2, a.shape[0] == b.shape[1] else {
            throw TensorError.shapeMismatch(operation: "low-rank adapter", expected: a.shape, actual: b.shape)
        }
        guard dropout >= 0, dropout < 1 else {
            throw TensorError.invalidArgument(
                operation: "low-rank adapter", name: "dropout", value: "\(dropout)",
                expected: "0 up to, not including, 1")
        }
        self.a = a
        self.b = b
        self.scaling = scaling
        self.dropout = dropout
        self.site = site
    }

    package var rank: Int { a.shape[0] }
}

/// A linear layer `x * weight^T + bias`, with an adapter when one is attached.
package struct LinearProjection: Sendable {
    /// `(outputs, inputs)`
    package var weight: Matrix
    /// `(outputs)`
    package var bias: Vector?
    package var lora: LowRankAdapter?

    package init(weight: Matrix, bias: Vector? = nil, lora: LowRankAdapter? = nil) {
        self.weight = weight
        self.bias = bias
        self.lora = lora
    }

    package var outputs: Int { weight.rows }
    package var inputs: Int { weight.columns }

    /// Whether any part of it is trained.
    package var isTrainable: Bool {
        weight.parameterToTrain != nil || bias?.parameterToTrain != nil || isAdapterTrainable
    }

    var isAdapterTrainable: Bool { lora.map { $0.a.isTrainable || $0.b.isTrainable } ?? false }

    func check(operation: String, inputs: Int) throws {
        guard weight.shape.count == 2, weight.columns == inputs else {
            throw TensorError.shapeMismatch(
                operation: "\(operation) \(weight.name)", expected: [outputs, inputs], actual: weight.shape)
        }
        if let bias, bias.shape.reduce(1, *) != outputs {
            throw TensorError.shapeMismatch(
                operation: "\(operation) \(bias.name)", expected: [outputs], actual: bias.shape)
        }
        if let lora, lora.a.shape[1] != inputs || lora.b.shape[0] != outputs {
            throw TensorError.shapeMismatch(
                operation: "\(operation) \(lora.a.name), \(lora.b.name)", expected: [outputs, inputs],
                actual: [lora.b.shape[0], lora.a.shape[1]])
        }
    }
}
