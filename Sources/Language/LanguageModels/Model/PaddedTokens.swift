import Tensors

/// Packed sequences made equally long by padding that looks at the tokens before it and is looked at by none.
///
/// Padding changes nothing but where tokens compete for places, as in mixture of depths: there the batches that models
/// are trained on are padded.
struct PaddedTokens {
    var tokens: [Int32] = []
    var positions: [Int32] = []
    let layout: SequenceLayout
    /// The rows that are no padding, ascending.
    var places: [Int] = []

    /// - Parameter multiple: the length is that of the longest sequence, rounded up to a multiple of this
    init(
        _ given: [Int32], positions givenPositions: [Int32], layout old: SequenceLayout, multiple: Int, padding: Int32
    ) throws {
        let length = ((old.lengths.max() ?? 0) + multiple - 1) / multiple * multiple
        layout = try SequenceLayout(
            lengths: old.lengths.map { _ in length }, unseen: old.keyCounts.map { length - $0 })
        for (start, count) in zip(old.offsets, old.lengths) {
            places += tokens.count..<tokens.count + count
            tokens += given[start..<start + count] + [Int32](repeating: padding, count: length - count)
            let own = givenPositions[start..<start + count]
            let next = (own.last ?? -1) + 1
            positions += own + (next..<next + Int32(length - count))
        }
    }
}
