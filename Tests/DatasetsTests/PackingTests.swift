import Datasets
import JSONDocuments
import RunConfiguration
import Testing
import Tokenization

/// Several examples in one item, one token a character.
struct PackingTests {
    static let fillings: [([Int], Int, [[Int]])] = [
        ([4, 8, 2, 6, 10, 3], 10, [[10], [8, 2], [6, 4], [3]]), ([5, 5, 5, 5], 10, [[5, 5], [5, 5]]),
        ([7, 7, 7], 10, [[7], [7], [7]]),
        ([1, 2, 3, 4, 5, 6, 7, 8, 9], 12, [[9, 3], [8, 4], [7, 5], [6, 2, 1]]), ([], 10, []),
        ([0, 3, 0], 3, [[3, 0, 0]]),
    ]

    @Test(arguments: fillings) func largestFirst(lengths: [Int], capacity: Int, expected: [[Int]]) {
        #expect(Knapsack.packs(lengths, capacity: capacity).map { $0.map { lengths[$0] } } == expected)
    }

    /// The reference would never end.
    @Test func whatFitsNowhereIsLeftOut() {
        #expect(Knapsack.packs([11, 3, 12], capacity: 10) == [[1]])
    }

    /// Against the plain rule: try every length that is left, largest first, the last of equals.
    @Test func sameAsTheSlowWay() {
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        for _ in 0..<200 {
            let lengths = (0..<random(40)).map { _ in random(12) }
            var left = Array(lengths.indices)
            var packs: [[Int]] = []
            while !left.isEmpty {
                var (pack, free): ([Int], Int) = ([], 15)
                while let best = left.filter({ lengths[$0] <= free }).max(by: { (lengths[$0], $0) < (lengths[$1], $1) })
                {
                    pack.append(best)
                    free -= lengths[best]
                    left.removeAll { $0 == best }
                }
                packs.append(pack)
            }
            #expect(Knapsack.packs(lengths, capacity: 15) == packs)
        }
    }

    private func packed(_ questions: [(String, String)], cutoff: Int, separates: Bool) throws -> PreparedData {
        let rows = questions.map { #"{"instruction": "\#($0.0)", "input": "", "output": "\#($0.1)"}"# }
        var preparing = Preparing("empty", rows: "[\(rows.joined(separator: ","))]")
        preparing.options.packs = true
        preparing.options.separatesPacked = separates
        // Asking for packing takes one token off.
        preparing.options.cutoff = cutoff - 1
        return try preparing.run().data
    }

    @Test func examplesOfTheReference() throws {
        let rows = [3, 1, 5, 2].map { (String(repeating: "a", count: $0), "b") }
        for separates in [false, true] {
            let data = try packed(rows, cutoff: 12, separates: separates)
            let items = data.training.map { $0.preview(stage: .sft, paddingID: 3) }
            func numbers(_ item: Int, _ name: String) -> [Int64] {
                (items[item][name]?.array ?? []).compactMap(\.integer)
            }
            #expect(items.count == 2)
            #expect(numbers(0, "position_ids") == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 0, 0])
            #expect(numbers(1, "position_ids") == [0, 1, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0])
            #expect(numbers(0, "input_ids").suffix(2) == [3, 3])
            #expect(data.train.map(\.labelRuns) == ["-5 +1 -3 +1", "-2 +1 -1 +1"])
            #expect(numbers(1, "labels").suffix(7) == [-100, -100, -100, -100, -100, -100, -100])
            let marks: [Int64] = separates ? [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 0, 0] : .init(repeating: 1, count: 12)
            #expect(numbers(0, "attention_mask") == marks)
            #expect(
                (items[0]["packing_params"]?["sequence_boundaries"]?.serialized(.compact))
                    == (separates ? "[0,6,10,12]" : nil))
            #expect((items[1]["packing_params"]?["right_padding_length"]?.integer) == (separates ? 7 : nil))
        }
    }

    @Test func theLastOfEqualsIsTakenFirst() throws {
        let data = try packed(["a", "b", "c", "d", "e", "f"].map { ($0, "x") }, cutoff: 9, separates: false)
        let tokenizer = try DatasetFixtures.tokenizer("characters")
        #expect(
            try data.train.map { try tokenizer.decode($0.inputIDs, skippingSpecialTokens: false) }
                == ["fxexdxcx", "bxax"])
        #expect(data.report.training?.packedExamples == 6)
    }
}
