package import RunConfiguration

/// Rows that come one after the other and can begin again.
package protocol StreamedRows: AnyObject {
    associatedtype Row
    func rewind() throws
    /// The next row; nil behind the last one.
    func next() throws -> Row?
}

/// The rows of several sources, mixed and shuffled in the order of `datasets` 4.0 for the same seed, with no more of
/// them in memory than the shuffle buffer holds (data, sections 4.3 and 4.5, appendix A.4).
package final class StreamOrder<Source: StreamedRows> {
    package struct Settings: Hashable, Sendable {
        package var strategy: MixStrategy
        package var probabilities: [Double]?
        /// Rows among which the next one is drawn.
        package var bufferSize: Int
        package var seed: UInt64

        package init(strategy: MixStrategy, probabilities: [Double]?, bufferSize: Int, seed: UInt64) {
            self.strategy = strategy
            self.probabilities = probabilities
            self.bufferSize = bufferSize
            self.seed = seed
        }
    }

    private let settings: Settings
    private let sources: [Source]
    /// What decides which source is next; the sources' order where they follow each other.
    private var generator: PCG64
    private var turns: [Int] = []
    private var turn = 0
    private var upcoming: [Source.Row?] = []
    private var isUsedUp: [Bool] = []
    private var buffer: ShuffleBuffer<Source.Row>

    /// - Parameter sources: none of them empty
    package init(_ sources: [Source], _ settings: Settings) {
        self.sources = sources
        self.settings = settings
        generator = PCG64(seed: settings.seed)
        buffer = ShuffleBuffer(size: settings.bufferSize, generator: generator)
    }

    /// Begins an epoch, counted from 0. Each has an order of its own.
    package func begin(epoch: Int) throws {
        generator = PCG64(seed: Self.seed(settings.seed, epoch: epoch))
        buffer = ShuffleBuffer(size: settings.bufferSize, generator: generator)
        turns = Array(sources.indices)
        if settings.strategy == .concat {
            // The reference shuffles which data set comes first, too.
            for index in stride(from: turns.count - 1, to: 0, by: -1) {
                turns.swapAt(index, generator.next(through: index))
            }
        }
        turn = 0
        for source in sources { try source.rewind() }
        isUsedUp = sources.map { _ in false }
        upcoming = try sources.map { try $0.next() }
    }

    private static func seed(_ seed: UInt64, epoch: Int) -> UInt64 {
        guard epoch > 0 else { return seed }
        var generator = PCG64(seed: seed)
        let (difference, isNegative) = (generator.next64() >> 1).subtractingReportingOverflow(UInt64(epoch))
        return isNegative ? difference &+ 1 << 63 : difference
    }

    /// The next row of the epoch; nil behind the last one.
    package func next() throws -> Source.Row? {
        while let row = try nextMixed() {
            if let pushed = buffer.push(row) { return pushed }
        }
        return buffer.pop()
    }

    private func nextMixed() throws -> Source.Row? {
        while let index = nextSource() {
            if isUsedUp[index], settings.strategy == .interleaveOnce { continue }
            guard let row = upcoming[index] else { return nil }
            upcoming[index] = try sources[index].next()
            if upcoming[index] == nil {
                isUsedUp[index] = true
                if settings.strategy == .interleaveOver, isUsedUp.contains(false) {
                    try sources[index].rewind()
                    upcoming[index] = try sources[index].next()
                }
            }
            return row
        }
        return nil
    }

    private func nextSource() -> Int? {
        switch settings.strategy {
        case .concat:
            while turn < turns.count, isUsedUp[turns[turn]] { turn += 1 }
            return turn < turns.count ? turns[turn] : nil
        case .interleaveUnder where isUsedUp.contains(true): return nil
        case .interleaveOver, .interleaveOnce:
            if !isUsedUp.contains(false) { return nil }
        default: break
        }
        if let probabilities = settings.probabilities, sources.count > 1 { return generator.choice(probabilities) }
        defer { turn = (turn + 1) % sources.count }
        return turn
    }
}

/// A buffer that gives a row at random for each one that comes once it is full, and the rest at the end.
struct ShuffleBuffer<Row> {
    /// The reference draws so many places at once, and goes on behind the last whole block.
    private static var blockSize: Int { 1000 }

    private let size: Int
    private var generator: PCG64
    private var places: [Int] = []
    private var rows: [Row] = []
    private var isEnding = false

    init(size: Int, generator: PCG64) {
        self.size = max(1, size)
        self.generator = generator
    }

    mutating func push(_ row: Row) -> Row? {
        guard rows.count == size else {
            rows.append(row)
            return nil
        }
        if places.isEmpty {
            places = (0..<Self.blockSize).map { _ in generator.next(below: size) }.reversed()
        }
        let place = places.removeLast()
        defer { rows[place] = row }
        return rows[place]
    }

    /// What is left, one after the other.
    mutating func pop() -> Row? {
        if !isEnding {
            isEnding = true
            for index in stride(from: rows.count - 1, to: 0, by: -1) {
                rows.swapAt(index, generator.next(through: index))
            }
            rows.reverse()
        }
        return rows.popLast()
    }
}
