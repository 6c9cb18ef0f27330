import Datasets
import Foundation
import JSONDocuments
import RunConfiguration
import Testing

/// Orders of streamed rows against those of `datasets` 4.0 (scripts/fixtures/streams.py).
@Suite struct StreamOrderTests {
    private final class Rows: StreamedRows {
        let names: [String]
        var position = 0

        init(_ name: String, count: Int) { names = (0..<count).map { "\(name)\($0)" } }

        func rewind() { position = 0 }

        func next() -> String? {
            guard position < names.count else { return nil }
            position += 1
            return names[position - 1]
        }
    }

    @Test func ordersAreTheReferences() throws {
        let text = try String(contentsOfFile: DatasetFixtures.folder + "/stream-orders.jsonl", encoding: .utf8)
        let cases = try text.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
        #expect(cases.count == 136)
        for entry in cases {
            let order = StreamOrder(
                (entry["sizes"]?.object ?? [:]).map { Rows($0.key, count: Int($0.value.integer ?? 0)) },
                .init(
                    strategy: try #require(MixStrategy(rawValue: entry["strategy"]?.string ?? "")),
                    probabilities: entry["probabilities"]?.array?.compactMap(\.double),
                    bufferSize: Int(entry["buffer"]?.integer ?? 0), seed: UInt64(entry["seed"]?.integer ?? 0)))
            let skipped = Int(entry["validation_size"]?.integer ?? 0)
            for (epoch, expected) in (entry["epochs"]?.array ?? []).enumerated() {
                try order.begin(epoch: epoch)
                var rows: [String] = []
                while let row = try order.next() { rows.append(row) }
                #expect(rows.dropFirst(skipped).joined(separator: " ") == expected.string, "\(entry) epoch \(epoch)")
                if epoch == 0, skipped > 0 {
                    #expect(rows.prefix(skipped).joined(separator: " ") == entry["validation"]?.string)
                }
            }
        }
    }

    /// Newer libraries than the reference's own have it: as `interleave_over`, but nothing is taken twice.
    @Test func interleavingOnce() throws {
        for (probabilities, expected) in [
            (nil, "a0 c0 b0 a1 c1 b1 a2 c2 b2 c3 b3 b4"),
            ([0.2, 0.3, 0.5], "b0 c0 b1 b2 a0 b3 b4 a1 c1 c2 c3 a2"),
        ] {
            let order = StreamOrder(
                [Rows("a", count: 3), Rows("c", count: 4), Rows("b", count: 5)],
                .init(strategy: .interleaveOnce, probabilities: probabilities, bufferSize: 1, seed: 42))
            try order.begin(epoch: 0)
            var rows: [String] = []
            while let row = try order.next() { rows.append(row) }
            #expect(rows.joined(separator: " ") == expected)
        }
    }

    /// More rows than the reference draws places for at once.
    @Test func longStreamsAreWhole() throws {
        let order = StreamOrder(
            [Rows("r", count: 5000)], .init(strategy: .concat, probabilities: nil, bufferSize: 100, seed: 1))
        try order.begin(epoch: 0)
        var rows: [String] = []
        while let row = try order.next() { rows.append(row) }
        #expect(Set(rows).count == 5000 && rows.count == 5000)
    }
}
