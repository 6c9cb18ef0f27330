import RunConfiguration
import Testing

import Datasets

/// Datasets a, c, b with three, four and five rows, and ten rows r0...r9; seed 42.
struct MixingTests {
    static let mixes: [(MixStrategy, [Double]?, String)] = [
        (.concat, nil, "a0 a1 a2 c0 c1 c2 c3 b0 b1 b2 b3 b4"),
        (.interleaveUnder, nil, "a0 c0 b0 a1 c1 b1 a2 c2 b2"),
        (.interleaveOver, nil, "a0 c0 b0 a1 c1 b1 a2 c2 b2 a0 c3 b3 a1 c0 b4"),
        (.interleaveOnce, nil, "a0 c0 b0 a1 c1 b1 a2 c2 b2 c3 b3 b4"),
        (.interleaveOnce, [0.2, 0.3, 0.5], "b0 c0 b1 b2 a0 b3 b4 a1 c1 c2 c3 a2"),
        (.interleaveUnder, [0.2, 0.3, 0.5], "b0 c0 b1 b2 a0 b3 b4"),
        (.interleaveOver, [0.2, 0.3, 0.5], "b0 c0 b1 b2 a0 b3 b4 b0 a1 c1 c2 b1 b2 b3 c3 c0 b4 a2"),
    ]

    @Test(arguments: mixes) func mixing(strategy: MixStrategy, probabilities: [Double]?, expected: String) {
        let mixed = strategy.mixed(counts: [3, 4, 5], probabilities: probabilities, seed: 42)
        #expect(mixed.map { ["a", "c", "b"][$0.dataset] + String($0.row) }.joined(separator: " ") == expected)
    }

    static let splits: [(RowShare, String, String)] = [
        (.fraction(0.1), "6 0 7 3 2 4 9 1 8", "5"), (.fraction(0.25), "7 3 2 4 9 1 8", "5 6 0"),
        (.count(3), "7 3 2 4 9 1 8", "5 6 0"), (.count(1), "6 0 7 3 2 4 9 1 8", "5"),
        (.fraction(2.7), "0 7 3 2 4 9 1 8", "5 6"),
    ]

    @Test(arguments: splits) func splitting(share: RowShare, train: String, evaluation: String) throws {
        let parts = try share.split(10, seed: 42)
        #expect(parts.train.map(String.init).joined(separator: " ") == train)
        #expect(parts.evaluation.map(String.init).joined(separator: " ") == evaluation)
    }

    @Test(arguments: [
        RowShare.fraction(1.0), .count(10), .count(11), .fraction(10.5), .fraction(1e300), .fraction(0.95),
    ])
    func nothingLeftToTrainOn(share: RowShare) {
        #expect(throws: DataError.self) { try share.split(10, seed: 42) }
    }

    @Test(arguments: [
        ("train", 0..<10), ("train[:3]", 0..<3), ("train[7:]", 7..<10), ("train[2:5]", 2..<5), ("train[-2:]", 8..<10),
        ("train[10%:20%]", 1..<2), ("train[:25%]", 0..<2), ("train[:35%]", 0..<4), ("train[5:99]", 5..<10),
        ("train[6:2]", 6..<6),
    ])
    func partsOfASplit(text: String, expected: Range<Int>) throws {
        #expect(try SplitExpression(text, dataset: "d").range(of: 10) == expected)
    }

    @Test(arguments: ["test", "train[", "train[1]", "train[a:b]", "train[1:2:3]", "train[:200%]", "training"])
    func otherSplitsAreRefused(text: String) {
        #expect(throws: DataError.badSplit(dataset: "d", split: text)) { try SplitExpression(text, dataset: "d") }
    }

    /// Documents never share a block with those of another group.
    @Test func groupsOfRows() {
        #expect(RowGroups.ranges(of: 7, shards: nil, size: 3) == [0..<3, 3..<6, 6..<7])
        #expect(RowGroups.ranges(of: 7, shards: 2, size: 3) == [0..<3, 3..<4, 4..<7])
        #expect(RowGroups.ranges(of: 2, shards: 8, size: 1000) == [0..<1, 1..<2])
        #expect(RowGroups.ranges(of: 0, shards: 4, size: 10) == [])
    }
}
