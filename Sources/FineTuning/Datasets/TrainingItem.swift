import Tensors

/// One tokenized sequence to train on.
package struct TrainingItem: Hashable, Sendable {
    package let inputIDs: [Int32]
    /// As many as `inputIDs`; `ignoredLabel` where nothing is to be learned. Not shifted.
    package let labels: [Int32]
    /// How the sequence is made up of several examples; nil if it is one.
    package let packing: Packing?
    /// Tokens of padding at the end, which no other token sees.
    package let padding: Int

    /// Several examples in one item. Their positions count from 0 each; the reference's padding is not stored.
    package struct Packing: Hashable, Sendable {
        /// Tokens of each example, in order.
        package let lengths: [Int]
        /// Whether the examples do not see each other (`neat_packing`).
        package let isSeparated: Bool
        /// Tokens of padding that the reference puts behind the last example.
        package let padding: Int

        package init(lengths: [Int], isSeparated: Bool, padding: Int) {
            self.lengths = lengths
            self.isSeparated = isSeparated
            self.padding = padding
        }
    }

    package init(inputIDs: [Int32], labels: [Int32], packing: Packing? = nil, padding: Int = 0) {
        self.inputIDs = inputIDs
        self.labels = labels
        self.packing = packing
        self.padding = padding
    }

    /// The item with padding up to `length` whose tokens and labels are `token`; packed items keep theirs.
    package func padded(to length: Int, with token: Int32) -> TrainingItem {
        let missing = length - inputIDs.count
        guard packing == nil, missing > 0 else { return self }
        let padding = repeatElement(token, count: missing)
        return TrainingItem(inputIDs: inputIDs + padding, labels: labels + padding, padding: missing)
    }

    /// Labelled positions, the unshifted count by which losses are divided.
    package var labelledCount: Int {
        labels.reduce(into: 0) { count, label in if label != ignoredLabel { count += 1 } }
    }

    /// Tokens as the reference counts them, with the padding that packing brings.
    package var paddedLength: Int { inputIDs.count + (packing?.padding ?? 0) }
}
