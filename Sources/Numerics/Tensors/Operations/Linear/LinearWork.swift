/// The products of one linear layer on plain tensors, forward and backward.
struct LinearWork {
    let projection: LinearProjection
    private let stored: StoredMatrix
    /// How operands are split into bfloat16 parts; nil for float32 products.
    private let parts: MatmulPrecision?

    /// From here up parts are multiplied: fewer rows are limited by reading the weight.
    private static let rowsToSplit = 16

    /// Whether products of so many rows are made of bfloat16 parts.
    static func splits(rows: Int, _ precision: MatmulPrecision) -> Bool {
        precision != .highest && rows >= rowsToSplit
    }

    /// - Parameters:
    ///   - rows: of the layer's input
    ///   - update: what is added to the weight on the way into the products
    init(
        _ projection: LinearProjection, rows: Int, precision: MatmulPrecision, update: (any PanelUpdate)? = nil
    ) {
        self.projection = projection
        stored = StoredMatrix(projection.weight, update: update)
        parts = Self.splits(rows: rows, precision) ? precision : nil
    }

    /// `x(rows, inputs)` to a new `(rows, outputs)`.
    func forward(_ x: Tensor) throws -> Tensor {
        let y = Tensor(uninitialized: [x.rows, projection.outputs])
        let bias = projection.bias?.numbers
        try withExtendedLifetime(bias) {
            let line = bias.map { UnsafePointer($0.pointer) }
            guard let parts else {
                return try Products.forward(x.pointer, m: x.rows, stored, bias: line, into: y.pointer)
            }
            SplitProducts.forward(
                panels(x, parts), RightMatrix(stored.storage), parts, start: line.map { .line($0) } ?? .zeros,
                into: y.pointer)
        }
        return y
    }

    private func panels(_ matrix: Tensor, _ parts: MatmulPrecision) -> LeftPanels {
        LeftPanels(matrix.pointer, rows: matrix.rows, depth: matrix.columns, stride: matrix.columns, parts)
    }

    /// Adds the gradients of weight and bias where they are trained.
    ///
    /// - Parameter x: the layer's input; needed when the weight is trained
    func addParameterGradients(x: Tensor?, gradient: Tensor) throws {
        let (rows, outputs, inputs) = (gradient.rows, projection.outputs, projection.inputs)
        if let parameter = projection.bias?.parameterToTrain {
            Products.addColumnSums(gradient.pointer, m: rows, n: outputs, to: parameter.gradientForAdding().pointer)
        }
        guard let parameter = projection.weight.parameterToTrain, let x else { return }
        let target = parameter.gradientForAdding().pointer
        if let parts {
            SplitProducts.addTransposedProduct(
                gradient.pointer, m: rows, n: outputs, x.pointer, k: inputs, parts, into: target)
        } else {
            try Products.addTransposedProduct(gradient.pointer, m: rows, n: outputs, x.pointer, k: inputs, into: target)
        }
    }

    /// Writes or adds the gradient of the input.
    func inputGradient(_ gradient: Tensor, into buffer: Tensor, adding: Bool) throws {
        guard let parts else {
            return try Products.inputGradient(
                gradient.pointer, m: gradient.rows, stored, adding: adding, into: buffer.pointer)
        }
        SplitProducts.inputGradient(
            panels(gradient, parts), RightMatrix(stored.storage), parts, adding: adding, into: buffer.pointer)
    }
}
