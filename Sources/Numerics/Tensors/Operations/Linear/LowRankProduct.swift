extension Tape {
    /// What a pair adds to a layer's output, without dropout: `scaling * x a^T b^T`, `(rows, outputs)`.
    func lowRank(_ x: Variable, _ pair: LowRankBranch) throws -> Variable {
        let (rows, rank, inputs, outputs) = (x.value.rows, pair.rank, pair.inputs, pair.outputs)
        let (a, b, scaling) = (pair.a, pair.b, pair.scaling)
        let low = Tensor(uninitialized: [rows, rank])
        try Products.rowwise(
            x.value.pointer, m: rows, k: inputs, a.value.pointer, n: rank, transposed: true, into: low.pointer)
        let result = Tensor(uninitialized: [rows, outputs])
        try Products.rowwise(
            low.pointer, m: rows, k: rank, b.value.pointer, n: outputs, transposed: true, alpha: scaling,
            into: result.pointer)
        let input = a.isTrainable && isRecording ? SavedValue(x) : nil
        let (slot, shape, trained) = (x.slot, x.shape, pair.parameters.filter(\.isTrainable))
        return record(
            result, needed: x.needsGradient || !trained.isEmpty, parameters: trained
        ) { tape, gradient in
            let inner = Tensor(uninitialized: [rows, rank])
            try Products.rowwise(
                gradient.pointer, m: rows, k: outputs, b.value.pointer, n: rank, transposed: false, alpha: scaling,
                into: inner.pointer)
            if b.isTrainable {
                try Products.addTransposedProduct(
                    gradient.pointer, m: rows, n: outputs, low.pointer, k: rank, alpha: scaling,
                    into: b.gradientForAdding().pointer)
            }
            if a.isTrainable, let input = input?.take() {
                try Products.addTransposedProduct(
                    inner.pointer, m: rows, n: rank, input.pointer, k: inputs, into: a.gradientForAdding().pointer)
            }
            try tape.addProduct(into: slot, shape: shape) { buffer, holdsSum in
                try Products.rowwise(
                    inner.pointer, m: rows, k: rank, a.value.pointer, n: inputs, transposed: false,
                    beta: holdsSum ? 1 : 0, into: buffer.pointer)
            }
        }
    }
}
