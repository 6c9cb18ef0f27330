import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Tensors
import Testing
import Tokenization

/// Streamed data are the rows of the same data in the stream's order, whatever kind of file they lie in.
@Suite struct DataStreamTests {
    private func stream(
        _ files: [String: String], info: String = #"{"d": {"file_name": "d.jsonl"}}"#, datasets: [String] = ["d"],
        change: (inout DataOptions) -> Void = { _ in }
    ) throws -> (stream: DataStream, tokenizer: Tokenizer, folder: ScratchFolder) {
        let folder = try ScratchFolder(files.merging(["dataset_info.json": info]) { $1 })
        var options = DataOptions(folder: folder.path)
        options.datasets = datasets
        options.templateName = "default"
        options.streams = true
        options.bufferSize = 1
        options.groupSize = 3
        change(&options)
        let template = try ChatTemplate.named("default")
        var tokenizer = try DatasetFixtures.tokenizer("characters")
        _ = try template.fix(&tokenizer)
        return (try DataStream(options, tokenizer: tokenizer, template: template), tokenizer, folder)
    }

    private func answers(_ stream: DataStream, _ tokenizer: Tokenizer, most: Int = .max) throws -> [String] {
        var answers: [String] = []
        while answers.count < most, let item = try stream.next()?.sequence {
            let labels = item.labels.filter { $0 != ignoredLabel }
            answers.append(
                try tokenizer.decode(labels, skippingSpecialTokens: true).trimmingCharacters(
                    in: .whitespacesAndNewlines))
        }
        return answers
    }

