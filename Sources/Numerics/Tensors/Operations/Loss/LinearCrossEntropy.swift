import Glibc

/// How `Tape.linearCrossEntropy` turns logits into a loss.
package struct CrossEntropyOptions: Sendable {
    /// Share of the target spread evenly over the vocabulary.
    package var labelSmoothing: Float = 0
    /// Gemma-2's `cap * tanh(logit / cap)`.
    package var softCap: Float?
    /// Factor on the summed loss and on every gradient, e.g. one over the step's number of labels.
    package var scale: Float = 1

    package init(labelSmoothing: Float = 0, softCap: Float? = nil, scale: Float = 1) {
        self.labelSmoothing = labelSmoothing
        self.softCap = softCap
        self.scale = scale
    }
}

/// The loss over labelled positions and what is reported about it.
package struct CrossEntropy {
    /// One number: `scale * ((1 - smoothing) * sum + smoothing * smoothSum / vocabulary)`.
    package let loss: Variable
    /// Negative log-likelihood summed over labelled positions, unscaled.
    package let sum: Double
    /// Sum over labelled positions of the negative log-probabilities of the whole vocabulary; 0 without smoothing.
    package let smoothSum: Double
    /// Labelled positions.
    package let count: Int
    /// Labelled positions whose label has the highest logit.
    package let correct: Int
}

extension Tape {
    /// Cross-entropy of `hidden * head^T` against `labels`, summed, with the gradient computed in the same pass.
    ///
    /// Logits exist for labelled rows only and a few rows at a time. A trained head's gradient is added at once, so
    /// call `backward` with seed 1 (put factors into `options.scale`); another seed is refused there.
    /// - Parameters:
    ///   - hidden: `(tokens, hidden)`.
    ///   - labels: the target of each row, already shifted; -100 for rows without one.
    package func linearCrossEntropy(
        _ hidden: Variable, head: LinearProjection, labels: [Int32], options: CrossEntropyOptions = .init()
    ) throws -> CrossEntropy {
        try head.check(operation: "linearCrossEntropy", inputs: hidden.value.columns)
        let positions = try LabelledRows(labels, rows: hidden.value.rows, vocabulary: head.outputs)
        let recorded = mode == .recording && (hidden.needsGradient || head.isTrainable)
        let gradient = recorded && hidden.needsGradient ? Tensor(zeros: hidden.shape) : nil
        let totals = try LossTotals(
            of: hidden.value, positions, LogitChunks(head: head, rows: positions.rows), options, on: self,
            gradient: gradient, recorded: recorded)
        let vocabulary = Double(head.outputs)
        let smoothing = Double(options.labelSmoothing)
        let loss = Tensor([
            Float(Double(options.scale) * ((1 - smoothing) * totals.sum + smoothing * totals.smooth / vocabulary))
        ])
        let (slot, trainsHead) = (hidden.slot, head.isTrainable)
        let variable = record(
            loss, needed: hidden.needsGradient || trainsHead, parameters: head.parametersToTrain
        ) { tape, incoming in
            let seed = incoming[0]
            guard seed == 1 || !trainsHead || Rehearsal.isActive else {
                throw TensorError.invalidArgument(
                    operation: "linearCrossEntropy", name: "seed", value: "\(seed)",
                    expected: "1 when the head is trained; use options.scale")
            }
            guard let gradient else { return }
            if seed != 1 { Elementwise.scale(gradient, by: seed, into: gradient) }
            tape.accumulate(gradient, into: slot)
        }
        return CrossEntropy(
            loss: variable, sum: totals.sum, smoothSum: totals.smooth, count: positions.rows.count,
            correct: totals.correct)
    }
}

/// The pass over the logits that finds the loss and, where it is wanted, every gradient.
private struct LossTotals {
    var sum = 0.0
    var smooth = 0.0
    var correct = 0

    init(
        of hidden: Tensor, _ positions: LabelledRows, _ chunks: LogitChunks, _ options: CrossEntropyOptions,
        on tape: Tape, gradient: Tensor?, recorded: Bool
    ) throws {
        try chunks.run(hidden, on: tape, gradient: gradient, recorded: recorded) { range, logits in
            let results = Tensor(uninitialized: [range.count, 3])
            let (values, vocabulary, report) = (logits.pointer, logits.columns, results.pointer)
            ComputePool.shared.run(range.count) { row in
                LossRow(
                    values + row * vocabulary, vocabulary, label: positions.labels[range.lowerBound + row], options
                ).compute(into: report + row * 3, withGradient: recorded)
            }
            for row in 0..<range.count {
                sum += Double(report[row * 3])
                smooth += Double(report[row * 3 + 1])
                correct += report[row * 3 + 2] == 1 ? 1 : 0
            }
        }
    }
}

/// One row of logits: loss, and the gradient written over the logits.
private struct LossRow {
    let logits: UnsafeMutablePointer<Float>
    let count: Int
    let label: Int
    let options: CrossEntropyOptions

    init(_ logits: UnsafeMutablePointer<Float>, _ count: Int, label: Int, _ options: CrossEntropyOptions) {
        self.logits = logits
        self.count = count
        self.label = label
        self.options = options
    }

    /// Writes loss, smoothing loss and whether the label has the highest logit.
    func compute(into report: UnsafeMutablePointer<Float>, withGradient: Bool) {
        if let cap = options.softCap { Loops.softCap(logits, cap, count) }
        let best = Loops.maximum(logits, count)
        let labelled = logits[label]
        let smoothing = options.labelSmoothing
        let total = smoothing > 0 ? Loops.sum(logits, count) : 0
        // Soft-capped gradients need the capped logits again after the exponentials have taken their place.
        let capped = withGradient && options.softCap != nil ? Storage(count: count) : nil
        capped?.floats.update(from: logits, count: count)
        let sum = Loops.exponentials(logits, minus: best, count)
        let logSum = Double(best) + log(sum)
        report[0] = Float(logSum - Double(labelled))
        report[1] = smoothing > 0 ? Float(Double(count) * logSum - total) : 0
        report[2] = labelled == best ? 1 : 0
        guard withGradient else { return }
        Loops.scale(logits, Float(Double(options.scale) / sum), logits, count)
        logits[label] -= options.scale * (1 - smoothing)
        if smoothing > 0 {
            let share = options.scale * smoothing / Float(count)
            for index in 0..<count { logits[index] -= share }
        }
        if let capped, let cap = options.softCap {
            withExtendedLifetime(capped) { Loops.softCapBackward(capped.floats, cap, logits, count) }
        }
    }
}
