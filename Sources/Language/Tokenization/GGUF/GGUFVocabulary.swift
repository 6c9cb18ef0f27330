import JSONDocuments
package import WeightFiles

/// How a GGUF file speaks of a tokenizer.
enum GGUFVocabulary {
    static let prefix = "tokenizer.ggml."
    static let byteLevel = "gpt2"
    static let sentencePieces = "llama"
    static let blank = "\u{2581}"

    /// The kinds of tokens, as they are numbered in files.
    enum Kind: Int32 {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// `<0x0A>`, what stands for a byte that no token has.
    static func isByte(_ token: String) -> Bool {
        token.utf8.count == 6 && token.hasPrefix("<0x") && token.hasSuffix(">")
            && UInt8(token.dropFirst(3).dropLast(), radix: 16) != nil
    }
}

extension Tokenizer {
    /// What a GGUF file says of this tokenizer.
    ///
    /// - Parameters:
    ///   - size: tokens of the model; those that the tokenizer does not have are filled up
    ///   - endTokens: the model's, for where the tokenizer has none
    /// - Throws: `TokenizerError` for a tokenizer that llama.cpp could not follow
    package func ggufMetadata(size: Int, endTokens: [Int32]) throws -> [(key: String, value: GGUFValue)] {
        let root = try JSONValue(parsing: Array(files()[0].contents))
        guard let model = root["model"], model["type"]?.string == "BPE" else {
            throw Self.unfit("the model '\(root["model"]?["type"]?.string ?? "unnamed")'", "byte-pair encoding is")
        }
        let words = try GGUFWords(root)
        var entries: [(key: String, value: GGUFValue)] = []
        func add(_ key: String, _ value: GGUFValue) { entries.append((GGUFVocabulary.prefix + key, value)) }
        add("model", .text(words.pattern == nil ? GGUFVocabulary.sentencePieces : GGUFVocabulary.byteLevel))
        add("pre", .text(words.pattern?.name ?? "default"))
        let tokens = try ggufTokens(model, size: size, isByteLevel: words.pattern != nil)
        add("tokens", .texts(tokens.map(\.text)))
        let merges = try Self.merges(model)
        if words.pattern == nil {
            // What merges first has the higher score, and what no merge makes comes last.
            var ranks: [String: Int] = [:]
            for (rank, merge) in merges.enumerated() where ranks[merge.left + merge.right] == nil {
                ranks[merge.left + merge.right] = rank
            }
            add("scores", .floats(tokens.map { -Float(ranks[$0.text] ?? merges.count + 1) }))
            add("add_space_prefix", .flag(words.addsBlank))
        } else {
            add("merges", .texts(merges.map { Self.escaped($0.left) + " " + Self.escaped($0.right) }))
        }
        add("token_type", .integers(tokens.map(\.kind.rawValue)))
        func identify(_ key: String, _ token: Int32?) {
            if let token { add("\(key)_token_id", .unsigned(UInt32(token))) }
        }
        identify("bos", bosTokenID)
        identify("eos", eosTokenID ?? endTokens.first)
        identify("unknown", configuration.tokens[.unk].flatMap { tokenID(of: $0.content) })
        identify("padding", configuration.tokens[.pad].flatMap { tokenID(of: $0.content) })
        identify("eot", endTokens.first { $0 != eosTokenID })
        let sample = try encode("a", addingSpecialTokens: true)
        add("add_bos_token", .flag(bosTokenID != nil && sample.count > 1 && sample.first == bosTokenID))
        add("add_eos_token", .flag(eosTokenID != nil && sample.count > 1 && sample.last == eosTokenID))
        if let template = configuration.chatTemplate?.text {
            entries.append(("tokenizer.chat_template", .text(template)))
        }
        return entries
    }

    private static func unfit(_ what: String, _ hint: String) -> TokenizerError {
        .unsupported(kind: "GGUF form of", name: what, hint: hint)
    }

