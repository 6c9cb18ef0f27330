import Glibc

/// The log-probabilities of labels, and what else is seen of the logits on the way.
package struct LabelLogProbabilities {
    /// One number for each labelled row, in row order.
    package let values: Variable
    /// The labelled rows of the hidden states.
    package let rows: [Int]
    /// The mean of each labelled row's logits over the vocabulary.
    package let meanLogits: [Float]
    /// Whether each labelled row's label has the highest logit.
    package let isBest: [Bool]
}

extension Tape {
    /// The log-probability of each labelled row's label under `hidden * head^T`, with gradients for any weight a loss
    /// gives it; the logits are made again on the way back, a few rows at a time.
    ///
    /// - Parameters:
    ///   - hidden: `(tokens, hidden)`.
    ///   - labels: the target of each row, already shifted; -100 for rows without one.
    ///   - softCap: Gemma-2's `cap * tanh(logit / cap)`.
    package func labelLogProbabilities(
        _ hidden: Variable, head: LinearProjection, labels: [Int32], softCap: Float? = nil
    ) throws -> LabelLogProbabilities {
        try head.check(operation: "labelLogProbabilities", inputs: hidden.value.columns)
        let positions = try LabelledRows(labels, rows: hidden.value.rows, vocabulary: head.outputs)
        let chunks = LogitChunks(head: head, rows: positions.rows)
        let values = Tensor(uninitialized: [positions.rows.count])
        let seen = Tensor(uninitialized: [positions.rows.count, 2])
        let (targets, notes) = (values.pointer, seen.pointer)
        try chunks.run(hidden.value, on: self, gradient: nil, recorded: false) { range, logits in
            let (scores, vocabulary) = (logits.pointer, logits.columns)
            ComputePool.shared.run(range.count) { row in
                let (line, at) = (scores + row * vocabulary, range.lowerBound + row)
                if let softCap { Loops.softCap(line, softCap, vocabulary) }
                let (best, labelled) = (Loops.maximum(line, vocabulary), line[positions.labels[at]])
                notes[at * 2] = Float(Loops.sum(line, vocabulary) / Double(vocabulary))
                notes[at * 2 + 1] = labelled == best ? 1 : 0
                let sum = Loops.exponentials(line, minus: best, vocabulary)
                targets[at] = Float(Double(labelled) - Double(best) - log(sum))
            }
        }
        let (state, shape, slot) = (hidden.value, hidden.shape, hidden.slot)
        let variable = record(
            values, needed: hidden.needsGradient || head.isTrainable, parameters: head.parametersToTrain
        ) { tape, incoming in
            let gradient = slot == nil ? nil : Tensor(zeros: shape)
            let weights = incoming.pointer
            try chunks.run(state, on: tape, gradient: gradient, recorded: true) { range, logits in
                let (scores, vocabulary) = (logits.pointer, logits.columns)
                ComputePool.shared.run(range.count) { row in
                    let at = range.lowerBound + row
                    LogProbabilityRow(scores + row * vocabulary, vocabulary, label: positions.labels[at], softCap)
                        .writeGradient(weight: weights[at])
                }
            }
            if let gradient { tape.accumulate(gradient, into: slot) }
        }
        return LabelLogProbabilities(
            values: variable, rows: positions.rows, meanLogits: (0..<positions.rows.count).map { seen[$0 * 2] },
            isBest: (0..<positions.rows.count).map { seen[$0 * 2 + 1] == 1 })
    }
}

/// One row of logits, over which the gradient of its label's log-probability is written.
private struct LogProbabilityRow {
    let logits: UnsafeMutablePointer<Float>
    let count: Int
    let label: Int
    let softCap: Float?

    init(_ logits: UnsafeMutablePointer<Float>, _ count: Int, label: Int, _ softCap: Float?) {
        self.logits = logits
        self.count = count
        self.label = label
        self.softCap = softCap
    }

    /// `weight * (one at the label - softmax)`, through the cap when there is one.
    func writeGradient(weight: Float) {
        guard weight != 0 else { return logits.update(repeating: 0, count: count) }
        if let softCap { Loops.softCap(logits, softCap, count) }
        // The capped logits are needed again after the exponentials have taken their place.
        let capped = softCap == nil ? nil : Storage(count: count)
        capped?.floats.update(from: logits, count: count)
        let sum = Loops.exponentials(logits, minus: Loops.maximum(logits, count), count)
        Loops.scale(logits, Float(-Double(weight) / sum), logits, count)
        logits[label] += weight
        if let capped, let softCap {
            withExtendedLifetime(capped) { Loops.softCapBackward(capped.floats, softCap, logits, count) }
        }
    }
}
