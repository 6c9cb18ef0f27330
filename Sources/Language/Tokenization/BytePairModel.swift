import JSONDocuments

/// Byte-pair encoding: a word starts as its characters and the pair with the lowest rank is joined until none is left.
///
/// Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units"; options as in tokenizer.json.
final class BytePairModel: Sendable {
    let vocabulary: Vocabulary
    private let merges: MergeTable
    private let unknown: Int32?
    private let fusesUnknown: Bool
    private let ignoresMerges: Bool
    private let prefix: [UInt8]
    private let suffix: [UInt8]
    /// Ids of `<0x00>` to `<0xFF>`, -1 where missing; nil without byte fallback.
    private let fallback: [Int32]?
    /// Ids of single ASCII characters, -1 where missing.
    private let asciiIDs: [Int32]
    /// Ids of the characters of the byte-level alphabet; nil if one is missing.
    private let alphabetIDs: [Int32]?

    init(_ node: TokenizerNode) throws {
        let vocabulary = try Vocabulary(try node.member("vocab"))
        self.vocabulary = vocabulary
        if let dropout = node.optional("dropout") {
            guard let rate = dropout.element.double, rate >= 0, rate <= 1 else {
                throw dropout.malformed(expected: "a number between 0 and 1")
            }
            guard rate == 0 else {
                throw TokenizerError.unsupported(
                    kind: "model option", name: "dropout", hint: "set it to null: the same text must give the same ids")
            }
        }
        if node.optional("unk_token") != nil {
            let token = try node.string("unk_token")
            guard let identifier = vocabulary.identifier(of: token) else {
                throw TokenizerError.unknownTokenOutsideVocabulary(token)
            }
            unknown = identifier
        } else {
            unknown = nil
        }
        fusesUnknown = try node.bool("fuse_unk", default: false)
        ignoresMerges = try node.bool("ignore_merges", default: false)
        prefix = try Self.affix(node, "continuing_subword_prefix")
        suffix = try Self.affix(node, "end_of_word_suffix")
        fallback =
            try node.bool("byte_fallback", default: false)
            ? (0..<256).map { vocabulary.identifier(of: Self.fallbackToken($0)) ?? -1 } : nil
        asciiIDs = (0..<128).map { vocabulary.identifier(of: [UInt8($0)]) ?? -1 }
        let alphabet = ByteAlphabet.encoded.compactMap { vocabulary.identifier(of: $0) }
        alphabetIDs = alphabet.count == 256 ? alphabet : nil
        merges = try Self.readMerges(try node.member("merges"), vocabulary, prefixLength: prefix.count)
    }

    private static func affix(_ node: TokenizerNode, _ key: String) throws -> [UInt8] {
        node.optional(key) == nil ? [] : Array(try node.string(key).utf8)
    }

