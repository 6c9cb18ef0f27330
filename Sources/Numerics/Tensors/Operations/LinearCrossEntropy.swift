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

/// A position whose label says "not part of the loss".
package let ignoredLabel: Int32 = -100

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
        let work = LossWork(
            work: LinearWork(head, randomness: randomness), options: options, trainsHead: head.isTrainable)
        let gradient = recorded && hidden.needsGradient ? Tensor(zeros: hidden.shape) : nil
        let totals = try work.run(hidden.value, positions, gradient: gradient, recorded: recorded)
        let vocabulary = Double(head.outputs)
        let smoothing = Double(options.labelSmoothing)
        let loss = Tensor([
            Float(Double(options.scale) * ((1 - smoothing) * totals.sum + smoothing * totals.smooth / vocabulary))
        ])
        let (slot, trainsHead) = (hidden.slot, head.isTrainable)
        let variable = record(loss, needed: hidden.needsGradient || trainsHead) { tape, incoming in
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

    /// The log-probability of each labelled row's label, in row order; no gradient.
    package func labelLogProbabilities(
        _ hidden: Tensor, head: LinearProjection, labels: [Int32], softCap: Float? = nil
    ) throws -> [Float] {
        try head.check(operation: "labelLogProbabilities", inputs: hidden.columns)
        let positions = try LabelledRows(labels, rows: hidden.rows, vocabulary: head.outputs)
        let work = LossWork(
            work: LinearWork(head, randomness: nil), options: CrossEntropyOptions(softCap: softCap), trainsHead: false)
        return try work.run(hidden, positions, gradient: nil, recorded: false).losses.map { -$0 }
    }
}

/// The rows that carry a label, and the labels.
struct LabelledRows {
    let rows: [Int]
    let labels: [Int]

    init(_ labels: [Int32], rows count: Int, vocabulary: Int) throws {
        guard labels.count == count else {
            throw TensorError.shapeMismatch(operation: "labels", expected: [count], actual: [labels.count])
        }
        var rows: [Int] = []
        for (row, label) in labels.enumerated() where label != ignoredLabel {
            guard label >= 0, Int(label) < vocabulary else {
                throw TensorError.indexOutOfRange(operation: "labels", index: Int(label), limit: vocabulary)
            }
            rows.append(row)
        }
        self.rows = rows
        self.labels = rows.map { Int(labels[$0]) }
    }
}

/// The chunked pass over the logits.
struct LossWork {
    let work: LinearWork
    let options: CrossEntropyOptions
    let trainsHead: Bool

    struct Totals {
        var losses: [Float] = []
        var sum = 0.0
        var smooth = 0.0
        var correct = 0
    }

    /// Floats of logits held at a time.
    static let chunkFloats = 32 << 20

    /// Rows per chunk: as many as fit, evenly spread over the chunks.
    static func chunkRows(_ rows: Int, vocabulary: Int) -> Int {
        let most = max(16, chunkFloats / max(1, vocabulary))
        let chunks = max(1, (rows + most - 1) / most)
        return max(1, (rows + chunks - 1) / chunks)
    }

    func run(_ hidden: Tensor, _ positions: LabelledRows, gradient: Tensor?, recorded: Bool) throws -> Totals {
        var totals = Totals()
        let size = Self.chunkRows(positions.rows.count, vocabulary: work.projection.outputs)
        for start in stride(from: 0, to: positions.rows.count, by: size) {
            let range = start..<min(positions.rows.count, start + size)
            try chunk(
                hidden, rows: Array(positions.rows[range]), labels: Array(positions.labels[range]), gradient: gradient,
                recorded: recorded, &totals)
        }
        return totals
    }

    private func chunk(
        _ hidden: Tensor, rows: [Int], labels: [Int], gradient: Tensor?, recorded: Bool, _ totals: inout Totals
    ) throws {
        let width = hidden.columns
        let input = Rows.gather(hidden, rows)
        let logits = try work.forward(input)
        let results = Tensor(uninitialized: [rows.count, 3])
        let (values, vocabulary, report) = (logits.pointer, logits.columns, results.pointer)
        ComputePool.shared.run(rows.count) { row in
            LossRow(values + row * vocabulary, vocabulary, label: labels[row], options)
                .compute(into: report + row * 3, withGradient: recorded)
        }
        for row in 0..<rows.count {
            totals.losses.append(report[row * 3])
            totals.sum += Double(report[row * 3])
            totals.smooth += Double(report[row * 3 + 1])
            totals.correct += report[row * 3 + 2] == 1 ? 1 : 0
        }
        guard recorded else { return }
        let target = gradient.map { _ in Tensor(uninitialized: input.shape) }
        try work.backward(
            x: trainsHead ? input : nil, gradient: logits, target: target.map { (buffer: $0, holdsSum: false) })
        if let gradient, let target {
            let (from, to) = (target.pointer, gradient.pointer)
            ComputePool.shared.forEachBlock(rows.count, atMost: max(1, Elementwise.block / max(1, width))) { range in
                for index in range {
                    (to + rows[index] * width).update(from: from + index * width, count: width)
                }
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
