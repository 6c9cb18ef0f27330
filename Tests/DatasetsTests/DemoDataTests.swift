import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import RunConfiguration
import Testing
import Tokenization

/// LLaMA-Factory's demo data with real vocabularies: every id and label, as a digest.
struct DemoDataTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var tokenizer: String
        var configuration: JSONValue
        var train: JSONValue
        var evaluation: JSONValue

        var testDescription: String { configuration.serialized(.compact) }
    }

    /// The shared folder; nil, with a printed reason, where it is not there.
    static let shared: String? = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let shared =
            ProcessInfo.processInfo.environment["FINETUNED_SHARED"]
            ?? root.deletingLastPathComponent().appendingPathComponent("shared").path
        if FileManager.default.fileExists(atPath: shared + "/data/dataset_info.json") { return shared }
        print("Demo data is left out: there is no \(shared)/data; FINETUNED_SHARED names the shared folder.")
        return nil
    }()

    static let cases: [Case] = {
        let path = DatasetFixtures.folder + "/demo-cases.json"
        guard let text = try? Data(contentsOf: URL(filePath: path)),
            let list = try? JSONValue(parsing: Array(text)).array
        else { return [] }
        return list.map {
            Case(
                tokenizer: $0["tokenizer"]?.string ?? "", configuration: $0["config"] ?? .null,
                train: $0["train"] ?? .null, evaluation: $0["eval"] ?? .null)
        }
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 14) }

    @Test(.enabled(if: shared != nil), arguments: cases) func sameItems(_ test: Case) throws {
        let shared = try #require(Self.shared)
        let configuration = try RunConfiguration.parse(
            yaml: test.configuration.serialized(.compact), name: "case", overrides: ["dataset_dir=data"])
        let stage = configuration[Parameters.stage]
        var tokenizer = try Tokenizer(directory: shared + "/" + test.tokenizer)
        let template = try ChatTemplate.configured(by: configuration, tokenizer: tokenizer, stage: stage)
        _ = try template.fix(&tokenizer)
        let data = try prepareData(
            configuration: configuration, tokenizer: tokenizer, template: template, stage: stage,
            workingDirectory: shared)
        let padding = tokenizer.padTokenID ?? 0
        #expect(try digest(data.training, stage, padding) == test.train)
        let evaluation = data.evaluations.first?.items
        #expect(try evaluation.map { try digest($0, stage, padding) } ?? .null == test.evaluation)
    }

    /// FNV-1a over the count and the numbers of each list of each item, by the lists' names, as 32-bit words.
    private func digest(_ items: [PreparedItem], _ stage: Stage, _ padding: Int32) throws -> JSONValue {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        var tokens = 0
        func add(_ word: Int) { value = (value ^ UInt64(UInt32(truncatingIfNeeded: word))) &* 0x100_0000_01b3 }
        for item in items {
            let object = try #require(item.preview(stage: stage, paddingID: padding).object)
            for name in object.keys.sorted() where !name.hasSuffix("attention_mask") {
                guard let field = object[name], field.object == nil else { continue }
                let numbers = field.array?.compactMap { $0.integer.map(Int.init) } ?? [field.bool == true ? 1 : 0]
                if name.hasSuffix("input_ids") { tokens += numbers.count }
                add(numbers.count)
                numbers.forEach(add)
            }
        }
        let digits = String(value, radix: 16)
        return [
            "items": .integer(Int64(items.count)), "tokens": .integer(Int64(tokens)),
            "digest": .string(String(repeating: "0", count: 16 - digits.count) + digits),
        ]
    }
}
