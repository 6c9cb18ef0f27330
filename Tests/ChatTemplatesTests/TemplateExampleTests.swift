import ChatTemplates
import Testing
import Tokenization

/// Every template against the dialogs that the reference rendered with it.
struct TemplateExampleTests {
    @Test func everyTemplateHasExamples() throws {
        let names = try TemplateFixtures.examples().map(\.name)
        #expect(ChatTemplate.all.map(\.name) == names)
        #expect(names.count == 94)
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
