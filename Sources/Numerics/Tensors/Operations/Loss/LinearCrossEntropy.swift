/// How `Tape.linearCrossEntropy` turns logits into a loss.
package struct CrossEntropyOptions: Sendable {
    /// Share of the target spread evenly over the vocabulary.
    package var labelSmoothing: Float = 0
    /// Gemma-2's `cap * tanh(logit / cap)`.
    package var softCap: Float?
    /// Factor on the summed loss and on every gradient, e.g. one over the step's number of labels.
    package var scale: Float = 1
    /// How much each label counts; nil for all alike.
    package var weighting: (any LabelWeighting)?

    package init(
        labelSmoothing: Float = 0, softCap: Float? = nil, scale: Float = 1, weighting: (any LabelWeighting)? = nil
    ) {
        self.labelSmoothing = labelSmoothing
        self.softCap = softCap
        self.scale = scale
        self.weighting = weighting
    }
}

/// The loss over labelled positions and what is reported about it.
package struct CrossEntropy {
    /// One number: `scale * ((1 - smoothing) * sum + smoothing * smoothSum / vocabulary + strength * divergence)`.
    package let loss: Variable
    /// Negative log-likelihood summed over labelled positions by their weights, unscaled.
    package let sum: Double
    /// Sum over labelled positions of the negative log-probabilities of the whole vocabulary; 0 without smoothing.
    package let smoothSum: Double
    /// Divergence from the anchor summed over labelled positions; 0 without one.
    package let divergence: Double
    /// The labelled rows, ascending, and whether the label of each has the highest logit.
    package let rows: [Int]
    package let isBest: [Bool]

    /// Labelled positions.
    package var count: Int { rows.count }
    package var correct: Int { isBest.count { $0 } }
}

extension Tape {
    /// Cross-entropy of `hidden * head^T` against `labels`, summed, with the gradient computed in the same pass.
    ///
    /// Logits exist for labelled rows only and a few rows at a time. A trained head's gradient is added at once, so
    /// call `backward` with seed 1 (put factors into `options.scale`); another seed is refused there.
    /// - Parameters:
    ///   - hidden: `(tokens, hidden)`.
    ///   - labels: the target of each row, already shifted; -100 for rows without one.
    ///   - anchor: what the predictions are held to, with the same rows.
    package func linearCrossEntropy(
        _ hidden: Variable, head: LinearProjection, labels: [Int32], options: CrossEntropyOptions = .init(),
        anchor: LossAnchor? = nil
    ) throws -> CrossEntropy {
        try head.check(operation: "linearCrossEntropy", inputs: hidden.value.columns)
        let positions = try LabelledRows(labels, rows: hidden.value.rows, vocabulary: head.outputs)
        let recorded = mode == .recording && (hidden.needsGradient || head.isTrainable)
        let gradient = recorded && hidden.needsGradient ? Tensor(zeros: hidden.shape) : nil
        let totals = try LossTotals(
            of: hidden.value, positions, LogitChunks(head: head, rows: positions.rows), options, anchor: anchor,
            on: self, gradient: gradient, recorded: recorded)
        let vocabulary = Double(head.outputs)
        let smoothing = Double(options.labelSmoothing)
        let loss = Tensor([
            Float(
                Double(options.scale)
                    * ((1 - smoothing) * totals.sum + smoothing * totals.smooth / vocabulary
                        + Double(anchor?.strength ?? 0) * totals.divergence))
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
            loss: variable, sum: totals.sum, smoothSum: totals.smooth, divergence: totals.divergence,
            rows: positions.rows, isBest: totals.isBest)
    }
}

/// The pass over the logits that finds the loss and, where it is wanted, every gradient.
private struct LossTotals {
    var sum = 0.0
    var smooth = 0.0
    var divergence = 0.0
    var isBest: [Bool] = []

    init(
        of hidden: Tensor, _ positions: LabelledRows, _ chunks: LogitChunks, _ options: CrossEntropyOptions,
        anchor: LossAnchor?, on tape: Tape, gradient: Tensor?, recorded: Bool
    ) throws {
        try chunks.run(hidden, on: tape, gradient: gradient, recorded: recorded) { range, logits in
            let results = Tensor(uninitialized: [range.count, 4])
            let (values, vocabulary, report) = (logits.pointer, logits.columns, results.pointer)
            let anchored = try anchor?.logits(of: Array(positions.rows[range]), like: tape)
            let frozen = anchored?.pointer
            ComputePool.shared.run(range.count) { row in
                LossRow(
                    values + row * vocabulary, vocabulary, label: positions.labels[range.lowerBound + row], options,
                    anchor: frozen.map { ($0 + row * vocabulary, anchor?.strength ?? 0) }
                ).compute(into: report + row * 4, withGradient: recorded)
            }
            withExtendedLifetime(anchored) {}
            for row in 0..<range.count {
                sum += Double(report[row * 4])
                smooth += Double(report[row * 4 + 1])
                isBest.append(report[row * 4 + 2] == 1)
                divergence += Double(report[row * 4 + 3])
            }
        }
    }
}
