import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import LinuxSystem
import RunConfiguration
import Testing
import Tokenization

/// `tokenized_path` and `overwrite_cache`: data that is kept is the data that was prepared, or nobody uses it.
@Suite struct SavedDataTests {
    private static let rows = #"""
        [{"instruction": "Hi", "output": "Hello"}, {"instruction": "Bye", "input": "now", "output": "See you"},
        {"instruction": "Q", "output": ""}, {"instruction": "What is it", "output": "It is a much longer answer"}]
        """#
    private static let pairs = #"""
        [{"instruction": "Hi", "chosen": "Hello", "rejected": "No"}, {"instruction": "Q", "chosen": "A", "rejected": "B"}]
        """#
    private static let judged = #"""
        [{"instruction": "q1", "output": "g1", "kto_tag": true}, {"instruction": "q2", "output": "b2", "kto_tag": false}]
        """#
    private static let info = #"""
        {"d": {"file_name": "d.json"}, "e": {"file_name": "d.json"},
        "p": {"file_name": "p.json", "ranking": true, "columns": {"prompt": "instruction", "chosen": "chosen",
        "rejected": "rejected"}},
        "k": {"file_name": "k.json", "columns": {"prompt": "instruction", "response": "output", "kto_tag": "kto_tag"}}}
        """#

    private let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder([
            "dataset_info.json": Self.info, "d.json": Self.rows, "p.json": Self.pairs, "k.json": Self.judged,
        ])
    }

    private func prepare(
        _ settings: [String] = ["stage: sft", "dataset: d"], template name: String = "default",
        saved: SavedDataUse = .readAndWritten
    ) throws -> PreparedData {
        let text =
            ([
                "model_name_or_path: x", "output_dir: out", "do_train: true", "dataset_dir: .", "template: \(name)",
                "tokenized_path: kept/here",
            ] + settings).joined(separator: "\n")
        let configuration = try RunConfiguration.parse(yaml: text, name: "run.yaml").validated(for: .data)
        let template = try ChatTemplate.named(name).changed(by: configuration)
        var tokenizer = try DatasetFixtures.tokenizer("characters")
        _ = try template.fix(&tokenizer)
        return try prepareData(
            configuration: configuration, tokenizer: tokenizer, template: template,
            stage: configuration[Parameters.stage], workingDirectory: folder.path, saved: saved)
    }

    private var place: String { folder.path + "/kept/here" }

    private func refusal(_ settings: [String], template: String = "default") -> String {
        do {
            _ = try prepare(settings, template: template)
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ["stage: sft", "dataset: d", "eval_dataset: d,e", "eval_on_each_dataset: true"],
        ["stage: sft", "dataset: d", "packing: true", "cutoff_len: 40", "val_size: 1"],
        ["stage: sft", "dataset: d", "neat_packing: true", "cutoff_len: 40"],
        ["stage: pt", "dataset: d", "cutoff_len: 8"],
        ["stage: dpo", "dataset: p"], ["stage: kto", "dataset: k"], ["stage: ppo", "dataset: d"],
    ])
    func whatIsReadIsWhatWasPrepared(settings: [String]) throws {
        let prepared = try prepare(settings)
        #expect(FileManager.default.fileExists(atPath: place + "/MANIFEST.json"))
        // The rows' file alone is gone: nothing is prepared again.
        for name in ["d.json", "p.json", "k.json"] {
            try FileManager.default.removeItem(atPath: folder.path + "/" + name)
        }
        #expect(try prepare(settings) == prepared)
        #expect(throws: (any Error).self) { try prepare(settings, saved: .ignored) }
        let beside = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/kept")
        #expect(beside == ["here"])
    }

    @Test func onlyTrainingWrites() throws {
        _ = try prepare(saved: .read)
        #expect(!FileManager.default.fileExists(atPath: place))
    }

    @Test func everyDifferenceIsNamed() throws {
        _ = try prepare()
        let changed = refusal([
            "stage: sft", "dataset: d", "cutoff_len: 100", "mask_history: true", "seed: 7", "max_samples: 2",
        ])
        for line in [
            "`cutoff_len` was 2048, is now 100", "`mask_history` was false, is now true", "`seed` was 42, is now 7",
            "`max_samples` was not set, is now 2", "run.yaml:6", "overwrite_cache",
        ] {
            #expect(changed.contains(line), "\(line) is missing in: \(changed)")
        }
        #expect(
            refusal(["stage: sft", "dataset: d"], template: "qwen").contains("`template` was default, is now qwen"))
        try Self.rows.replacing("Hello", with: "Hallo")
            .write(toFile: folder.path + "/d.json", atomically: true, encoding: .utf8)
        #expect(refusal(["stage: sft", "dataset: d"]).contains("d.json has changed"))
        #expect(refusal(["stage: sft", "dataset: e"]).contains("`dataset` was [\"d\"], is now [\"e\"]"))
    }

    @Test func overwriteCachePreparesAnew() throws {
        let first = try prepare()
        let changed = ["stage: sft", "dataset: d", "max_samples: 1"]
        let second = try prepare(changed + ["overwrite_cache: true"])
        #expect(first.training.count == 4 && second.training.count == 1)
        #expect(try prepare(changed) == second)
    }

    @Test func anEmptyFolderIsFilledAndAnotherOneIsKept() throws {
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        _ = try prepare()
        let other = place + "/MANIFEST.json"
        try "{}".write(toFile: other, atomically: true, encoding: .utf8)
        for extra in [[], ["overwrite_cache: true"]] {
            #expect(refusal(["stage: sft", "dataset: d"] + extra).contains("that of something else"))
        }
        try FileManager.default.moveItem(atPath: other, toPath: place + "/dataset_dict.json")
        #expect(refusal(["stage: sft", "dataset: d", "overwrite_cache: true"]).contains("LLaMA-Factory"))
        #expect(FileManager.default.fileExists(atPath: place + "/dataset_dict.json"))
    }

    /// Cut at every length, and with every word changed: damage is told, and never read.
    @Test func damageIsFound() throws {
        let prepared = try prepare()
        let items = URL(filePath: place + "/train.items")
        let whole = try Data(contentsOf: items)
        for length in stride(from: 0, to: whole.count, by: 97) {
            try whole.prefix(length).write(to: items)
            #expect(refusal(["stage: sft", "dataset: d"]).contains("is not what was written"))
        }
        // With a manifest that vouches for it, what the numbers mean is still checked.
        let manifest = URL(filePath: place + "/MANIFEST.json")
        var document = try JSONValue(parsing: Array(Data(contentsOf: manifest)))
        for position in stride(from: 0, to: min(whole.count, 400), by: 4) {
            for value: Int32 in [-1, .min, .max, 0, 6] {
                var changed = whole
                withUnsafeBytes(of: value.littleEndian) { changed.replaceSubrange(position..<position + 4, with: $0) }
                try changed.write(to: items)
                var training = document["training"]?.object ?? [:]
                training["xxh3"] = .string(Self.hash(of: items.path))
                var object = document.object ?? [:]
                object["training"] = .object(training)
                document = .object(object)
                try Data(document.serializedBytes(.compact)).write(to: manifest)
                do {
                    let read = try prepare()
                    #expect(read.training.count == prepared.training.count)
                } catch {
                    #expect("\(error)".contains("cannot be used as prepared data"))
                }
            }
        }
    }

    private static func hash(of path: String) -> String { (try? FileHash.ofFile(path)) ?? "" }
}
