import JSONDocuments
import LinuxSystem
import Synchronization

/// Turns text into token ids and back, as the `tokenizers` package does with the same tokenizer.json.
///
/// A value: a copy with other special tokens leaves the first one alone. Safe to use from many threads at once.
package struct Tokenizer: Sendable {
    let model: TokenModel
    package let normalizer: Normalizer?
    package let preTokenizer: PreTokenizer?
    package let decoder: TokenDecoder
    var postProcessor: PostProcessor
    var added = AddedTokens()
    package internal(set) var configuration: TokenizerConfiguration
    private let workspaces = WorkspacePool()
    /// The model works on plain bytes; the last pre-tokenizer need not spell them in the byte-level alphabet.
    private let usesPlainBytes: Bool

    /// XXH3-128 of the tokenizer.json, hexadecimal: equal for equal files.
    package let fingerprint: String
    /// Where the files came from, for saving.
    let source: TokenizerSource
    /// Whether tokenizer.json, or tokenizer_config.json, no longer says what this value does.
    var changedVocabulary = false
    var changedConfiguration = false
    /// Whether other files declare tokens that tokenizer.json does not have, or otherwise.
    var needsCompanions = false

    /// Whether the text of special tokens is read like any other text (`split_special_tokens`).
    package var splitsSpecialTokens = false
    /// What people should know who use it: what its files say in vain.
    package internal(set) var warnings: [String] = []

    /// Reads the bytes of a tokenizer.json.
    package init(json: [UInt8], configuration: TokenizerConfiguration = TokenizerConfiguration()) throws {
        try self.init(json: json, configuration: configuration, source: .bytes(json))
    }

    init(json: [UInt8], configuration: TokenizerConfiguration, source: TokenizerSource) throws {
        let document: JSONDocument
        do {
            document = try JSONDocument(parsing: json)
        } catch let error as JSONError {
            throw TokenizerError.invalidJSON(file: "tokenizer.json", reason: error.description)
        }
        let root = TokenizerNode(element: document.root, path: "")
        try root.requireObject()
        model = try TokenModel(try root.member("model"))
        normalizer = try root.optional("normalizer").map(Normalizer.init)
        preTokenizer = try root.optional("pre_tokenizer").map(PreTokenizer.init)
        postProcessor = try root.optional("post_processor").map(PostProcessor.init) ?? .none
        decoder = try root.optional("decoder").map(TokenDecoder.init) ?? .joiningWithBlanks
        usesPlainBytes = (preTokenizer?.endsInByteLevel ?? false) && model.takesPlainBytes
        self.configuration = configuration
        self.source = source
        fingerprint = FileHash.of(json)
        let own = try root.optional("added_tokens").map { try $0.elements().map(Self.addedToken) } ?? []
        _ = try added.add(own.map(\.token), model.vocabulary, normalizer)
        try addDeclaredTokens(own: own)
        let ends = postProcessor
        updateEnds()
        warnOfDisregardedKeys(ends: ends)
    }

    private static func addedToken(_ node: TokenizerNode) throws -> (identifier: Int32, token: AddedToken) {
        let content = try node.string("content")
        let identifier = try Vocabulary.identifier(try node.integer("id"), of: content)
        let token = AddedToken(
            content: content, singleWord: try node.bool("single_word"), stripsLeft: try node.bool("lstrip"),
            stripsRight: try node.bool("rstrip"), normalized: try node.bool("normalized"),
            special: try node.bool("special"))
        return (identifier, token)
    }

    /// `add_bos_token` and `add_eos_token` replace what tokenizer.json says about the ends of a text.
    mutating func updateEnds() {
        guard configuration.decidesAboutEnds else { return }
        postProcessor = .surround(
            before: configuration.addsBOS ? [bosTokenID].compactMap(\.self) : [],
            after: configuration.addsEOS ? [eosTokenID].compactMap(\.self) : [])
    }

    // MARK: Text to ids

    /// The ids of a text.
    ///
    /// - Parameter addingSpecialTokens: whether the tokens that mark the ends of a text are added. Special tokens
    ///   spelled out in the text become their ids either way, unless `splitsSpecialTokens`.
    /// - Throws: `TokenizerError.patternTooExpensive`, and for a word-level model without an unknown token.
    package func encode(_ text: String, addingSpecialTokens: Bool = false) throws -> [Int32] {
        let bytes = Array(text.utf8)
        var pieces = TextPieces(bytes: bytes, pieces: [])
        if !bytes.isEmpty { pieces.pieces.append(.init(start: 0, end: bytes.count, isAtOrigin: true)) }
        added.cutOriginal(&pieces, keepingSpecials: splitsSpecialTokens)
        try normalize(&pieces)
        added.cutNormalized(&pieces, keepingSpecials: splitsSpecialTokens)
        try preTokenizer?.apply(to: &pieces, leavesBytes: usesPlainBytes)
        var output: [Int32] = []
        output.reserveCapacity(pieces.pieces.count + 8)
        var workspace = workspaces.take()
        defer { workspaces.put(workspace) }
        for piece in pieces.pieces {
            if piece.token >= 0 {
                output.append(piece.token)
            } else if piece.end > piece.start {
                try model.encode(
                    pieces.bytes, piece.start, piece.end, plainBytes: usesPlainBytes, &workspace, to: &output)
            }
        }
        return addingSpecialTokens ? postProcessor.adding(to: output) : output
    }

    private func normalize(_ pieces: inout TextPieces) throws {
        guard let normalizer, !normalizer.surelyKeeps(pieces.bytes) else { return }
        var movedAwayFromOrigin = false
        try pieces.rewriteEach { bytes, piece, output in
            let (text, removedStart) = try normalizer.apply(to: Array(bytes[piece.range]))
            if piece.isAtOrigin, removedStart { movedAwayFromOrigin = true }
            output.append(contentsOf: text)
        }
        if movedAwayFromOrigin, !pieces.pieces.isEmpty { pieces.pieces[0].isAtOrigin = false }
    }

    // MARK: Ids to text

    /// The text of ids; ids that no token has are passed over.
    package func decode(_ identifiers: [Int32], skippingSpecialTokens: Bool = false) throws -> String {
        var decoder = incrementalDecoder(skippingSpecialTokens: skippingSpecialTokens)
        var output: [UInt8] = []
        for identifier in identifiers { try decoder.push(identifier, to: &output) }
        try decoder.finish(to: &output)
        return output.text
    }

    /// A decoder for ids that arrive one by one.
    package func incrementalDecoder(skippingSpecialTokens: Bool = false) -> IncrementalDecoder {
        IncrementalDecoder(self, DecodingStream(decoder), skippingSpecialTokens: skippingSpecialTokens)
    }

    func tokenBytes(_ identifier: Int32) -> [UInt8]? {
        if let token = added.byIdentifier[identifier] { return Array(token.content.utf8) }
        return model.vocabulary.token(identifier)
    }

    // MARK: The vocabulary

    /// How many tokens there are, added ones included.
    package var vocabularySize: Int { model.vocabulary.count + added.countBeyond(model.vocabulary) }

    /// One more than the largest id: the rows an embedding needs.
    package var identifierLimit: Int { Int(max(model.vocabulary.largest, added.largestIdentifier)) + 1 }

    package func tokenID(of token: String) -> Int32? {
        tokenID(ofBytes: Array(token.utf8))
    }

    func tokenID(ofBytes content: [UInt8]) -> Int32? {
        added.identifier(of: content) ?? model.vocabulary.identifier(of: content)
    }

    /// The token as it stands in the vocabulary, which is not always how it looks in text.
    package func token(of identifier: Int32) -> String? { tokenBytes(identifier)?.text }

    package func isSpecial(_ identifier: Int32) -> Bool { tokenBytes(identifier).map(added.isSpecial) ?? false }

    /// Adds tokens to the vocabulary and returns how many were new in it.
    @discardableResult
    package mutating func addTokens(_ tokens: [AddedToken]) throws -> Int {
        let before = vocabularySize
        if try added.add(tokens, model.vocabulary, normalizer) > 0 {
            changedVocabulary = true
            // A file that lists tokens by id must not lack these.
            if configuration.listsTokens { changedConfiguration = true }
        }
        return vocabularySize - before
    }
}

/// Keeps the memory and caches of finished calls for the next ones.
final class WorkspacePool: Sendable {
    private static let most = 8
    private let free = Mutex<[Workspace]>([])

    func take() -> Workspace { free.withLock { $0.popLast() } ?? Workspace() }

    func put(_ workspace: Workspace) {
        free.withLock { free in
            if free.count < Self.most { free.append(workspace) }
        }
    }
}
