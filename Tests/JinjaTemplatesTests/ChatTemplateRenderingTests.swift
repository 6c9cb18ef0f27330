import Foundation
import JSONDocuments
import JinjaTemplates
import PythonData
import Testing

/// Chat templates in the manner of the families against transformers (scripts/fixtures/chat_templates.py).
struct ChatTemplateRenderingTests {
    static let fixture: JSONValue = {
        let path = Bundle.module.resourceURL?.appending(path: "Fixtures/chat-templates.json").path ?? ""
        return (try? JSONValue(parsing: Array(Data(contentsOf: URL(filePath: path))))) ?? .null
    }()

    static let names = fixture["templates"]?.object?.keys ?? []

    @Test func thereAreTemplates() { #expect(Self.names.count == 13) }

    @Test(arguments: names) func everyDialogAsTransformersRendersIt(_ name: String) throws {
        let text = try #require(Self.fixture["templates"]?[name]?.string)
        let template = try JinjaTemplate(text)
        let dialogs = Self.fixture["dialogs"]?.array ?? []
        let results = (Self.fixture["results"]?.array ?? []).filter { $0["template"]?.string == name }
        #expect(results.count == dialogs.count)
        for result in results {
            let number = try #require(result["dialog"]?.integer)
            let values = try values(of: dialogs[Int(number)])
            if let expected = result["text"]?.string {
                #expect(try template.render(values) == expected, "dialog \(number)")
            } else {
                #expect(throws: JinjaError.self, "dialog \(number)") { try template.render(values) }
            }
        }
    }

    private func values(of dialog: JSONValue) throws -> [String: PythonValue] {
        var values: [String: PythonValue] = [
            "tools": .none, "documents": .none, "add_generation_prompt": .bool(false),
        ]
        for (name, token) in Self.fixture["specials"]?.object ?? [:] { values[name] = .text(token.string ?? "") }
        for (name, value) in dialog.object ?? [:] {
            values[name] = try PythonValue(json: value.serialized(.spaced))
        }
        return values
    }
}
