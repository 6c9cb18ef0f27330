import JSONDocuments

/// Byte-pair encoding: a word starts as its characters and the pair with the lowest rank is joined until none is left.
///
/// Sennrich et al., "Neural Machine Translation of Rare Words with Subword Units"; options as in tokenizer.json.
final class BytePairModel: Sendable {
    let vocabulary: Vocabulary
    private let merges: MergeTable
    /// Nil where options or an odd vocabulary let merges depend on more than neighbouring characters.
    private let boundaries: MergeBoundaries?
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
        var boundaries = MergeBoundaries()
        merges = try Self.readMerges(
            try node.member("merges"), vocabulary, prefixLength: prefix.count, noting: &boundaries)
        let cutsAreSafe =
            prefix.isEmpty && suffix.isEmpty && !ignoresMerges && !vocabulary.hasSharedIdentifiers
            && !vocabulary.hasEmptyToken
        self.boundaries = cutsAreSafe ? boundaries : nil
    }

    private static func affix(_ node: TokenizerNode, _ key: String) throws -> [UInt8] {
        node.optional(key) == nil ? [] : Array(try node.string(key).utf8)
    }

    private static func fallbackToken(_ byte: Int) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.utf8.count == 1 ? "0" : "")\(digits)>"
    }

    private static func readMerges(
        _ node: TokenizerNode, _ vocabulary: Vocabulary, prefixLength: Int, noting boundaries: inout MergeBoundaries
    ) throws -> MergeTable {
        guard node.element.kind == .array else { throw node.malformed(expected: "an array of merges") }
        let count = node.element.count
        var table = MergeTable(capacity: count)
        var pair = MergePair()
        for index in 0..<count {
            guard let element = node.element[index] else { continue }
            if let expected = pair.read(element, prefixLength: prefixLength) {
                throw TokenizerNode(element: element, path: "\(node.path)[\(index)]").malformed(expected: expected)
            }
            func identifier(_ token: Span<UInt8>) throws -> Int32 {
                if let identifier = vocabulary.identifier(of: token) { return identifier }
                var copy: [UInt8] = []
                for index in token.indices { copy.append(token[index]) }
                throw TokenizerError.mergeOutsideVocabulary(index: index, token: copy.text)
            }
            table.insert(
                try identifier(pair.left.span), try identifier(pair.right.span), rank: index,
                result: try identifier(pair.joined.span))
            boundaries.insert(left: pair.left, right: pair.right)
        }
        return table
    }

    /// Whether words may be given as plain bytes instead of in the byte-level alphabet.
    var takesPlainBytes: Bool { alphabetIDs != nil && prefix.isEmpty && suffix.isEmpty }

    /// Appends the ids of one piece of text.
    func encode(
        _ bytes: [UInt8], _ start: Int, _ end: Int, plainBytes: Bool, _ workspace: inout Workspace,
        to output: inout [Int32]
    ) {
        if end - start <= Workspace.longestCachedWord || plainBytes || boundaries == nil {
            encodeWord(bytes, start, end, plainBytes: plainBytes, &workspace, to: &output)
            return
        }
        var wordStart = start
        var (previous, length) = scalar(in: bytes, at: start, before: end)
        var previousStart = start
        var index = start + length
        while index < end {
            let (code, length) = scalar(in: bytes, at: index, before: end)
            if isCut(bytes, previous, previousStart..<index, code, index..<(index + length)) {
                encodeWord(bytes, wordStart, index, plainBytes: false, &workspace, to: &output)
                wordStart = index
            }
            (previous, previousStart) = (code, index)
            index += length
        }
        encodeWord(bytes, wordStart, end, plainBytes: false, &workspace, to: &output)
    }

    /// Whether both characters are tokens, so that unknown ones stay together, and no merge joins them.
    @inline(__always)
    private func isCut(
        _ bytes: [UInt8], _ left: UInt32, _ leftRange: Range<Int>, _ right: UInt32, _ rightRange: Range<Int>
    ) -> Bool {
        guard let boundaries, !boundaries.mayJoin(left, right) else { return false }
        return isKnown(bytes, left, leftRange) && isKnown(bytes, right, rightRange)
    }

    private func isKnown(_ bytes: [UInt8], _ code: UInt32, _ range: Range<Int>) -> Bool {
        if code < 0x80 { return asciiIDs[Int(code)] >= 0 }
        return vocabulary.identifier(of: bytes.span.extracting(range)) != nil
    }

    private func encodeWord(
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

/// The two tokens of a merge, read into memory that is used again for the next.
private struct MergePair {
    var left: [UInt8] = []
    var right: [UInt8] = []
    /// What they become together: the right one loses the prefix that marks the inside of a word.
    var joined: [UInt8] = []

    /// Reads `"a b"` or `["a", "b"]`; says what was expected if it is neither.
    mutating func read(_ element: JSONElement, prefixLength: Int) -> String? {
        left.removeAll(keepingCapacity: true)
        right.removeAll(keepingCapacity: true)
        joined.removeAll(keepingCapacity: true)
        if element.kind == .string {
            element.withBytes { Self.append($0, to: &joined) }
            guard let blank = joined.firstIndex(of: UInt8(ascii: " ")),
                !joined[(blank + 1)...].contains(UInt8(ascii: " "))
            else { return "two tokens with one blank between them" }
            left.append(contentsOf: joined[..<blank])
            right.append(contentsOf: joined[(blank + 1)...])
            joined.removeAll(keepingCapacity: true)
        } else {
            guard element.kind == .array, element.count == 2, let first = element[0], let second = element[1],
                first.kind == .string, second.kind == .string
            else { return "two tokens" }
            first.withBytes { Self.append($0, to: &left) }
            second.withBytes { Self.append($0, to: &right) }
        }
        guard right.count >= prefixLength else { return "a right token with the prefix of the model" }
        joined.append(contentsOf: left)
        joined.append(contentsOf: right[prefixLength...])
        return nil
    }

    private static func append(_ bytes: Span<UInt8>, to output: inout [UInt8]) {
        for index in bytes.indices { output.append(bytes[index]) }
    }
}