    private static let names = (0..<10).map { "r\($0)" }
    private static let lines = names.map { #"{"instruction": "q", "input": "", "output": "\#($0)"}"# }

    private static let separated = [
        ("d.csv", "instruction,input,output\n", "q,,", "\r\n"),
        ("d.tsv", "instruction\tinput\toutput\n", "q\t\t", "\n"),
    ].map { file, head, prompt, end in (file, head + names.map { prompt + $0 }.joined(separator: end)) }
    private static let files: [(String, String)] =
        [
            ("d.jsonl", lines.joined(separator: "\n\n")), ("d.json", "[\n" + lines.joined(separator: ",\n") + "]"),
            ("d.json", lines.joined()),
            ("d.jsonl", lines.map { $0.replacing(", ", with: ",\n ") }.joined(separator: "\n")),
            (
                "d.json",
                "\u{FEFF}["
                    + lines.map { $0.replacing("\"input\": \"\"", with: "\"input\": NaN") }.joined(separator: ",") + "]"
            ),
        ] + separated

    @Test(arguments: files)
    func everyKindOfFile(file: String, text: String) throws {
        let (stream, tokenizer, _) = try stream([file: text], info: #"{"d": {"file_name": "\#(file)"}}"#)
        #expect(try answers(stream, tokenizer) == Self.names)
        #expect(try stream.isAtEnd())
        try stream.begin(epoch: 1)
        #expect(try answers(stream, tokenizer) == Self.names)
        #expect(stream.part.rows == 20 && stream.part.items == 20)
    }

    /// The buffer's order is that of the reference (its own tests are in StreamOrderTests), and so are the epochs.
    @Test func bufferAndValidation() throws {
        let (stream, tokenizer, _) = try stream(["d.jsonl": Self.lines.joined(separator: "\n")]) {
            $0.bufferSize = 4
            $0.validation = .count(2)
        }
        #expect(try answers(stream, tokenizer).joined(separator: " ") == "r2 r1 r7 r5 r8 r4 r9 r6")
        #expect(stream.evaluations.map(\.items.count) == [2])
        try stream.begin(epoch: 1)
        #expect(try answers(stream, tokenizer).joined(separator: " ") == "r0 r4 r5 r8 r6 r7 r3 r9")
        #expect(stream.notes.joined().contains("val_size"))
    }

    /// From every position, also inside a group and with rows that are dropped.
    @Test func seekingGoesOnWithTheNextItem() throws {
        var lines = Self.lines
        lines[4] = #"{"instruction": "q", "input": "", "output": null}"#
        let (stream, tokenizer, _) = try stream(["d.jsonl": lines.joined(separator: "\n")]) { $0.bufferSize = 3 }
        var places: [(DataStream.Position, [String])] = []
        for epoch in 0..<2 {
            try stream.begin(epoch: epoch)
            let whole = try answers(stream, tokenizer)
            #expect(whole.count == 9)
            try stream.begin(epoch: epoch)
            for taken in 0..<9 {
                places.append((stream.position, Array(whole.dropFirst(taken))))
                _ = try stream.next()
            }
        }
        for (position, rest) in places.shuffled() {
            try stream.seek(position)
            #expect(try answers(stream, tokenizer) == rest, "\(position)")
        }
        #expect(stream.part.drops.first?.reason == .noResponse)
    }

    @Test func interleavedSets() throws {
        let (stream, tokenizer, _) = try stream(
            [
                "a.json": "["
                    + ["a0", "a1", "a2"].map { #"{"instruction":"q","input":"","output":"\#($0)"}"# }.joined(
                        separator: ",") + "]",
                "b.jsonl": ["b0", "b1"].map { #"{"instruction":"q","input":"","output":"\#($0)"}"# }.joined(
                    separator: "\n"),
            ], info: #"{"a": {"file_name": "a.json"}, "b": {"file_name": "b.jsonl", "num_samples": 1}}"#,
            datasets: ["a", "b"]
        ) { $0.mixStrategy = .interleaveOver }
        #expect(try answers(stream, tokenizer) == ["a0", "b0", "a1", "b1", "a2"])
        #expect(stream.notes.joined().contains("num_samples: 1"))
    }

    /// A long file is read through in the memory of a short one; its rows are as long as pages, or longer.
    @Test func memoryStaysWhileTheDataGrows() throws {
        func growth(rows: Int) throws -> Int {
            let answer = String(repeating: "word ", count: 800)
            let text = String(
                repeating: #"{"instruction": "q", "input": "", "output": "\#(answer)"}"# + "\n", count: rows)
            let (stream, _, folder) = try stream(["d.jsonl": text]) {
                $0.bufferSize = 64
                $0.groupSize = 50
                $0.cutoff = 16
            }
            let start = MemoryUsage()?.resident ?? 0
            var most = start
            try withExtendedLifetime(folder) {
                while try stream.next() != nil { most = max(most, MemoryUsage()?.resident ?? 0) }
            }
            #expect(stream.part.rows == rows)
            return most - start
        }
        _ = try growth(rows: 200)
        #expect(try growth(rows: 8000) < 8 << 20, "32 MB")
    }

    @Test func whatCannotBeStreamedIsTold() {
        func told(_ files: [String: String], _ info: String, _ change: (inout DataOptions) -> Void = { _ in }) -> String
        {
            do {
                let (stream, _, _) = try stream(files, info: info, change: change)
                while try stream.next() != nil {}
                return "accepted"
            } catch {
                return "\(error)"
            }
        }
        let plain = #"{"d": {"file_name": "d.jsonl"}}"#
        let text = Self.lines.joined(separator: "\n")
        #expect(told(["d.jsonl": text], plain) == "accepted")
        #expect(told(["d.jsonl": text], #"{"d": {"file_name": "d.jsonl", "split": "train[:3]"}}"#).contains("length"))
        #expect(told(["d.jsonl": text], plain) { $0.validation = .count(10) }.contains("nothing to train on"))
        #expect(told(["d.jsonl": ""], plain).contains("holds no rows"))
        #expect(told(["d.jsonl": text + "\nnonsense"], plain).contains("line 11"))
        #expect(
            told(["d.jsonl": #"{"instruction": "q", "input": "", "output": null}"#], plain).contains(
                "none of the 1 rows"))
        #expect(told(["d.jsonl": #"{"other": "q"}"#], plain).contains("no column"))
    }
}
