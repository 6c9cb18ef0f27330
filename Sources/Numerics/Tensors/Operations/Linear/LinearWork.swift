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

    /// `input(rows, inputs)` to a new `(rows, outputs)`.
    func forward(_ input: Tensor, on tape: Tape) throws -> Tensor {
        let x = projection.inputRounding(on: tape)?.rounded(input) ?? input
        guard parts == nil else { return forward(tape.leftPanels(x)) }
        let y = Tensor(uninitialized: [x.rows, projection.outputs])
        let bias = projection.bias?.numbers
        try withExtendedLifetime(bias) {
            try Products.forward(
                x.pointer, m: x.rows, stored, bias: bias.map { UnsafePointer($0.pointer) }, into: y.pointer)
        }
        return y
    }

    /// The same where parts are multiplied, of an input that is packed, with a branch as a term of the product.
    func forward(_ x: LeftPanels, beside branch: SplitTerm? = nil) -> Tensor {
        let y = Tensor(uninitialized: [x.rows, projection.outputs])
        let bias = projection.bias?.numbers
        withExtendedLifetime(bias) {
            let start = bias.map { SplitProduct.Start.line(UnsafePointer($0.pointer)) } ?? .zeros
            SplitProducts.run([SplitProduct(terms(x, transposed: true, branch), start: start, into: y.pointer)])
        }
        return y
    }

    private func terms(_ left: LeftPanels, transposed: Bool, _ branch: SplitTerm?) -> [SplitTerm] {
        let precision = parts ?? .highest
        let term = SplitTerm(left, RightMatrix(stored.storage), transposed: transposed, precision)
        return [term] + (branch.map { [$0] } ?? [])
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
        if let parts {
            inputGradient(LeftPanels(gradient, parts), into: buffer, adding: adding)
        } else {
            try Products.inputGradient(
                gradient.pointer, m: gradient.rows, stored, adding: adding, into: buffer.pointer)
        }
    }

    /// The same where parts are multiplied, of a gradient that is packed, with a branch as a term of the product.
    func inputGradient(_ gradient: LeftPanels, beside branch: SplitTerm? = nil, into buffer: Tensor, adding: Bool) {
        let terms = terms(gradient, transposed: false, branch)
        SplitProducts.run([SplitProduct(terms, start: adding ? .result : .zeros, into: buffer.pointer)])
    }
}
