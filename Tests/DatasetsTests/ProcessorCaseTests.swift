import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import RunConfiguration
import Testing
import Tokenization

/// Every field of every item against LLaMA-Factory: preferences, feedback, prompts, packing, mixing.
struct ProcessorCaseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var tokenizer: String
        var configuration: JSONValue
        var train: JSONValue
        var evaluation: JSONValue

        var testDescription: String { configuration.serialized(.compact) }
    }

    static let cases: [Case] = {
        let path = DatasetFixtures.folder + "/processor-cases.json"
        guard let text = try? Data(contentsOf: URL(filePath: path)),
            let list = try? JSONValue(parsing: Array(text)).array
        else { return [] }
        return list.map {
            Case(
                tokenizer: $0["tokenizer"]?.string ?? "", configuration: $0["config"] ?? .null,
                train: $0["train"] ?? .null, evaluation: $0["eval"] ?? .null)
        }
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 28) }

    @Test(arguments: cases) func sameItems(_ test: Case) throws {
        let configuration = try RunConfiguration.parse(
            yaml: test.configuration.serialized(.compact), name: "case",
            overrides: ["dataset_dir=data", "do_train=true", "model_name_or_path=none"]
        ).validated(for: .data)
        let stage = configuration[Parameters.stage]
        var tokenizer = try DatasetFixtures.tokenizer(test.tokenizer)
        let template = try ChatTemplate.configured(by: configuration, tokenizer: tokenizer, stage: stage)
        _ = try template.fix(&tokenizer)
        let data = try prepareData(
            configuration: configuration, tokenizer: tokenizer, template: template, stage: stage,
            workingDirectory: DatasetFixtures.folder)
        let padding = tokenizer.padTokenID ?? -1
        try expect(data.training, test.train, stage, padding)
        if let parts = test.evaluation.object {
            #expect(data.evaluations.map(\.name) == parts.keys)
            for part in data.evaluations { try expect(part.items, parts[part.name ?? ""] ?? .null, stage, padding) }
        } else {
            try expect(data.evaluations.first?.items ?? [], test.evaluation, stage, padding)
        }
    }

    private func expect(_ items: [PreparedItem], _ expected: JSONValue, _ stage: Stage, _ padding: Int32) throws {
        let expected = expected.array ?? []
        #expect(items.count == expected.count)
        for (number, (item, expected)) in zip(items, expected).enumerated() {
            let found = item.preview(stage: stage, paddingID: padding)
            for (name, value) in expected.object ?? [:] { #expect(found[name] == value, "item \(number): \(name)") }
        }
    }
}
