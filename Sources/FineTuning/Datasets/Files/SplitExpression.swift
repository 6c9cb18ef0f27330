/// Which part of a dataset's rows to take: `train`, `train[:100]`, `train[10%:20%]`, `test[-50:]`.
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

    /// The split's name.
    let name: String
    private let lower: Bound?
    private let upper: Bound?

    /// Of files, which have the one split `train`.
    package init(_ text: String, dataset: String) throws {
        let failure = DataError.badSplit(dataset: dataset, split: text)
        try self.init(text, failure)
        guard name == "train" else { throw failure }
    }

    /// Of a dataset that names its splits.
    package init(ofHub text: String, dataset: String) throws {
        try self.init(
            text,
            DataError.badDescription(
                dataset: dataset, field: "split", expected: "one split or a part of it, as `test` or `train[:100]`",
                found: "`\(text)`"))
    }

    /// Whether every row is taken.
    var isWhole: Bool { lower == nil && upper == nil }

    private init(_ text: String, _ failure: DataError) throws {
        let name = text.utf8.prefix { $0 != UInt8(ascii: "[") }
        guard !name.isEmpty, name.allSatisfy(Self.isOfName) else { throw failure }
        self.name = String(decoding: name, as: UTF8.self)
        let rest = text.utf8.dropFirst(name.count)
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

    private static func isOfName(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".") || (0x30...0x39).contains(byte)
            || (0x61...0x7A).contains(byte | 0x20) || byte >= 0x80
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
