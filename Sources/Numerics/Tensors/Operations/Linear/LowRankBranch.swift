/// A trainable low-rank pair beside a linear layer: `scaling * b * (a * dropout(x))` (Hu et al., arXiv 2106.09685).
package final class LowRankBranch: LinearBranch {
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

    package var name: String { "\(a.name), \(b.name)" }
    package var rank: Int { a.shape[0] }
    package var inputs: Int { a.shape[1] }
    package var outputs: Int { b.shape[0] }
    package var parameters: [Parameter] { [a, b] }

    package func forward(_ x: Variable, beside layer: LinearProjection, on tape: Tape) throws -> Variable {
        let work = products(beside: layer, rows: x.value.rows, on: tape)
        let (y, low) = try work.forward(x.value, on: tape)
        let keepsInput = layer.weight.parameterToTrain != nil || isTrainable
        let input = keepsInput && tape.isRecording ? SavedValue(x) : nil
        let keptLow = b.isTrainable && tape.isRecording ? low : nil
        let (slot, shape) = (x.slot, x.shape)
        let trained = layer.parametersToTrain + parameters.filter(\.isTrainable)
        return tape.record(y, needed: x.needsGradient || !trained.isEmpty, parameters: trained) { tape, gradient in
            let target = slot.map { tape.bufferForAdding($0, shape: shape) }
            try work.backward(x: input?.take(), low: keptLow, gradient: gradient, target: target)
            if let slot, let target { tape.store(target.buffer, in: slot) }
        }
    }

    private func products(beside layer: LinearProjection, rows: Int, on tape: Tape) -> any LowRankProducts {
        let mask = dropout > 0 ? tape.randomness?.generator(site: site) : nil
        // The branch sees an input that is rounded for the layer alone as it is.
        let isRounded = layer.inputRounding(on: tape) != nil
        guard LinearWork.splits(rows: rows, tape.precision), !isRounded else {
            return LowRankWork(branch: self, layer: layer, rows: rows, mask: mask, mayMerge: !isRounded)
        }
        return SplitLowRankWork(
            branch: self, base: LinearWork(layer, rows: rows, precision: tape.precision), precision: tape.precision,
            mask: mask)
    }

    package func folded(into weight: Tensor) throws -> Tensor {
        let result = weight.copy()
        try Products.rowwise(
            b.value.pointer, m: outputs, k: rank, a.value.pointer, n: inputs, transposed: false, alpha: scaling,
            beta: 1, into: result.pointer)
        return result
    }
}

/// `scaling * b * a`, added to panels of the weight.
struct LowRankUpdate: PanelUpdate {
    let a: Tensor
    let b: Tensor
    let scaling: Float

    func add(to panel: UnsafeMutablePointer<Float>, rows: Range<Int>, columns: Range<Int>, _ blas: BLAS) {
        let (rank, inputs) = (a.rows, a.columns)
        blas.multiply(
            .no, .no, m: rows.count, n: columns.count, k: rank, alpha: scaling, b.pointer + rows.lowerBound * rank,
            stride: rank, a.pointer + columns.lowerBound, stride: inputs, beta: 1, panel, stride: columns.count)
    }
}

/// Forward and backward of a layer and its low-rank branch together.
protocol LowRankProducts {
    /// - Returns: the layer's output, and `(rows, rank)`, the inner side of the pair, where it was made
    func forward(_ x: Tensor, on tape: Tape) throws -> (y: Tensor, low: Tensor?)

    /// Adds the gradients of the trained parts, and writes or adds the gradient of x.
    ///
    /// - Parameters:
    ///   - x: the layer's input; needed when a weight or the pair is trained
    ///   - low: as `forward` gave it; needed when b is trained
    ///   - target: where the input's gradient goes and whether it already holds a sum; nil when none is wanted
    func backward(x: Tensor?, low: Tensor?, gradient: Tensor, target: (buffer: Tensor, holdsSum: Bool)?) throws
}

extension LowRankBranch {
    /// What of `x` the branch sees.
    func dropped(_ x: Tensor, _ mask: Philox?) -> Tensor {
        guard let mask else { return x }
        let result = Tensor(uninitialized: x.shape)
        Dropout.apply(x, mask, dropout, into: result)
        return result
    }

    /// Adds the gradient of what the branch saw, `part`, through the mask; `part` is written over.
    func addDropped(_ part: Tensor, _ mask: Philox?, to target: Tensor) {
        if let mask { Dropout.apply(part, mask, dropout, into: part) }
        Elementwise.add(target, part, into: target)
    }

    /// Adds the gradients of the pair where it is trained.
    ///
    /// - Parameters:
    ///   - input: what the branch saw, `(rows, inputs)`
    ///   - low: `input * a^T`; needed when b is trained
    ///   - inner: `scaling * gradient * b`, `(rows, rank)`
    func addGradients(input: Tensor, _ low: Tensor?, _ gradient: Tensor, _ inner: Tensor) throws {
        let rows = input.rows
        if b.isTrainable, let low {
            try Products.addTransposedProduct(
                gradient.pointer, m: rows, n: outputs, low.pointer, k: rank, alpha: scaling,
                into: b.gradientForAdding().pointer)
        }
        if a.isTrainable {
            try Products.addTransposedProduct(
                inner.pointer, m: rows, n: rank, input.pointer, k: inputs, into: a.gradientForAdding().pointer)
        }
    }
}
