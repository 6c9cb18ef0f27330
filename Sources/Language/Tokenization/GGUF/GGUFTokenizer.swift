import JSONDocuments
import WeightFiles

/// The tokenizer files that a GGUF file's metadata amount to.
struct GGUFTokenizer {
    private let file: GGUFFile
    private let tokens: [String]
    private let kinds: [GGUFVocabulary.Kind]

    init(_ file: GGUFFile) throws {
        self.file = file
        func required<Value>(_ key: String, _ read: (GGUFValue) -> Value?) throws -> Value {
            let name = GGUFVocabulary.prefix + key
            guard let value = file.metadata[name] else { throw GGUFError(file.path, .missingKey(name)) }
            guard let value = read(value) else {
                throw GGUFError(file.path, .wrongValue(key: name, expected: "a list"))
            }
            return value
        }
        tokens = try required("tokens") { $0.stringList }
        kinds = try required("token_type") { $0.integerList }.map { .init(rawValue: Int32(clamping: $0)) ?? .normal }
        guard kinds.count == tokens.count else {
            throw GGUFError(
                file.path,
                .wrongValue(key: "tokenizer.ggml.token_type", expected: "a list of \(tokens.count) whole numbers"))
        }
    }

    private func value(_ key: String) -> GGUFValue? { file.metadata[GGUFVocabulary.prefix + key] }

    /// `tokenizer.json`
    func json() throws -> JSONValue {
        var root: JSONObject = [
            "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens),
        ]
        let name = value("model")?.string ?? ""
        switch name {
        case GGUFVocabulary.byteLevel: try addByteLevel(&root)
        case GGUFVocabulary.sentencePieces: try addSentencePieces(&root)
        default:
            throw GGUFError(
                file.path,
                .unsupportedValue(
                    key: "tokenizer.ggml.model", value: name,
                    supported: [GGUFVocabulary.byteLevel, GGUFVocabulary.sentencePieces]))
        }
        return .object(root)
    }

    /// `tokenizer_config.json`
    func configuration() -> JSONValue {
        var object: JSONObject = [:]
        for (key, role) in [
            ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("padding", "pad_token"),
        ] {
            if let token = token(key) { object[role] = .string(token) }
        }
        // Pieces of sentences begin with the first token unless a file says otherwise.
        let isPieces = value("model")?.string == GGUFVocabulary.sentencePieces
        object["add_bos_token"] = .bool(value("add_bos_token")?.bool ?? isPieces)
        object["add_eos_token"] = .bool(value("add_eos_token")?.bool ?? false)
        if let template = file.metadata["tokenizer.chat_template"]?.string {
            object["chat_template"] = .string(template)
        }
        return .object(object)
    }

    private func token(_ key: String) -> String? {
        value("\(key)_token_id")?.integer.flatMap { tokens.indices.contains($0) ? tokens[$0] : nil }
    }

    private var addedTokens: [JSONValue] {
        zip(tokens, kinds).enumerated().compactMap { identifier, entry in
            guard entry.1 == .control || entry.1 == .userDefined || entry.1 == .unknown else { return nil }
            return [
                "id": .integer(Int64(identifier)), "content": .string(entry.0), "single_word": false, "lstrip": false,
                "rstrip": false, "normalized": false, "special": .bool(entry.1 != .userDefined),
            ]
        }
    }

    /// Every token but those that only fill up.
    private func vocabulary() throws -> JSONObject {
        var vocabulary: JSONObject = [:]
        for (identifier, token) in tokens.enumerated() where kinds[identifier] != .unused {
            guard !vocabulary.contains(token) else {
                throw GGUFError(file.path, .duplicate(what: "tokens", name: token))
            }
            vocabulary[token] = .integer(Int64(identifier))
        }
        return vocabulary
    }

