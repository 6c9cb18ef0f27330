extension Tape {
    /// An operation of the caller's own on small values, such as a loss over a few numbers.
    ///
    /// - Parameters:
    ///   - value: the result, computed by the caller
    ///   - gradients: gets the gradient of `value`, returns that of each input in its shape; nil where it is zero
    package func custom(
        _ inputs: [Variable], value: Tensor, gradients: @escaping (_ incoming: Tensor) throws -> [Tensor?]
    ) -> Variable {
        let slots = inputs.map(\.slot)
        return record(value, needed: inputs.contains(where: \.needsGradient)) { tape, incoming in
            for (gradient, slot) in zip(try gradients(incoming), slots) {
                if let gradient { tape.accumulate(gradient, into: slot) }
            }
        }
    }

    /// `sum over i of weights[i] * x[i]`: one number.
    package func weightedSum(_ x: Variable, weights: [Float]) throws -> Variable {
        guard weights.count == x.value.count else {
            throw TensorError.shapeMismatch(operation: "weightedSum", expected: x.shape, actual: [weights.count])
        }
        let sum = x.value.withUnsafeBufferPointer { values in
            zip(values, weights).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        let shape = x.shape
        return custom([x], value: Tensor([Float(sum)])) { incoming in
            [try Tensor(weights.map { $0 * incoming[0] }, shape: shape)]
        }
    }
}
