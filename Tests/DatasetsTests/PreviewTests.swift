import Datasets
import JSONDocuments
import RunConfiguration
import Testing
import Tokenization

/// What people and programs are shown of a run's data.
struct PreviewTests {
    static let rows = #"""
        [{"instruction": "ab", "input": "", "output": "c\nd\u001b"}, {"instruction": "ab", "input": "", "output": "c\nd\u001b"},
        {"instruction": "", "input": "", "output": ""}, {"instruction": "abcdefgh", "input": "", "output": "xyz"},
        {"instruction": "x", "input": "", "output": null}]
        """#

    private func prepared() throws -> (PreparedData, PreviewText) {
        var preparing = Preparing("empty", rows: Self.rows)
        preparing.options.cutoff = 8
        let (data, tokenizer) = try preparing.run()
        return (data, PreviewText(tokenizer: tokenizer, usesColor: false, columns: 40))
    }

    @Test func trainedTokensAreMarked() throws {
        let (data, preview) = try prepared()
        #expect(
            try preview.item(data.training[0], number: 1, of: 4) == """

                item 1 of 4: 6 tokens, 4 trained on
                ab«c
                d<unk>»
                tokens:
                  85:a 86:b «87:c» «115:⏎» «88:d»
                  «0:<unk>»

                """)
    }

    @Test func controlCharactersDoNotReachTheTerminal() throws {
        let item = PreparedItem.sequence(TrainingItem(inputIDs: [5], labels: [-100]))
        let json = try DatasetFixtures.tokenizer("word")
        let escape = try json.encode("\u{1B}[31m")
        let text = try PreviewText(tokenizer: json, usesColor: false, columns: 80)
            .item(.sequence(TrainingItem(inputIDs: escape, labels: escape)), number: 1, of: 1)
        #expect(text.contains("␛[31m") && !text.contains("\u{1B}"))
        #expect(item.sequence?.inputIDs == [5])
    }

    @Test func theSummaryCounts() throws {
        let (data, preview) = try prepared()
        let part = try #require(data.report.training)
        #expect(part.duplicates == 1 && part.truncatedItems == 1 && part.itemsWithoutLabels == 1)
        #expect(part.lengths == [6: 2, 0: 1, 8: 1])
        let text = preview.summary(data.report, part)
        #expect(text.contains("fully masked items: 1, truncated: 1, repeated rows: 1, dropped rows: 1\n"))
        #expect(text.contains("row 2, the same as"))
        #expect(text.contains("6 2 ####"))
    }

    /// Drawing a row twice is not a fault of the data.
    @Test func rowsRepeatedByMixingAreNoDuplicates() throws {
        var preparing = Preparing("empty", rows: #"[{"instruction": "a", "input": "", "output": "b"}]"#)
        preparing.files["e.json"] =
            #"[{"instruction": "c", "input": "", "output": "d"}, {"instruction": "e", "input": "", "output": "f"}]"#
        preparing.info = #"{"d": {"file_name": "d.json"}, "e": {"file_name": "e.json"}}"#
        preparing.options.datasets = ["d", "e"]
        preparing.options.mixStrategy = .interleaveOver
        let part = try #require(try preparing.run().data.report.training)
        #expect(part.items == 4 && part.duplicates == 0)
    }

    @Test func barsCoverEveryLength() {
        #expect(LengthHistogram([:]).bars.isEmpty)
        for lengths in [[3: 1], [0: 2, 15: 1], [0: 1, 16: 4], [5: 1, 2048: 9, 700: 3]] {
            let bars = LengthHistogram(lengths).bars
            #expect(bars.count <= 16)
            #expect(bars.reduce(0) { $0 + $1.count } == lengths.values.reduce(0, +))
            for (length, count) in lengths {
                #expect(bars.contains { $0.range.contains(length) && $0.count >= count })
            }
        }
    }

    @Test func linesKeepTheItemsOrder() {
        let items = (0..<100).map { PreparedItem.sequence(TrainingItem(inputIDs: [Int32($0)], labels: [-100])) }
        let text = String(decoding: ItemLines(stage: .sft, paddingID: 0).bytes(of: items[...]), as: UTF8.self)
        let lines = text.split(separator: "\n")
        #expect(lines.count == 100)
        #expect(lines[99] == #"{"input_ids": [99], "attention_mask": [1], "labels": [-100]}"#)
    }
}