    private func ggufTokens(
        _ model: JSONValue, size: Int, isByteLevel: Bool
    ) throws -> [(text: String, kind: GGUFVocabulary.Kind)] {
        var tokens = (0..<size).map { (text: "[PAD\($0)]", kind: GGUFVocabulary.Kind.unused) }
        func set(_ text: String, _ identifier: Int64, _ kind: GGUFVocabulary.Kind) throws {
            guard identifier >= 0, identifier < Int64(size) else {
                throw TokenizerError.identifierOutOfRange(token: text, identifier: identifier)
            }
            tokens[Int(identifier)] = (text, kind)
        }
        let unknown = model["unk_token"]?.string
        for (text, identifier) in model["vocab"]?.object ?? [:] {
            let kind: GGUFVocabulary.Kind =
                isByteLevel ? .normal : text == unknown ? .unknown : GGUFVocabulary.isByte(text) ? .byte : .normal
            try set(text, identifier.integer ?? -1, kind)
        }
        for (identifier, token) in added.byIdentifier where identifier < size {
            // Whatever the file says, the unknown token stays what it is.
            guard isByteLevel || token.content != unknown else { continue }
            let isSpecial = token.special || added.isSpecial(Array(token.content.utf8))
            try set(token.content, Int64(identifier), isSpecial ? .control : .userDefined)
        }
        return tokens
    }

    private static func merges(_ model: JSONValue) throws -> [(left: String, right: String)] {
        try (model["merges"]?.array ?? []).enumerated().map { index, merge in
            let parts = merge.array?.compactMap(\.string) ?? merge.string?.split(separator: " ").map(String.init) ?? []
            guard parts.count == 2 else {
                throw TokenizerError.malformed(
                    file: "tokenizer.json", path: "model.merges[\(index)]", expected: "two tokens",
                    found: merge.serialized(.compact))
            }
            return (parts[0], parts[1])
        }
    }

    /// A blank within a part of a merge, as llama.cpp's converter writes it.
    private static func escaped(_ part: String) -> String {
        part.contains(" ") ? String(part.map { $0 == " " ? "\u{0120}" : $0 }) : part
    }
}

/// How tokenizer.json cuts text, in llama.cpp's words.
private struct GGUFWords {
    /// Nil for pieces of sentences, which are not cut.
    var pattern: GGUFWordPattern?
    /// Whether a blank is put in front of text.
    var addsBlank = false

    init(_ root: JSONValue) throws {
        let steps = Self.steps(root["pre_tokenizer"], "pretokenizers")
        let normalizers = Self.steps(root["normalizer"], "normalizers")
        if let last = steps.last, last["type"]?.string == "ByteLevel" {
            pattern = try Self.pattern(steps, last, ignoresMerges: root["model"]?["ignore_merges"]?.bool ?? false)
            let others = normalizers.filter { $0["type"]?.string != "NFC" }
            guard others.isEmpty, last["add_prefix_space"]?.bool != true else {
                throw Self.unknown(root["normalizer"] ?? last)
            }
            return
        }
        guard root["model"]?["byte_fallback"]?.bool == true else { throw Self.unknown(root["pre_tokenizer"] ?? .null) }
        for step in normalizers + steps {
            switch step["type"]?.string {
            case "Prepend" where step["prepend"]?.string == GGUFVocabulary.blank: addsBlank = true
            case "Replace" where step["content"]?.string == GGUFVocabulary.blank: break
            case "Split" where step["pattern"]?["String"]?.string == " ": break
            case "Metaspace":
                addsBlank =
                    step["prepend_scheme"]?.string ?? "always" != "never"
                    && step["add_prefix_space"]?.bool != false
            default: throw Self.unknown(step)
            }
        }
    }

    private static func steps(_ node: JSONValue?, _ list: String) -> [JSONValue] {
        guard let node, !node.isNull else { return [] }
        return node[list]?.array ?? [node]
    }

    private static func pattern(
        _ steps: [JSONValue], _ last: JSONValue, ignoresMerges: Bool
    ) throws -> GGUFWordPattern {
        let splitsItself = last["use_regex"]?.bool ?? true
        let expression = steps.dropLast().last?["pattern"]?["Regex"]?.string
        let found = GGUFWordPattern.all.filter { $0.expression == expression }
        guard steps.count == (splitsItself ? 1 : 2), splitsItself == (expression == nil),
            let pattern = found.first(where: { $0.ignoresMerges == ignoresMerges }) ?? found.first
        else { throw unknown(.array(steps)) }
        return pattern
    }

    private static func unknown(_ step: JSONValue) -> TokenizerError {
        let names = GGUFWordPattern.all.map(\.name).joined(separator: ", ")
        return .unsupported(
            kind: "GGUF form of", name: "the step \(step.serialized(.compact))",
            hint:
                "llama.cpp cuts text only in ways of its own, of which \(names) and pieces of sentences are known here")
    }
}