    private static func fallbackToken(_ byte: Int) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.utf8.count == 1 ? "0" : "")\(digits)>"
    }

    /// Merges are either `"a b"` or `["a", "b"]`.
    private static func readMerges(
        _ node: TokenizerNode, _ vocabulary: Vocabulary, prefixLength: Int
    ) throws -> MergeTable {
        guard node.element.kind == .array else { throw node.malformed(expected: "an array of merges") }
        let count = node.element.count
        var table = MergeTable(capacity: count)
        for index in 0..<count {
            guard let element = node.element[index] else { continue }
            let pair = TokenizerNode(element: element, path: "\(node.path)[\(index)]")
            let (left, right) = try halves(of: pair)
            func identifier(_ token: [UInt8]) throws -> Int32 {
                guard let identifier = vocabulary.identifier(of: token) else {
                    throw TokenizerError.mergeOutsideVocabulary(index: index, token: token.text)
                }
                return identifier
            }
            guard right.count >= prefixLength else { throw pair.malformed(expected: "a token with the prefix") }
            table.insert(
                try identifier(left), try identifier(right), rank: index,
                result: try identifier(left + right[prefixLength...]))
        }
        return table
    }

    private static func halves(of node: TokenizerNode) throws -> (left: [UInt8], right: [UInt8]) {
        func bytes(_ element: JSONElement?) -> [UInt8]? {
            element?.withBytes { span in
                var copy: [UInt8] = []
                copy.reserveCapacity(span.count)
                for index in span.indices { copy.append(span[index]) }
                return copy
            }
        }
        if let text = bytes(node.element) {
            let parts = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw node.malformed(expected: "two tokens with one blank between them") }
            return (Array(parts[0]), Array(parts[1]))
        }
        guard node.element.kind == .array, node.element.count == 2, let left = bytes(node.element[0]),
            let right = bytes(node.element[1])
        else { throw node.malformed(expected: "two tokens") }
        return (left, right)
    }

    /// Whether words may be given as plain bytes instead of in the byte-level alphabet.
    var takesPlainBytes: Bool { alphabetIDs != nil && prefix.isEmpty && suffix.isEmpty }

    /// Appends the ids of one word.
    func encode(
        _ bytes: [UInt8], _ start: Int, _ end: Int, plainBytes: Bool, _ workspace: inout Workspace,
        to output: inout [Int32]
    ) {
        let isShort = end - start <= Workspace.longestCachedWord
        var hash: UInt64 = 0
        if isShort {
            hash = WordCache.hash(bytes, start, end)
            if workspace.cache.append(bytes, start, end, hash: hash, to: &output) { return }
        }
        let mark = output.count
        if ignoresMerges, let whole = wholeWord(bytes, start, end, plainBytes: plainBytes) {
            output.append(whole)
        } else {
            workspace.symbols.removeAll(keepingCapacity: true)
            if plainBytes, let alphabetIDs {
                for index in start..<end { workspace.symbols.append(alphabetIDs[Int(bytes[index])]) }
            } else {
                appendSymbols(bytes, start, end, to: &workspace.symbols)
            }
            workspace.merge(merges)
            output.append(contentsOf: workspace.symbols)
        }
        if isShort { workspace.cache.insert(bytes, start, end, hash: hash, output[mark...]) }
    }

    private func wholeWord(_ bytes: [UInt8], _ start: Int, _ end: Int, plainBytes: Bool) -> Int32? {
        guard plainBytes else { return vocabulary.identifier(of: bytes.span.extracting(start..<end)) }
        var encoded: [UInt8] = []
        encoded.reserveCapacity((end - start) * 2)
        ByteAlphabet.appendEncoded(bytes[start..<end], to: &encoded)
        return vocabulary.identifier(of: encoded)
    }

    /// One symbol per character; characters outside the vocabulary become bytes, the unknown token, or nothing.
    private func appendSymbols(_ bytes: [UInt8], _ start: Int, _ end: Int, to symbols: inout [Int32]) {
        var pendingUnknown = false
        var index = start
        while index < end {
            let length = scalar(in: bytes, at: index, before: end).length
            let next = index + length
            let affixed = (index > start && !prefix.isEmpty) || (next == end && !suffix.isEmpty)
            var identifier: Int32?
            var character: [UInt8]?
            if !affixed, length == 1, bytes[index] < 0x80 {
                let known = asciiIDs[Int(bytes[index])]
                identifier = known >= 0 ? known : nil
            } else if !affixed {
                identifier = vocabulary.identifier(of: bytes.span.extracting(index..<next))
            } else {
                let text = (index > start ? prefix : []) + bytes[index..<next] + (next == end ? suffix : [])
                identifier = vocabulary.identifier(of: text)
                character = text
            }
            if let identifier {
                if pendingUnknown, let unknown { symbols.append(unknown) }
                pendingUnknown = false
                symbols.append(identifier)
            } else if let ids = fallbackIDs(character ?? Array(bytes[index..<next])) {
                // As in the reference, an unknown token that waits to be fused comes behind these bytes.
                symbols.append(contentsOf: ids)
            } else if let unknown {
                if pendingUnknown, !fusesUnknown { symbols.append(unknown) }
                pendingUnknown = true
            }
            index = next
        }
        if pendingUnknown, let unknown { symbols.append(unknown) }
    }

    private func fallbackIDs(_ bytes: [UInt8]) -> [Int32]? {
        guard let fallback else { return nil }
        let ids = bytes.map { fallback[Int($0)] }
        return ids.contains(-1) ? nil : ids
    }
}
