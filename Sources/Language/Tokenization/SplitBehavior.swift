/// What becomes of the separators that a split finds.
package enum SplitBehavior: String, Sendable {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    init(_ node: TokenizerNode) throws {
        let name = try node.string("behavior")
        guard let behavior = SplitBehavior(rawValue: name) else {
            throw TokenizerError.unsupported(
                kind: "split behavior", name: name,
                hint: "Removed, Isolated, MergedWithPrevious, MergedWithNext and Contiguous are")
        }
        self = behavior
    }

    typealias Visit = (_ range: Range<Int>, _ isSeparator: Bool) -> Void

    /// Splits each piece by the code points that separate.
    func split(_ text: inout TextPieces, where separates: (UInt32) -> Bool) {
        split(&text) { bytes, range, visit in
            var index = range.lowerBound
            var start = index
            while index < range.upperBound {
                let (code, length) = scalar(in: bytes, at: index, before: range.upperBound)
                if separates(code) {
                    if start < index { visit(start..<index, false) }
                    visit(index..<(index + length), true)
                    start = index + length
                }
                index += length
            }
            if start < range.upperBound { visit(start..<range.upperBound, false) }
        }
    }

    /// Splits each piece; `cut` visits the parts of a range in order and says which are separators.
    func split(
        _ text: inout TextPieces, by cut: (_ bytes: [UInt8], Range<Int>, Visit) throws -> Void
    ) rethrows {
        try text.splitEach { bytes, piece, result in
            var parts: [(range: Range<Int>, isSeparator: Bool)] = []
            try cut(bytes, piece.range) { parts.append(($0, $1)) }
            for range in joined(parts) where !range.isEmpty {
                result.append(
                    .init(
                        start: range.lowerBound, end: range.upperBound,
                        isAtOrigin: piece.isAtOrigin && range.lowerBound == piece.start))
            }
        }
    }

    private func joined(_ parts: [(range: Range<Int>, isSeparator: Bool)]) -> [Range<Int>] {
        switch self {
        case .removed: return parts.filter { !$0.isSeparator }.map(\.range)
        case .isolated: return parts.map(\.range)
        case .contiguous: return joined(parts) { $0 == $1 }
        case .mergedWithPrevious: return joined(parts) { isSeparator, previous in isSeparator && !previous }
        case .mergedWithNext:
            var result: [Range<Int>] = []
            var previousIsSeparator = false
            for part in parts.reversed() {
                if part.isSeparator, !previousIsSeparator, let last = result.popLast() {
                    result.append(part.range.lowerBound..<last.upperBound)
                } else {
                    result.append(part.range)
                }
                previousIsSeparator = part.isSeparator
            }
            return result.reversed()
        }
    }

    /// Joins a part to the one before it where `joins` says so; the text counts as beginning behind a non-separator.
    private func joined(
        _ parts: [(range: Range<Int>, isSeparator: Bool)], where joins: (_ isSeparator: Bool, _ previous: Bool) -> Bool
    ) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var previous = false
        for part in parts {
            if joins(part.isSeparator, previous), let last = result.popLast() {
                result.append(last.lowerBound..<part.range.upperBound)
            } else {
                result.append(part.range)
            }
            previous = part.isSeparator
        }
        return result
    }
}
