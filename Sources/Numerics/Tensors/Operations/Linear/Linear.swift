extension Tape {
    /// `x * weight^T + bias`, changed by the branch if there is one: `(rows, inputs)` to `(rows, outputs)`.
    ///
    /// Frozen parts get no gradient; the input gets one only when something below it wants it.
    package func linear(_ x: Variable, _ projection: LinearProjection) throws -> Variable {
        try projection.check(operation: "linear", inputs: x.value.columns)
        if let branch = projection.branch {
            let layer = LinearProjection(weight: projection.weight, bias: projection.bias)
            return try branch.forward(x, beside: layer, on: self)
        }
        let work = LinearWork(projection, rows: x.value.rows, precision: precision)
        let y = try work.forward(x.value, on: self)
        let input = projection.weight.parameterToTrain != nil && isRecording ? SavedValue(x) : nil
        let (slot, shape) = (x.slot, x.shape)
        return record(
            y, needed: x.needsGradient || projection.isTrainable, parameters: projection.parametersToTrain
        ) { tape, gradient in
            try work.addParameterGradients(x: input?.take(), gradient: gradient)
            try tape.addProduct(into: slot, shape: shape) { buffer, holdsSum in
                try work.inputGradient(gradient, into: buffer, adding: holdsSum)
            }
        }
    }

    /// Lets a product be added to the gradient of a slot, if one is wanted.
    func addProduct(into slot: Int?, shape: [Int], _ add: (_ buffer: Tensor, _ holdsSum: Bool) throws -> Void) throws {
        guard let slot else { return }
        let target = bufferForAdding(slot, shape: shape)
        try add(target.buffer, target.holdsSum)
        store(target.buffer, in: slot)
    }

    /// `x * right^T`, both trained or not: `(rows, inputs)` by `(outputs, inputs)` to `(rows, outputs)`.
    package func product(_ x: Variable, transposed right: Variable) throws -> Variable {
        let (rows, inputs, outputs) = (x.value.rows, x.value.columns, right.value.rows)
        guard right.shape.count == 2, right.value.columns == inputs else {
            throw TensorError.shapeMismatch(operation: "product", expected: [outputs, inputs], actual: right.shape)
        }
        let result = Tensor(uninitialized: [rows, outputs])
        let (left, other) = (x.value, right.value)
        try Products.rowwise(
            left.pointer, m: rows, k: inputs, other.pointer, n: outputs, transposed: true, into: result.pointer)
        let (slot, otherSlot) = (x.slot, right.slot)
        return record(result, needed: x.needsGradient || right.needsGradient) { tape, gradient in
            try tape.addProduct(into: slot, shape: left.shape) { buffer, holdsSum in
                try Products.rowwise(
                    gradient.pointer, m: rows, k: outputs, other.pointer, n: inputs, transposed: false,
                    beta: holdsSum ? 1 : 0, into: buffer.pointer)
            }
            try tape.addProduct(into: otherSlot, shape: other.shape) { buffer, holdsSum in
                if !holdsSum { buffer.fill(0) }
                try Products.addTransposedProduct(
                    gradient.pointer, m: rows, n: outputs, left.pointer, k: inputs, into: buffer.pointer)
            }
        }
    }

    /// Scores of the vocabulary for rows of hidden states; no gradient. For Gemma-2 `cap * tanh(x / cap)`.
    package func logits(_ hidden: Tensor, head: LinearProjection, softCap: Float? = nil) throws -> Tensor {
        let result = try Tape(mode: .computing, like: self).linear(constant(hidden), head).value
        if let softCap {
            let values = result.pointer
            ComputePool.shared.forEachBlock(result.count, atMost: Elementwise.block) { range in
                Loops.softCap(values + range.lowerBound, softCap, range.count)
            }
        }
        return result
    }
}
