/// Which part of a dataset's rows to take: `train`, `train[:100]`, `train[10%:20%]`, `train[-50:]`.
package struct SplitExpression: Hashable, Sendable {
    private enum Bound: Hashable {
        case rows(Int)
        case percent(Int)

        func position(of count: Int) -> Int {
            let position =
                switch self {
                case .rows(let rows): rows
                case .percent(let percent): Int((Double(percent) * Double(count) / 100).rounded(.toNearestOrEven))
                }
            return min(position < 0 ? max(count + position, 0) : position, count)
        }
    }

    private let lower: Bound?
    private let upper: Bound?

    package init(_ text: String, dataset: String) throws {
        let failure = DataError.badSplit(dataset: dataset, split: text)
        guard text.hasPrefix("train") else { throw failure }
        let rest = text.utf8.dropFirst("train".utf8.count)
        if rest.isEmpty {
            (lower, upper) = (nil, nil)
            return
        }
        guard rest.first == UInt8(ascii: "["), rest.last == UInt8(ascii: "]") else { throw failure }
        let parts = String(decoding: rest.dropFirst().dropLast(), as: UTF8.self)
            .split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { throw failure }
        lower = try Self.bound(parts[0], failure)
        upper = try Self.bound(parts[1], failure)
    }

    private static func bound(_ text: String, _ failure: DataError) throws -> Bound? {
        if text.isEmpty { return nil }
        if text.hasSuffix("%") {
            guard let percent = Int(text.dropLast()), abs(percent) <= 100 else { throw failure }
            return .percent(percent)
        }
        guard let rows = Int(text), abs(rows) <= Int(Int32.max) else { throw failure }
        return .rows(rows)
    }

    /// The rows taken of `count`; may be empty.
    package func range(of count: Int) -> Range<Int> {
        let start = lower?.position(of: count) ?? 0
        let end = upper?.position(of: count) ?? count
        return start..<max(start, end)
    }
}
