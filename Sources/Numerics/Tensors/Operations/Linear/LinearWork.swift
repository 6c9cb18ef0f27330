/// The products of one linear layer on plain tensors, forward and backward.
struct LinearWork {
    let projection: LinearProjection
    private let stored: StoredMatrix

    /// - Parameter update: what is added to the weight on the way into the products
    init(_ projection: LinearProjection, update: (any PanelUpdate)? = nil) {
        self.projection = projection
        stored = StoredMatrix(projection.weight, update: update)
    }

    /// `x(rows, inputs)` to a new `(rows, outputs)`.
    func forward(_ x: Tensor) throws -> Tensor {
        let y = Tensor(uninitialized: [x.rows, projection.outputs])
        let bias = projection.bias?.numbers
        try withExtendedLifetime(bias) {
            try Products.forward(
                x.pointer, m: x.rows, stored, bias: bias.map { UnsafePointer($0.pointer) }, into: y.pointer)
        }
        return y
    }

    /// Adds the gradients of weight and bias where they are trained.
    ///
    /// - Parameter x: the layer's input; needed when the weight is trained
    func addParameterGradients(x: Tensor?, gradient: Tensor) throws {
        let (rows, outputs, inputs) = (gradient.rows, projection.outputs, projection.inputs)
        if let parameter = projection.bias?.parameterToTrain {
            Products.addColumnSums(gradient.pointer, m: rows, n: outputs, to: parameter.gradientForAdding().pointer)
        }
        if let parameter = projection.weight.parameterToTrain, let x {
            try Products.addTransposedProduct(
                gradient.pointer, m: rows, n: outputs, x.pointer, k: inputs,
                into: parameter.gradientForAdding().pointer)
        }
    }

    /// Writes or adds the gradient of the input.
    func inputGradient(_ gradient: Tensor, into buffer: Tensor, adding: Bool) throws {
        try Products.inputGradient(gradient.pointer, m: gradient.rows, stored, adding: adding, into: buffer.pointer)
    }
}
