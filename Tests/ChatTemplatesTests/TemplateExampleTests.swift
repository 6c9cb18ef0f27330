import ChatTemplates
import Foundation
import Testing
import Tokenization

/// Every template against the dialogs that the reference rendered with it.
struct TemplateExampleTests {
    @Test func everyTemplateHasExamples() throws {
        let names = try TemplateFixtures.examples().map(\.name)
        #expect(ChatTemplate.all.map(\.name) == names)
        #expect(names.count == 143)
    }

    @Test func dialogsWithoutAndWithSystemText() throws {
        let tokenizer = try TemplateFixtures.examplesTokenizer()
        for example in try TemplateFixtures.examples() {
            let template = try ChatTemplate.named(example.name)
            let plain = try template.encode(.turns("Q1", "A1", "Q2", "A2"), with: tokenizer)
            #expect(try render(plain, example, tokenizer) == example.plain, "\(example.name)")
            let system = try template.encode(.turns("Q1", "A1", system: "SYS"), with: tokenizer)
            #expect(try render(system, example, tokenizer) == example.system, "\(example.name)")
        }
    }

    /// A question, a call of a tool, what it gave, an answer.
    @Test func dialogsWithTools() throws {
        let tokenizer = try TemplateFixtures.examplesTokenizer()
        let tools =
            #"[{"name": "f", "description": "d", "parameters": {"type": "object", "properties": "#
            + #"{"x": {"type": "integer", "description": "X"}}, "required": ["x"]}}]"#
        let dialog = Dialog(
            messages: [
                ChatMessage(role: .user, content: "Q1"),
                ChatMessage(role: .function, content: #"{"name": "f", "arguments": {"x": 1}}"#),
                ChatMessage(role: .observation, content: "OBS"), ChatMessage(role: .assistant, content: "A2"),
            ], system: "SYS", tools: tools)
        for example in try TemplateFixtures.examples() {
            var template = try ChatTemplate.named(example.name)
            template.date = CalendarDate(year: 2026, month: 1, day: 31)
            let pairs = try template.encode(dialog, with: tokenizer)
            let expected = example.tool.map { pair in
                pair.map { $0.replacingOccurrences(of: "{DD Mon YYYY}", with: "31 Jan 2026") }
            }
            #expect(try render(pairs, example, tokenizer) == expected, "\(example.name)")
        }
    }

    /// Token by token, in the examples' notation: a single-token slot stands between double brackets.
    private func render(
        _ pairs: [TokenPair], _ example: TemplateFixtures.Example, _ tokenizer: Tokenizer
    ) throws -> [[String]] {
        try pairs.map { pair in
            try [pair.source, pair.target].map { ids in
                try ids.map { id in
                    let text = try tokenizer.decode([id], skippingSpecialTokens: false)
                    return example.singleTokens.contains(text) ? "⟪\(text)⟫" : text
                }.joined()
            }
        }
    }
}
