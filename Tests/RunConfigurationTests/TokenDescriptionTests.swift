import RunConfiguration
import Testing

/// Files that describe new special tokens.
struct TokenDescriptionTests {
    @Test func tokensKeepTheirOrder() throws {
        let file = try TokenDescriptions(
            yaml: """
                "<|svg|>": begins a drawing
                <think>: 42
                "<|end|>": "no"
                """, name: "tokens.yaml")
        #expect(file.entries.map(\.token) == ["<|svg|>", "<think>", "<|end|>"])
        #expect(file.entries.map(\.description) == ["begins a drawing", "42", "no"])
    }

    @Test(arguments: ["", "- a\n- b", "{}", "<a>: [1, 2]", "<a>: {b: c}"])
    func whatIsNoMappingOfTextsIsRefused(text: String) {
        let error = #expect(throws: ConfigurationError.self) { try TokenDescriptions(yaml: text, name: "tokens.yaml") }
        #expect(error?.description.isEmpty == false)
    }
}
