/// A layer and its low-rank branch in bfloat16 parts: the branch is a second term of the layer's own products.
struct SplitLowRankWork: LowRankProducts {
    let branch: LowRankBranch
    let base: LinearWork
    let precision: MatmulPrecision
    /// Where the mask comes from; nil when nothing is dropped.
    let mask: Philox?

    func forward(_ x: Tensor, on tape: Tape) throws -> (y: Tensor, low: Tensor?) {
        let packed = tape.leftPanels(x)
        let input = mask == nil ? packed : LeftPanels(branch.dropped(x, mask), precision)
        let low = Tensor(uninitialized: [x.rows, branch.rank])
        SplitProducts.forward(input, matrix(branch.a), precision, into: low.pointer)
        let scaled = Tensor(uninitialized: low.shape)
        Elementwise.scale(low, by: branch.scaling, into: scaled)
        let beside = SplitTerm(LeftPanels(scaled, precision), matrix(branch.b), transposed: true, precision)
        return (base.forward(packed, beside: beside), low)
    }

    func backward(
        x: Tensor?, low: Tensor?, gradient: Tensor, target: (buffer: Tensor, holdsSum: Bool)?
    ) throws {
        try base.addParameterGradients(x: x, gradient: gradient)
        let packed = LeftPanels(gradient, precision)
        // (rows, rank): the gradient as it arrives behind b.
        let inner = Tensor(uninitialized: [gradient.rows, branch.rank])
        SplitProducts.inputGradient(packed, matrix(branch.b), precision, adding: false, into: inner.pointer)
        Elementwise.scale(inner, by: branch.scaling, into: inner)
        if let x, let low { try branch.addGradients(input: branch.dropped(x, mask), low, gradient, inner) }
        guard let target else { return }
        let beside = SplitTerm(LeftPanels(inner, precision), matrix(branch.a), transposed: false, precision)
        guard mask != nil else {
            return base.inputGradient(packed, beside: beside, into: target.buffer, adding: target.holdsSum)
        }
        base.inputGradient(packed, into: target.buffer, adding: target.holdsSum)
        let part = Tensor(uninitialized: [gradient.rows, branch.inputs])
        SplitProducts.run([SplitProduct([beside], into: part.pointer)])
        branch.addDropped(part, mask, to: target.buffer)
    }

    private func matrix(_ parameter: Parameter) -> RightMatrix {
        RightMatrix(
            .float32(UnsafePointer(parameter.value.pointer)), rows: parameter.value.rows,
            columns: parameter.value.columns)
    }
}
