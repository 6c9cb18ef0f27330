extension Tape {
    /// Runs `body` without keeping its intermediate values and runs it again on the way back (Chen et al., 2016).
    ///
    /// The second run sees the same inputs and the same dropout masks, so gradients are the same bit for bit.
    /// - Parameter body: gets a tape and the inputs on that tape, and returns as many values each time; must not touch
    ///   any other tape's variables.
    package func checkpoint(
        _ inputs: [Variable], _ body: @escaping (Tape, [Variable]) throws -> [Variable]
    ) throws -> [Variable] {
        guard mode == .recording else { return try body(self, inputs) }
        let isKept = keepsBlocks
        Rehearsal.current?.noteBlock(isKept: isKept)
        if isKept { return try body(self, inputs) }
        let probe = Tape(mode: .tracking, like: self)
        let values = inputs.map(\.value)
        let wanted = inputs.map(\.slot)
        func leaves(_ tape: Tape) -> [Variable] {
            zip(values, wanted).map { value, slot in slot == nil ? tape.constant(value) : tape.leaf(value) }
        }
        let outputs = try body(probe, leaves(probe))
        let parameters = probe.trackedParameters
        watch?.expect(parameters)
        return record(outputs.map(\.value), needed: outputs.map(\.needsGradient)) { tape, gradients in
            let inner = Tape(mode: .recording, like: tape)
            tape.watch?.release(parameters)
            inner.watch = tape.watch
            let again = leaves(inner)
            try inner.backward(from: body(inner, again), gradients: gradients)
            for (variable, slot) in zip(again, wanted) {
                if let arrived = inner.gradient(of: variable) { tape.accumulate(arrived, into: slot) }
            }
        }
    }

    private var keepsBlocks: Bool {
        switch checkpointPolicy {
        case .recompute: false
        case .keep: true
        case .keepWhileBelow(let liveBytes): TensorMemory.statistics.liveBytes < liveBytes
        }
    }
}
