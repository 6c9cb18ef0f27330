import ChatTemplates
import Datasets
import Foundation
import JSONDocuments
import Testing

/// Rows in every format against what the reference makes of them (scripts/fixtures/conversions.py).
struct ConversionTests {
    static func cases() throws -> [JSONValue] {
        let path = (Bundle.module.resourceURL?.appending(path: "Fixtures/conversions.json").path) ?? ""
        return try JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path)))).array ?? []
    }

    @Test func rowsBecomeTheReferencesExamples() throws {
        let cases = try Self.cases()
        #expect(cases.count > 40)
        for (number, test) in cases.enumerated() {
            let description = try DatasetDescription(name: "d", entry: test["entry"] ?? .null)
            let row = try #require(test["row"]?.object)
            #expect(try convert(row, description) == test["result"], "case \(number): \(test)")
        }
    }

    private func convert(_ row: JSONObject, _ description: DatasetDescription) throws -> JSONValue {
        do {
            switch try RowConverter(description: description).convert(row) {
            case .dropped: return ["dropped": true]
            case .example(let example):
                return [
                    "prompt": .array(example.prompt.map(Self.value)),
                    "response": .array(example.responses.map(Self.value)),
                    "system": .string(example.system ?? ""), "tools": .string(example.tools ?? ""),
                ]
            }
        } catch is RowProblem {
            return ["error": true]
        }
    }

    private static func value(_ message: ChatMessage) -> JSONValue {
        ["role": .string(message.role.rawValue), "content": .string(message.content)]
    }
}
