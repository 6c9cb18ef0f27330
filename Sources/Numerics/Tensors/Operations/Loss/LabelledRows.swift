/// A position whose label says "not part of the loss".
package let ignoredLabel: Int32 = -100

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
