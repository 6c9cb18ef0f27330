/// How packed sequences lie back to back in the rows of a tensor; attention never crosses their borders.
package struct SequenceLayout: Sendable, Equatable {
    /// Tokens of each sequence.
    package let lengths: [Int]
    /// First row of each sequence, and the total at the end.
    package let offsets: [Int]
    /// Tokens of each sequence that may be looked at; those behind them only look, as padding does.
    package let keyCounts: [Int]

    /// - Parameter unseen: tokens at the end of each sequence that nobody looks at; nil for none
    package init(lengths: [Int], unseen: [Int]? = nil) throws {
        if let bad = lengths.first(where: { $0 < 0 }) {
            throw TensorError.invalidArgument(
                operation: "SequenceLayout", name: "length", value: "\(bad)", expected: "0 or more")
        }
        let unseen = unseen ?? [Int](repeating: 0, count: lengths.count)
        guard unseen.count == lengths.count, zip(unseen, lengths).allSatisfy({ (0...$1).contains($0) }) else {
            throw TensorError.invalidArgument(
                operation: "SequenceLayout", name: "unseen", value: "\(unseen)", expected: "at most each length")
        }
        self.lengths = lengths
        keyCounts = zip(lengths, unseen).map { $0 - $1 }
        offsets = lengths.reduce(into: [0]) { offsets, length in offsets.append((offsets.last ?? 0) + length) }
    }

    /// Rows that nobody looks at.
    package var unseenTokens: Set<Int> {
        Set(lengths.indices.flatMap { offsets[$0] + keyCounts[$0]..<offsets[$0] + lengths[$0] })
    }

    /// The sequences with some of their tokens.
    ///
    /// - Parameter rows: ascending
    package func keeping(_ rows: [Int]) throws -> SequenceLayout {
        var (kept, unseen) = ([Int](repeating: 0, count: lengths.count), [Int](repeating: 0, count: lengths.count))
        var sequence = 0
        for row in rows {
            while sequence + 1 < lengths.count, row >= offsets[sequence + 1] { sequence += 1 }
            kept[sequence] += 1
            if row - offsets[sequence] >= keyCounts[sequence] { unseen[sequence] += 1 }
        }
        return try SequenceLayout(lengths: kept, unseen: unseen)
    }

    /// The sequences cut into pieces that do not see each other.
    ///
    /// - Parameters:
    ///   - first: tokens of each sequence's first piece
    ///   - size: tokens of the pieces behind it; the last may have fewer
    package func cut(first: Int, size: Int) throws -> SequenceLayout {
        var (pieces, unseen) = ([Int](), [Int]())
        for (length, seen) in zip(lengths, keyCounts) {
            var (start, end) = (0, first)
            while start < length {
                end = min(end, length)
                pieces.append(end - start)
                unseen.append(max(0, end - max(start, seen)))
                (start, end) = (end, end + size)
            }
        }
        return try SequenceLayout(lengths: pieces, unseen: unseen)
    }

    package var totalTokens: Int { offsets.last ?? 0 }

    /// Position of each row within its sequence.
    package var positions: [Int32] { lengths.flatMap { (0..<Int32($0)) } }
}

/// What an attention layer computes.
package struct AttentionOptions: Sendable, Equatable {
    package var heads: Int
    /// Divides `heads`; each key-value head serves `heads / keyValueHeads` consecutive query heads.
    package var keyValueHeads: Int
    package var headSize: Int
    /// Factor on the scores, usually `1 / sqrt(headSize)`.
    package var scale: Float
    /// Keys a query may see, itself included; nil for all before it.
    package var slidingWindow: Int?
    /// `cap * tanh(score / cap)` before the mask.
    package var softCap: Float?
    /// Whether a query sees only itself and what came before.
    package var isCausal: Bool

    package init(
        heads: Int, keyValueHeads: Int, headSize: Int, scale: Float? = nil, slidingWindow: Int? = nil,
        softCap: Float? = nil, isCausal: Bool = true
    ) {
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.headSize = headSize
        self.scale = scale ?? 1 / Float(max(1, headSize)).squareRoot()
        self.slidingWindow = slidingWindow
        self.softCap = softCap
        self.isCausal = isCausal
    }

    package var queryColumns: Int { heads * headSize }
    package var keyValueColumns: Int { keyValueHeads * headSize }

    func check(queries: Tensor, keys: Tensor, values: Tensor, tokens: Int) throws {
        guard heads > 0, keyValueHeads > 0, headSize > 0, heads % keyValueHeads == 0 else {
            throw TensorError.invalidArgument(
                operation: "attention", name: "heads", value: "\(heads) over \(keyValueHeads) of size \(headSize)",
                expected: "positive, the first a multiple of the second")
        }
        if let slidingWindow, slidingWindow < 1 {
            throw TensorError.invalidArgument(
                operation: "attention", name: "slidingWindow", value: "\(slidingWindow)", expected: "1 or more")
        }
        let wanted = [(queries, queryColumns), (keys, keyValueColumns), (values, keyValueColumns)]
        for (tensor, columns) in wanted where tensor.shape != [tokens, columns] {
            throw TensorError.shapeMismatch(
                operation: "attention", expected: [tokens, columns], actual: tensor.shape)
        }
    }

    /// Keys that the query at `position` may see, among the first `count`.
    @inline(__always)
    func visibleKeys(from position: Int, of count: Int) -> Range<Int> {
        let end = isCausal ? min(count, position + 1) : count
        let start = slidingWindow.map { max(0, position - $0 + 1) } ?? 0
        return min(start, end)..<end
    }
}
