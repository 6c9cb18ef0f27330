import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import RunConfiguration
import Tensors
import Tokenization

/// The files beside these tests; scripts/fixtures/prepared_data.py makes them.
enum DatasetFixtures {
    static let folder = Bundle.module.resourceURL?.appending(path: "Fixtures").path ?? ""

    static func tokenizer(_ name: String) throws -> Tokenizer {
        if name == "characters-bos" {
            let json = try Data(contentsOf: URL(filePath: folder + "/character-tokenizer/tokenizer.json"))
            return try Tokenizer(
                json: Array(json),
                configuration: TokenizerConfiguration([
                    "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>",
                    "add_bos_token": true,
                ]))
        }
        return try Tokenizer(directory: folder + (name == "word" ? "/word-tokenizer" : "/character-tokenizer"))
    }
}

/// Rows prepared with the tokenizer of one token a character.
struct Preparing {
    var template = "default"
    var tokenizerName = "characters"
    /// Files of the data folder beside dataset_info.json.
    var files: [String: String] = [:]
    var info = #"{"d": {"file_name": "d.json"}}"#
    var options = DataOptions(folder: "")

    init(_ template: String = "default", rows: String = "[]", formatting: String = "alpaca") {
        self.template = template
        info = #"{"d": {"file_name": "d.json", "formatting": "\#(formatting)"}}"#
        files = ["d.json": rows]
        options.datasets = ["d"]
    }

    /// The dialog of the reference's examples: Hi, Hello, Bye, See you.
    static func dialog(_ template: String) -> Preparing {
        Preparing(
            template,
            rows: #"""
                [{"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"},
                {"from": "human", "value": "Bye"}, {"from": "gpt", "value": "See you"}]}]
                """#, formatting: "sharegpt")
    }

    static func documents(_ texts: [String]) -> Preparing {
        var preparing = Preparing()
        preparing.files = ["d.txt": texts.joined(separator: "\n")]
        preparing.info = #"{"d": {"file_name": "d.txt", "columns": {"prompt": "text"}}}"#
        preparing.options.stage = .pt
        preparing.options.packs = true
        return preparing
    }

    func run() throws -> (data: PreparedData, tokenizer: Tokenizer) {
        let scratch = try ScratchFolder(files.merging(["dataset_info.json": info]) { $1 })
        var options = options
        options.folder = scratch.path
        options.templateName = template
        let template = try ChatTemplate.named(template)
        var tokenizer = try DatasetFixtures.tokenizer(tokenizerName)
        _ = try template.fix(&tokenizer)
        let data = try withExtendedLifetime(scratch) {
            try prepareData(options, tokenizer: tokenizer, template: template)
        }
        return (data, tokenizer)
    }

    /// The decoded inputs of every training item.
    func texts() throws -> [String] {
        let (data, tokenizer) = try run()
        return try data.train.map { try tokenizer.decode($0.inputIDs, skippingSpecialTokens: false) }
    }

    /// The message of the error that the preparation ends with, without the scratch folder's name.
    func message() -> String {
        do {
            _ = try run()
            return "no error"
        } catch {
            return String(describing: error)
                .replacing(/[^ ]*\/datasets-[-0-9A-F]+/, with: "DATA")
        }
    }
}

extension TrainingItem {
    /// Run lengths of positions without and with a label, as in `-21 +7`.
    var labelRuns: String {
        var runs: [(isLabelled: Bool, count: Int)] = []
        for label in labels {
            let isLabelled = label != ignoredLabel
            if runs.last?.isLabelled == isLabelled {
                runs[runs.count - 1].count += 1
            } else {
                runs.append((isLabelled, 1))
            }
        }
        return runs.map { ($0.isLabelled ? "+" : "-") + String($0.count) }.joined(separator: " ")
    }

    func trainedText(by tokenizer: Tokenizer) throws -> String {
        try tokenizer.decode(labels.filter { $0 != ignoredLabel }, skippingSpecialTokens: false)
    }
}

extension PreparedItem {
    var sequence: TrainingItem? {
        if case .sequence(let item) = self { item } else { nil }
    }
}

extension PreparedData {
    /// The sequences to train on, for stages that train on sequences.
    var train: [TrainingItem] { training.compactMap(\.sequence) }

    /// The sequences of all evaluations; nil if the run evaluates nothing.
    var evaluation: [TrainingItem]? {
        evaluations.isEmpty ? nil : evaluations.flatMap { $0.items.compactMap(\.sequence) }
    }
}
