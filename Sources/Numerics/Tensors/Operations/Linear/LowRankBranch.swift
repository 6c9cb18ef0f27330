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
        let work = LowRankWork(branch: self, layer: layer, rows: x.value.rows, tape)
        let y = try work.forward(x.value)
        let keepsInput = layer.weight.parameterToTrain != nil || isTrainable
        let input = keepsInput && tape.isRecording ? SavedValue(x) : nil
        let (slot, shape) = (x.slot, x.shape)
        let trained = layer.parametersToTrain + parameters.filter(\.isTrainable)
        return tape.record(y, needed: x.needsGradient || !trained.isEmpty, parameters: trained) { tape, gradient in
            let target = slot.map { tape.bufferForAdding($0, shape: shape) }
            try work.backward(x: input?.take(), gradient: gradient, target: target)
            if let slot, let target { tape.store(target.buffer, in: slot) }
        }
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
private struct LowRankWork {
    let branch: LowRankBranch
    let base: LinearWork
    /// Whether the update goes into the weight's panels, which is cheaper than multiplying by it separately.
    private let merges: Bool
    /// Where the mask comes from; nil when nothing is dropped.
    private let mask: Philox?

    // From here up merging is cheaper.
    private static let rowsToMerge = 64

    init(branch: LowRankBranch, layer: LinearProjection, rows: Int, _ tape: Tape) {
        self.branch = branch
        mask = branch.dropout > 0 ? tape.randomness?.generator(site: branch.site) : nil
        // A weight with an update inside it would be more than one bfloat16 part.
        merges = mask == nil && rows >= Self.rowsToMerge && !LinearWork.splits(rows: rows, tape.precision)
        base = LinearWork(
            layer, rows: rows, precision: tape.precision,
            update: merges
                ? LowRankUpdate(a: branch.a.value, b: branch.b.value, scaling: branch.scaling) : nil)
    }

    func forward(_ x: Tensor) throws -> Tensor {
        let y = try base.forward(x)
        guard !merges else { return y }
        let inner = try low(dropped(x))
        try Products.rowwise(
            inner.pointer, m: x.rows, k: branch.rank, branch.b.value.pointer, n: branch.outputs, transposed: true,
            alpha: branch.scaling, beta: 1, into: y.pointer)
        return y
    }

    private func dropped(_ x: Tensor) -> Tensor {
        guard let mask else { return x }
        let result = Tensor(uninitialized: x.shape)
        Dropout.apply(x, mask, branch.dropout, into: result)
        return result
    }

    /// `(rows, rank)`: the inner side of the pair.
    private func low(_ x: Tensor) throws -> Tensor {
        let result = Tensor(uninitialized: [x.rows, branch.rank])
        try Products.rowwise(
            x.pointer, m: x.rows, k: x.columns, branch.a.value.pointer, n: branch.rank, transposed: true,
            into: result.pointer)
        return result
    }

    /// Adds the gradients of the trained parts, and writes or adds the gradient of x.
    ///
    /// - Parameters:
    ///   - x: the layer's input; needed when a weight or the pair is trained.
    ///   - target: where the input's gradient goes and whether it already holds a sum; nil when none is wanted.
    func backward(x: Tensor?, gradient: Tensor, target: (buffer: Tensor, holdsSum: Bool)?) throws {
        try base.addParameterGradients(x: x, gradient: gradient)
        if let target { try base.inputGradient(gradient, into: target.buffer, adding: target.holdsSum) }
        let (rows, outputs, inputs, rank) = (gradient.rows, branch.outputs, branch.inputs, branch.rank)
        // (rows, rank): the gradient as it arrives behind b.
        let inner = Tensor(uninitialized: [rows, rank])
        try Products.rowwise(
            gradient.pointer, m: rows, k: outputs, branch.b.value.pointer, n: rank, transposed: false,
            alpha: branch.scaling, into: inner.pointer)
        if branch.isTrainable, let x {
            let input = dropped(x)
            if branch.b.isTrainable {
                let low = try low(input)
                try Products.addTransposedProduct(
                    gradient.pointer, m: rows, n: outputs, low.pointer, k: rank, alpha: branch.scaling,
                    into: branch.b.gradientForAdding().pointer)
            }
            if branch.a.isTrainable {
                try Products.addTransposedProduct(
                    inner.pointer, m: rows, n: rank, input.pointer, k: inputs,
                    into: branch.a.gradientForAdding().pointer)
            }
        }
        if let target, !merges { try addInputGradient(inner, to: target.buffer) }
    }

    /// `inner * a`, through the mask.
    private func addInputGradient(_ inner: Tensor, to target: Tensor) throws {
        let (rows, inputs, rank) = (inner.rows, branch.inputs, branch.rank)
        guard let mask else {
            try Products.rowwise(
                inner.pointer, m: rows, k: rank, branch.a.value.pointer, n: inputs, transposed: false, beta: 1,
                into: target.pointer)
            return
        }
        let part = Tensor(uninitialized: [rows, inputs])
        try Products.rowwise(
            inner.pointer, m: rows, k: rank, branch.a.value.pointer, n: inputs, transposed: false, into: part.pointer)
        Dropout.apply(part, mask, branch.dropout, into: part)
        Elementwise.add(target, part, into: target)
    }
}
