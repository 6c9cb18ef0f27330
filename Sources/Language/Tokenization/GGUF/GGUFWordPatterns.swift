/// How byte-level tokenizers cut text, by the name that llama.cpp has for it (`tokenizer.ggml.pre`).
struct GGUFWordPattern: Sendable {
    let name: String
    /// The pattern of tokenizer.json; nil for the one that byte-level tokenizers have without a pattern of their own.
    let expression: String?
    /// Whether words that are tokens are taken whole.
    let ignoresMerges: Bool
    /// Whether text is composed (NFC) first.
    var composes = false

    private static let words = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"#
    private static let rest = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
    private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#

    static let all = [
        GGUFWordPattern(name: "gpt-2", expression: nil, ignoresMerges: false),
        GGUFWordPattern(name: "llama-bpe", expression: words + #"\p{N}{1,3}"# + rest, ignoresMerges: true),
        GGUFWordPattern(name: "qwen2", expression: words + #"\p{N}"# + rest, ignoresMerges: false, composes: true),
        GGUFWordPattern(name: "chatglm-bpe", expression: words + #"\p{N}{1,3}"# + rest, ignoresMerges: false),
        GGUFWordPattern(
            name: "tekken",
            expression: #"[^\r\n\p{L}\p{N}]?\#(upper)*\#(lower)+|[^\r\n\p{L}\p{N}]?\#(upper)+\#(lower)*"#
                + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#, ignoresMerges: true),
    ]

    /// Other names that llama.cpp treats alike.
    private static let aliases = [
        "default": "gpt-2", "gpt2": "gpt-2", "llama3": "llama-bpe", "llama-v3": "llama-bpe", "glm4": "chatglm-bpe",
        "deepseek-r1-qwen": "qwen2",
    ]

    static func named(_ name: String) -> GGUFWordPattern? { all.first { $0.name == aliases[name] ?? name } }
}
