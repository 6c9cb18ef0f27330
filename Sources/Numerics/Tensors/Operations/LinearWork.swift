/// Forward and backward of one linear layer on plain tensors, shared by `linear` and the loss on logits.
struct LinearWork {
    let projection: LinearProjection
    /// Where the adapter's mask comes from; nil when nothing is dropped.
    let dropout: Philox?

    init(_ projection: LinearProjection, randomness: RandomContext?) {
        self.projection = projection
        if let lora = projection.lora, lora.dropout > 0, let randomness {
            dropout = randomness.generator(site: lora.site)
        } else {
            dropout = nil
        }
    }

    // From here up it is cheaper to add the update to the weight's panels than to multiply by it separately.
    private static let rowsToMerge = 64

    private func mergesUpdate(_ rows: Int) -> Bool {
        projection.lora != nil && dropout == nil && rows >= Self.rowsToMerge
    }

    private func stored(merged: Bool) -> StoredMatrix {
        var matrix = StoredMatrix(projection.weight)
        if merged, let lora = projection.lora {
            matrix.update = LowRankUpdate(a: lora.a.value, b: lora.b.value, scaling: lora.scaling)
        }
        return matrix
    }

    /// `x(rows, inputs)` to a new `(rows, outputs)`.
    func forward(_ x: Tensor) throws -> Tensor {
        let rows = x.rows
        let y = Tensor(uninitialized: [rows, projection.outputs])
        let bias = projection.bias?.widened()
        try Products.forward(
            x.pointer, m: rows, stored(merged: mergesUpdate(rows)), bias: bias.map { UnsafePointer($0.pointer) },
            into: y.pointer)
        if let lora = projection.lora, !mergesUpdate(rows) {
            let inner = try low(x, lora)
            try Products.rowwise(
                inner.pointer, m: rows, k: lora.rank, lora.b.value.pointer, n: projection.outputs, transposed: true,
                alpha: lora.scaling, beta: 1, into: y.pointer)
        }
        return y
    }

    private func low(_ x: Tensor, _ lora: LowRankAdapter) throws -> Tensor {
        try low(dropped: dropped(x, lora), lora)
    }

    private func dropped(_ x: Tensor, _ lora: LowRankAdapter) -> Tensor {
        guard let dropout else { return x }
        let result = Tensor(uninitialized: x.shape)
        Dropout.apply(x, dropout, lora.dropout, into: result)
        return result
    }

    private func low(dropped x: Tensor, _ lora: LowRankAdapter) throws -> Tensor {
        let result = Tensor(uninitialized: [x.rows, lora.rank])
        try Products.rowwise(
            x.pointer, m: x.rows, k: x.columns, lora.a.value.pointer, n: lora.rank, transposed: true,
            into: result.pointer)
        return result
    }

    /// Adds the gradients of the trained parts, and writes or adds the gradient of x.
    ///
    /// - Parameters:
    ///   - x: the layer's input; needed when a weight or the adapter is trained.
    ///   - target: where the input's gradient goes and whether it already holds a sum; nil when none is wanted.
    func backward(x: Tensor?, gradient: Tensor, target: (buffer: Tensor, holdsSum: Bool)?) throws {
        let (rows, outputs, inputs) = (gradient.rows, projection.outputs, projection.inputs)
        if let parameter = projection.bias?.parameterToTrain {
            Products.addColumnSums(
                gradient.pointer, m: rows, n: outputs, to: parameter.gradientForAdding().pointer)
        }
        if let parameter = projection.weight.parameterToTrain, let x {
            try Products.addTransposedProduct(
                gradient.pointer, m: rows, n: outputs, x.pointer, k: inputs,
                into: parameter.gradientForAdding().pointer)
        }
        let merged = mergesUpdate(rows)
        if let target {
            try Products.inputGradient(
                gradient.pointer, m: rows, stored(merged: merged), adding: target.holdsSum,
                into: target.buffer.pointer)
        }
        guard let lora = projection.lora else { return }
        try adapterBackward(lora, x: x, gradient: gradient, target: merged ? nil : target?.buffer)
    }

    private func adapterBackward(_ lora: LowRankAdapter, x: Tensor?, gradient: Tensor, target: Tensor?) throws {
        let (rows, outputs, inputs, rank) = (gradient.rows, projection.outputs, projection.inputs, lora.rank)
        // (rows, rank): the gradient as it arrives behind b.
        let inner = Tensor(uninitialized: [rows, rank])
        try Products.rowwise(
            gradient.pointer, m: rows, k: outputs, lora.b.value.pointer, n: rank, transposed: false,
            alpha: lora.scaling, into: inner.pointer)
        if projection.isAdapterTrainable, let x {
            let input = dropped(x, lora)
            if lora.b.isTrainable {
                let low = try low(dropped: input, lora)
                try Products.addTransposedProduct(
                    gradient.pointer, m: rows, n: outputs, low.pointer, k: rank, alpha: lora.scaling,
                    into: lora.b.gradientForAdding().pointer)
            }
            if lora.a.isTrainable {
                try Products.addTransposedProduct(
                    inner.pointer, m: rows, n: rank, input.pointer, k: inputs,
                    into: lora.a.gradientForAdding().pointer)
            }
        }
        guard let target else { return }
        guard let dropout else {
            try Products.rowwise(
                inner.pointer, m: rows, k: rank, lora.a.value.pointer, n: inputs, transposed: false, beta: 1,
                into: target.pointer)
            return
        }
        let branch = Tensor(uninitialized: [rows, inputs])
        try Products.rowwise(
            inner.pointer, m: rows, k: rank, lora.a.value.pointer, n: inputs, transposed: false, into: branch.pointer)
        Dropout.apply(branch, dropout, lora.dropout, into: branch)
        Elementwise.add(target, branch, into: target)
    }
}