    private func addByteLevel(_ root: inout JSONObject) throws {
        let name = value("pre")?.string ?? "default"
        guard let pattern = GGUFWordPattern.named(name) else {
            throw GGUFError(
                file.path,
                .unsupportedValue(
                    key: "tokenizer.ggml.pre", value: name, supported: GGUFWordPattern.all.map(\.name)))
        }
        guard let merges = value("merges")?.stringList else {
            throw GGUFError(file.path, .missingKey("tokenizer.ggml.merges"))
        }
        root["normalizer"] = pattern.composes ? ["type": "NFC"] : .null
        let bytes: JSONValue = [
            "type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
            "use_regex": .bool(pattern.expression == nil),
        ]
        if let expression = pattern.expression {
            root["pre_tokenizer"] = [
                "type": "Sequence",
                "pretokenizers": [
                    [
                        "type": "Split", "pattern": ["Regex": .string(expression)], "behavior": "Isolated",
                        "invert": false,
                    ], bytes,
                ],
            ]
        } else {
            root["pre_tokenizer"] = bytes
        }
        root["post_processor"] = .null
        root["decoder"] = [
            "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true,
        ]
        root["model"] = [
            "type": "BPE", "dropout": .null, "unk_token": .null, "fuse_unk": false, "byte_fallback": false,
            "ignore_merges": .bool(pattern.ignoresMerges), "vocab": .object(try vocabulary()),
            "merges": .array(merges.map { .string($0) }),
        ]
    }

    private func addSentencePieces(_ root: inout JSONObject) throws {
        let addsBlank = value("add_space_prefix")?.bool ?? true
        let (blank, space): (JSONValue, JSONValue) = (.string(GGUFVocabulary.blank), " ")
        let replacing: JSONValue = ["type": "Replace", "pattern": ["String": space], "content": blank]
        root["normalizer"] =
            addsBlank
            ? ["type": "Sequence", "normalizers": [["type": "Prepend", "prepend": blank], replacing]] : replacing
        root["pre_tokenizer"] = .null
        root["post_processor"] = .null
        var steps: [JSONValue] = [
            ["type": "Replace", "pattern": ["String": blank], "content": space], ["type": "ByteFallback"],
            ["type": "Fuse"],
        ]
        if addsBlank { steps.append(["type": "Strip", "content": space, "start": 1, "stop": 0]) }
        root["decoder"] = ["type": "Sequence", "decoders": .array(steps)]
        let vocabulary = try vocabulary()
        root["model"] = [
            "type": "BPE", "dropout": .null, "unk_token": token("unknown").map { .string($0) } ?? .null,
            "fuse_unk": true, "byte_fallback": true, "ignore_merges": false, "vocab": .object(vocabulary),
            "merges": .array(try merges(vocabulary)),
        ]
    }

    /// The pairs of tokens that are one token together, highest score first, as transformers derives them.
    private func merges(_ vocabulary: JSONObject) throws -> [JSONValue] {
        guard let scores = value("scores")?.numberList, scores.count == tokens.count else {
            throw GGUFError(
                file.path, .wrongValue(key: "tokenizer.ggml.scores", expected: "a list of \(tokens.count) numbers"))
        }
        let known = Dictionary(vocabulary.map { ($0.key, Int($0.value.integer ?? 0)) }, uniquingKeysWith: { $1 })
        var merges: [(left: String, right: String, score: Float)] = []
        for (identifier, token) in tokens.enumerated() where kinds[identifier] == .normal {
            var local: [(left: Int, right: Int)] = []
            let scalars = token.unicodeScalars
            for cut in scalars.indices.dropFirst() {
                guard let left = known[String(scalars[..<cut])], let right = known[String(scalars[cut...])] else {
                    continue
                }
                local.append((left, right))
            }
            for pair in local.sorted(by: { $0 < $1 }) {
                merges.append((tokens[pair.left], tokens[pair.right], scores[identifier]))
            }
        }
        // Equal scores stay in the order of the vocabulary.
        let ordered = merges.enumerated().sorted {
            ($1.element.score, $0.offset) < ($0.element.score, $1.offset)
        }
        return ordered.map { [.string($0.element.left), .string($0.element.right)] }
    }
}

extension Tokenizer {
    /// Reads what a GGUF file says of its tokenizer.
    init(gguf path: String) throws {
        let tokenizer = try GGUFTokenizer(try GGUFFile(path: path))
        let configuration = try TokenizerConfiguration(tokenizer.configuration())
        let json = try tokenizer.json().serializedBytes(.compact)
        try self.init(json: json, configuration: configuration, source: .bytes(json))
    }
}
