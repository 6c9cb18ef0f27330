/// A linear layer `x * weight^T + bias`, with a branch beside it when one is attached.
package struct LinearProjection: Sendable {
    /// `(outputs, inputs)`
    package var weight: Matrix
    /// `(outputs)`
    package var bias: Vector?
    package var branch: (any LinearBranch)?

    package init(weight: Matrix, bias: Vector? = nil, branch: (any LinearBranch)? = nil) {
        self.weight = weight
        self.bias = bias
        self.branch = branch
    }

    package var outputs: Int { weight.rows }
    package var inputs: Int { weight.columns }

    /// Whether any part of it is trained.
    package var isTrainable: Bool { !parametersToTrain.isEmpty }

    /// How its input is rounded in a pass that is not walked back; nil where it is taken as it is.
    func inputRounding(on tape: Tape) -> InputRounding? {
        guard tape.mode == .computing, case .frozen(let weight) = weight else { return nil }
        return weight.storage.inputRounding
    }

    /// Everything of it that wants a gradient.
    var parametersToTrain: [Parameter] {
        [weight.parameterToTrain, bias?.parameterToTrain].compactMap(\.self)
            + (branch?.parameters.filter(\.isTrainable) ?? [])
    }

    func check(operation: String, inputs: Int) throws {
        guard weight.shape.count == 2, weight.columns == inputs else {
            throw TensorError.shapeMismatch(
                operation: "\(operation) \(weight.name)", expected: [outputs, inputs], actual: weight.shape)
        }
        if let bias, bias.shape.reduce(1, *) != outputs {
            throw TensorError.shapeMismatch(
                operation: "\(operation) \(bias.name)", expected: [outputs], actual: bias.shape)
        }
        if let branch, branch.inputs != inputs || branch.outputs != outputs {
            throw TensorError.shapeMismatch(
                operation: "\(operation) \(branch.name)", expected: [outputs, inputs],
                actual: [branch.outputs, branch.inputs])
        }
    }
}
