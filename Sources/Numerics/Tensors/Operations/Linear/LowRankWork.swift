/// A layer and its low-rank branch in float32.
struct LowRankWork: LowRankProducts {
    private let branch: LowRankBranch
    private let base: LinearWork
    /// Whether the update goes into the weight's panels, which is cheaper than multiplying by it separately.
    private let merges: Bool
    /// Where the mask comes from; nil when nothing is dropped.
    private let mask: Philox?

    // From here up merging is cheaper.
    private static let rowsToMerge = 64

    /// - Parameter mayMerge: false where layer and branch do not see the same input
    init(branch: LowRankBranch, layer: LinearProjection, rows: Int, mask: Philox?, mayMerge: Bool) {
        self.branch = branch
        self.mask = mask
        merges = mayMerge && mask == nil && rows >= Self.rowsToMerge
        base = LinearWork(
            layer, rows: rows, precision: .highest,
            update: merges
                ? LowRankUpdate(a: branch.a.value, b: branch.b.value, scaling: branch.scaling) : nil)
    }

    func forward(_ x: Tensor, on tape: Tape) throws -> (y: Tensor, low: Tensor?) {
        let y = try base.forward(x, on: tape)
        guard !merges else { return (y, nil) }
        let low = try low(branch.dropped(x, mask))
        try Products.rowwise(
            low.pointer, m: x.rows, k: branch.rank, branch.b.value.pointer, n: branch.outputs, transposed: true,
            alpha: branch.scaling, beta: 1, into: y.pointer)
        return (y, low)
    }

    private func low(_ x: Tensor) throws -> Tensor {
        let result = Tensor(uninitialized: [x.rows, branch.rank])
        try Products.rowwise(
            x.pointer, m: x.rows, k: x.columns, branch.a.value.pointer, n: branch.rank, transposed: true,
            into: result.pointer)
        return result
    }

    func backward(
        x: Tensor?, low: Tensor?, gradient: Tensor, target: (buffer: Tensor, holdsSum: Bool)?
    ) throws {
        try base.addParameterGradients(x: x, gradient: gradient)
        if let target { try base.inputGradient(gradient, into: target.buffer, adding: target.holdsSum) }
        let (rows, outputs, inputs, rank) = (gradient.rows, branch.outputs, branch.inputs, branch.rank)
        // (rows, rank): the gradient as it arrives behind b.
        let inner = Tensor(uninitialized: [rows, rank])
        try Products.rowwise(
            gradient.pointer, m: rows, k: outputs, branch.b.value.pointer, n: rank, transposed: false,
            alpha: branch.scaling, into: inner.pointer)
        if branch.isTrainable, let x {
            let input = branch.dropped(x, mask)
            let low = try branch.b.isTrainable ? low ?? self.low(input) : nil
            try branch.addGradients(input: input, low, gradient, inner)
        }
        guard let target, !merges else { return }
        guard mask != nil else {
            try Products.rowwise(
                inner.pointer, m: rows, k: rank, branch.a.value.pointer, n: inputs, transposed: false, beta: 1,
                into: target.buffer.pointer)
            return
        }
        let part = Tensor(uninitialized: [rows, inputs])
        try Products.rowwise(
            inner.pointer, m: rows, k: rank, branch.a.value.pointer, n: inputs, transposed: false, into: part.pointer)
        branch.addDropped(part, mask, to: target.buffer)
    }
}
