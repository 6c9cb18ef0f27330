extension Tape {
    /// `x * weight^T + bias`, plus the adapter's branch: `(rows, inputs)` to `(rows, outputs)`.
    ///
    /// Frozen parts get no gradient; the input gets one only when something below it wants it.
    package func linear(_ x: Variable, _ projection: LinearProjection) throws -> Variable {
        try projection.check(operation: "linear", inputs: x.value.columns)
        let work = LinearWork(projection, randomness: randomness)
        let y = try work.forward(x.value)
        let keepsInput = projection.weight.parameterToTrain != nil || projection.isAdapterTrainable
        let needed = x.needsGradient || projection.isTrainable
        let input = keepsInput && isRecording ? SavedValue(x) : nil
        let (slot, shape) = (x.slot, x.shape)
        return record(y, needed: needed) { tape, gradient in
            guard let slot else {
                try work.backward(x: input?.take(), gradient: gradient, target: nil)
                return
            }
            let target = tape.bufferForAdding(slot, shape: shape)
            try work.backward(x: input?.take(), gradient: gradient, target: target)
            tape.store(target.buffer, in: slot)
        }
    }

    /// Scores of the vocabulary for rows of hidden states; no gradient. For Gemma-2 `cap * tanh(x / cap)`.
    package func logits(_ hidden: Tensor, head: LinearProjection, softCap: Float? = nil) throws -> Tensor {
        try head.check(operation: "logits", inputs: hidden.columns)
        let result = try LinearWork(head, randomness: nil).forward(hidden)
        if let softCap {
            let values = result.pointer
            ComputePool.shared.forEachBlock(result.count, atMost: Elementwise.block) { range in
                Loops.softCap(values + range.lowerBound, softCap, range.count)
            }
        }
        return result
    }
}
