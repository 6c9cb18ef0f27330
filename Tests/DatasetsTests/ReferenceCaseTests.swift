import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import RunConfiguration
import Testing

/// Whole preparations against what LLaMA-Factory made of the same rows and configurations.
struct ReferenceCaseTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var tokenizer: String
        var configuration: JSONValue
        var train: [JSONValue]
        var evaluation: [JSONValue]?

        var testDescription: String { configuration.serialized(.compact) }
    }

    static let cases: [Case] = {
        let path = DatasetFixtures.folder + "/reference-cases.json"
        guard let text = try? Data(contentsOf: URL(filePath: path)),
            let list = try? JSONValue(parsing: Array(text)).array
        else { return [] }
        return list.map {
            Case(
                tokenizer: $0["tokenizer"]?.string ?? "", configuration: $0["config"] ?? .null,
                train: $0["train"]?.array ?? [], evaluation: $0["eval"]?.array)
        }
    }()

    @Test func thereAreCases() { #expect(Self.cases.count == 46) }

    @Test(arguments: cases) func sameItems(_ test: Case) throws {
        let configuration = try RunConfiguration.parse(
            yaml: test.configuration.serialized(.compact), name: "case", overrides: ["dataset_dir=data"])
        let stage = configuration[Parameters.stage]
        var tokenizer = try DatasetFixtures.tokenizer(test.tokenizer)
        let template = try ChatTemplate.configured(by: configuration, tokenizer: tokenizer, stage: stage)
        _ = try template.fix(&tokenizer)
        let data = try prepareData(
            configuration: configuration, tokenizer: tokenizer, template: template, stage: stage,
            workingDirectory: DatasetFixtures.folder)
        try expect(data.train, test.train, stage)
        #expect((data.evaluation == nil) == (test.evaluation == nil))
        if let items = data.evaluation, let expected = test.evaluation { try expect(items, expected, stage) }
    }

    private func expect(_ items: [TrainingItem], _ expected: [JSONValue], _ stage: Stage) throws {
        #expect(items.count == expected.count)
        for (number, (item, expected)) in zip(items, expected).enumerated() {
            #expect(item.inputIDs == ids(expected["input_ids"]), "item \(number)")
            if stage != .pt { #expect(item.labels == ids(expected["labels"]), "item \(number)") }
        }
    }

    private func ids(_ value: JSONValue?) -> [Int32] {
        (value?.array ?? []).compactMap { $0.integer.map(Int32.init(truncatingIfNeeded:)) }
    }
}
