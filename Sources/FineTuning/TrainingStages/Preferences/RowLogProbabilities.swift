import LanguageModels
import Tensors

/// The log-probabilities of rows' labels, summed row by row with a weight each, and their way back.
struct RowLogProbabilities {
    /// One number for each labelled token, row after row.
    private let labels: Variable
    /// Which of them belong to each row.
    private let ranges: [Range<Int>]
    /// What each is multiplied by.
    private let weights: [Double]
    /// The sums.
    let values: [Double]

    /// Labels of each row.
    var counts: [Int] { ranges.map(\.count) }

    /// - Parameters:
    ///   - ranges: which labels belong to each row
    ///   - weights: of each label, in order
    init(_ labels: Variable, ranges: [Range<Int>], weights: [Double]) {
        self.labels = labels
        self.ranges = ranges
        self.weights = weights
        values = labels.value.withUnsafeBufferPointer { numbers in
            ranges.map { $0.reduce(0.0) { $0 + Double(numbers[$1]) * weights[$1] } }
        }
    }

    /// A loss that was computed from `values`, with its gradient by each of them.
    func loss(_ value: Double, gradients: [Double], on tape: Tape) throws -> Variable {
        var spread = [Double](repeating: 0, count: weights.count)
        for (range, gradient) in zip(ranges, gradients) {
            for index in range { spread[index] = gradient * weights[index] }
        }
        return try tape.loss(value, of: labels, gradients: spread)
    }
}

/// What a network makes of rows: their labels' log-probabilities, and the means of their logits.
struct LabelledRows {
    let labels: Variable
    /// Which of `labels` belong to each row.
    let ranges: [Range<Int>]
    /// The mean over a row's tokens and the vocabulary.
    let meanLogits: [Double]

    /// Each row's sum.
    var sums: RowLogProbabilities {
        RowLogProbabilities(labels, ranges: ranges, weights: [Double](repeating: 1, count: labels.value.count))
    }

    /// Each row's mean over its labels.
    var means: RowLogProbabilities { sums(weighing: { _ in 1 }, divided: true) }

    /// - Parameters:
    ///   - weigh: the weight of a row's label, by the row and its place in it
    ///   - divided: whether sums are divided by the number of the row's labels
    func sums(weighing weigh: ((row: Int, place: Int)) -> Double, divided: Bool) -> RowLogProbabilities {
        var weights: [Double] = []
        for (row, range) in ranges.enumerated() {
            let share = divided ? 1 / Double(max(1, range.count)) : 1
            weights += (0..<range.count).map { weigh((row, $0)) * share }
        }
        return RowLogProbabilities(labels, ranges: ranges, weights: weights)
    }
}

extension Network {
    /// Runs the network over rows whose labels' log-probabilities are wanted.
    func labelled(_ rows: PackedRows, on tape: Tape) throws -> LabelledRows {
        let hidden = try hiddenStates(rows, on: tape)
        let targets = try DecoderModel.shifted(rows.labels, layout: rows.layout)
        let result = try model.labelLogProbabilities(hidden, targets: targets, on: tape, branches: branches)
        var (ranges, next) = ([Range<Int>](), 0)
        for end in rows.layout.offsets.dropFirst() {
            let start = next
            while next < result.rows.count, result.rows[next] < end { next += 1 }
            ranges.append(start..<next)
        }
        return LabelledRows(labels: result.values, ranges: ranges, meanLogits: try meanLogits(hidden.value, rows))
    }

    /// The mean of logits over a row's tokens is that of the mean of its hidden states: one line of logits for a row.
    /// (Of a soft-capped head that is only near to it.)
    private func meanLogits(_ hidden: Tensor, _ rows: PackedRows) throws -> [Double] {
        let width = hidden.columns
        var pooled = [Float](repeating: 0, count: rows.layout.lengths.count * width)
        hidden.withUnsafeBufferPointer { numbers in
            for (row, length) in rows.layout.lengths.enumerated() where length > 0 {
                let start = rows.layout.offsets[row]
                for token in start..<start + length {
                    for column in 0..<width {
                        pooled[row * width + column] += numbers[token * width + column] / Float(length)
                    }
                }
            }
        }
        let logits = try model.logits(Tensor(pooled, shape: [rows.layout.lengths.count, width]), branches: branches)
        let vocabulary = logits.columns
        return logits.withUnsafeBufferPointer { numbers in
            rows.layout.lengths.indices.map { row in
                numbers[row * vocabulary..<(row + 1) * vocabulary].reduce(0.0) { $0 + Double($1) } / Double(vocabulary)
            }
        }
    }
}
