/// What turns a piece of text into ids.
enum TokenModel: Sendable {
    case bytePair(BytePairModel)
    case wordLevel(WordLevelModel)

    init(_ node: TokenizerNode) throws {
        try node.requireObject()
        // Old files of byte-pair models carry no type.
        let type = node.optional("type") == nil && node.optional("merges") != nil ? "BPE" : try node.string("type")
        switch type {
        case "BPE": self = .bytePair(try BytePairModel(node))
        case "WordLevel": self = .wordLevel(try WordLevelModel(node))
        default:
            throw TokenizerError.unsupported(kind: "tokenizer model", name: type, hint: "BPE and WordLevel are")
        }
    }

    var vocabulary: Vocabulary {
        switch self {
        case .bytePair(let model): model.vocabulary
        case .wordLevel(let model): model.vocabulary
        }
    }

    var takesPlainBytes: Bool {
        if case .bytePair(let model) = self { model.takesPlainBytes } else { false }
    }

    @inline(__always)
    func encode(
        _ bytes: [UInt8], _ start: Int, _ end: Int, plainBytes: Bool, _ workspace: inout Workspace,
        to output: inout [Int32]
    ) throws {
        switch self {
        case .bytePair(let model):
            model.encode(bytes, start, end, plainBytes: plainBytes, &workspace, to: &output)
        case .wordLevel(let model): output.append(try model.identifier(of: bytes.span.extracting(start..<end)))
        }
    }
}

/// Every piece is one token or the unknown one.
struct WordLevelModel: Sendable {
    let vocabulary: Vocabulary
    private let unknownToken: String

    init(_ node: TokenizerNode) throws {
        vocabulary = try Vocabulary(try node.member("vocab"))
        unknownToken = try node.string("unk_token")
    }

    /// - Throws: if neither the piece nor the unknown token is in the vocabulary.
    func identifier(of piece: Span<UInt8>) throws -> Int32 {
        if let identifier = vocabulary.identifier(of: piece) ?? vocabulary.identifier(of: unknownToken) {
            return identifier
        }
        throw TokenizerError.unknownTokenOutsideVocabulary(unknownToken)
    }
}
