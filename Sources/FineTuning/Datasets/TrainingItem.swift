/// The label of a position that is not trained on.
package let ignoredLabel: Int32 = -100

/// One tokenized sequence to train on.
package struct TrainingItem: Hashable, Sendable {
    package let inputIDs: [Int32]
    /// As many as `inputIDs`; `ignoredLabel` where nothing is to be learned. Not shifted.
    package let labels: [Int32]

    package init(inputIDs: [Int32], labels: [Int32]) {
        self.inputIDs = inputIDs
        self.labels = labels
    }

    /// Labelled positions, the unshifted count by which losses are divided.
    package var labelledCount: Int {
        labels.reduce(into: 0) { count, label in if label != ignoredLabel { count += 1 } }
    }
}
