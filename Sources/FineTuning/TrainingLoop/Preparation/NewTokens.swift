import LanguageModels
import LinuxSystem
import RunConfiguration
import Tokenization

/// Tokens that a run adds to its tokenizer, and how their rows in the model begin (finetuning, 5.9).
struct NewTokens: Sendable {
    private var descriptions: [(token: String, description: String)] = []
    private(set) var notes: [String] = []
    /// Whether the model gets rows for tokens that it has none for.
    private(set) var resizes: Bool
    private let modes: VocabularyGrowth.Noise
    private let usesDescriptions: Bool
    private let seed: UInt64
    /// One more than the largest id of the tokenizer as it was.
    private let idsBefore: Int

    /// Adds the tokens: ordinary ones first, then special ones.
    ///
    /// - Parameter readFile: the text of the file that a path in the configuration names
    init(
        _ configuration: RunConfiguration, addingTo tokenizer: inout Tokenizer, readFile: (String) throws -> String
    ) throws {
        idsBefore = tokenizer.identifierLimit
        resizes = configuration[Parameters.resizeVocab]
        seed = UInt64(max(0, configuration[Parameters.seed]))
        let mode = configuration[Parameters.initSpecialTokens]
        var special = configuration[Parameters.newSpecialTokens] ?? []
        if let path = configuration[Parameters.newSpecialTokensConfig] {
            descriptions = try TokenDescriptions(yaml: readFile(path), name: path).entries
            if !special.isEmpty {
                notes.append("`new_special_tokens_config` wins over `new_special_tokens`")
            }
            special = descriptions.map(\.token)
        } else if mode != "noise_init" {
            notes.append(
                "`init_special_tokens: \(mode)` has no descriptions; new tokens begin as with noise_init "
                    + "(set `new_special_tokens_config`)")
        }
        usesDescriptions = mode != "noise_init" && !descriptions.isEmpty
        modes = mode == "desc_init" ? .onMeans : [.onMeans, .onDescriptions]
        let ordinary = configuration[Parameters.addTokens] ?? []
        let added =
            try tokenizer.addTokens(ordinary.map { AddedToken(content: $0) })
            + tokenizer.addTokens(special.map { AddedToken(content: $0, normalized: false, special: true) })
        if added > 0, !resizes {
            resizes = true
            notes.append("\(added) new tokens were added, so `resize_vocab` is on")
        }
    }

    /// What the model needs for the tokenizer as it is now; nil where it stays as it is.
    ///
    /// - Parameter modelRows: rows of the model's embedding
    func growth(for tokenizer: Tokenizer, modelRows: Int) throws -> VocabularyGrowth? {
        guard resizes else { return nil }
        let limit = max(tokenizer.identifierLimit, tokenizer.vocabularySize)
        let tokens = (idsBefore..<max(idsBefore, tokenizer.identifierLimit)).map { Int32($0) }
        guard limit > modelRows || !tokens.isEmpty else { return nil }
        var texts: [Int32: [Int32]] = [:]
        for (token, description) in usesDescriptions ? descriptions : [] {
            guard let id = tokenizer.tokenID(of: token) else { continue }
            texts[id] = try tokenizer.encode(description)
        }
        return VocabularyGrowth(
            rows: limit > modelRows ? VocabularyGrowth.paddedRows(limit) : modelRows, tokens: tokens,
            descriptions: texts, noise: modes, seed: seed)
    }
}
