/// A token beside the model's own vocabulary that is found in the text before anything else happens.
package struct AddedToken: Equatable, Sendable {
    package var content: String
    /// Only where no word character touches it.
    package var singleWord = false
    /// Takes the blanks on its left, or right, with it.
    package var stripsLeft = false
    package var stripsRight = false
    /// Looked for in the normalized text instead of the original.
    package var normalized = true
    /// Left out of decoded text on request.
    package var special = false

    package init(
        content: String, singleWord: Bool = false, stripsLeft: Bool = false, stripsRight: Bool = false,
        normalized: Bool? = nil, special: Bool = false
    ) {
        self.content = content
        self.singleWord = singleWord
        self.stripsLeft = stripsLeft
        self.stripsRight = stripsRight
        self.normalized = normalized ?? !special
        self.special = special
    }
}

/// All added tokens and what finds them.
struct AddedTokens: Sendable {
    static let longestContent = 1024

    private(set) var byIdentifier: [Int32: AddedToken] = [:]
    private var identifiers: [[UInt8]: Int32] = [:]
    private var largest: Int32 = -1
    /// In the order they came.
    private var specials: [AddedToken] = []
    private var ordinary: [AddedToken] = []
    private var specialContents: Set<[UInt8]> = []
    private var original = TokenFinder()
    private var afterNormalizing = TokenFinder()

    var isEmpty: Bool { byIdentifier.isEmpty }
    var hasNormalized: Bool { !afterNormalizing.isEmpty }

    func identifier(of content: [UInt8]) -> Int32? { identifiers[content] }
    func isSpecial(_ content: [UInt8]) -> Bool { specialContents.contains(content) }
    var largestIdentifier: Int32 { largest }
    /// How many have ids that the model's vocabulary does not.
    func countBeyond(_ vocabulary: Vocabulary) -> Int {
        identifiers.keys.count { vocabulary.identifier(of: $0) == nil }
    }

    /// Adds tokens; one that the vocabulary has keeps its id, others get the next free one.
    ///
    /// - Returns: how many were new or changed.
    mutating func add(_ tokens: [AddedToken], _ vocabulary: Vocabulary, _ normalizer: Normalizer?) throws -> Int {
        var changed = 0
        for token in tokens where !token.content.isEmpty {
            let content = Array(token.content.utf8)
            guard content.count <= Self.longestContent else {
                throw TokenizerError.tokenTooLong(bytes: content.count, limit: Self.longestContent)
            }
            if token.special, specialContents.insert(content).inserted { specials.append(token) }
            let known = identifiers[content]
            if let known, byIdentifier[known] == token { continue }
            let identifier = known ?? vocabulary.identifier(of: content) ?? next(vocabulary)
            guard identifier <= Vocabulary.largestIdentifier else {
                throw TokenizerError.identifierOutOfRange(token: token.content, identifier: Int64(identifier))
            }
            identifiers[content] = identifier
            byIdentifier[identifier] = token
            largest = max(largest, identifier)
            if !specialContents.contains(content) { ordinary.append(token) }
            changed += 1
        }
        if changed > 0 { try rebuild(normalizer) }
        return changed
    }

    private func next(_ vocabulary: Vocabulary) -> Int32 {
        let size = Int32(vocabulary.count)
        return largest >= size || (largest >= 0 && size == 0) ? largest + 1 : size
    }

    private mutating func rebuild(_ normalizer: Normalizer?) throws {
        original = TokenFinder()
        afterNormalizing = TokenFinder()
        for token in specials + ordinary {
            let content = Array(token.content.utf8)
            guard let identifier = identifiers[content] else { continue }
            if token.normalized {
                let text = try normalizer?.apply(to: content).bytes ?? content
                afterNormalizing.insert(text, identifier)
            } else {
                original.insert(content, identifier)
            }
        }
    }

    /// Cuts the tokens that are looked for in the original text out of it.
    func cutOriginal(_ text: inout TextPieces, keepingSpecials: Bool) {
        if !original.isEmpty { cut(&text, original, keepingSpecials: keepingSpecials) }
    }

    /// Cuts the tokens that are looked for in the normalized text out of it.
    func cutNormalized(_ text: inout TextPieces, keepingSpecials: Bool) {
        if !afterNormalizing.isEmpty { cut(&text, afterNormalizing, keepingSpecials: keepingSpecials) }
    }

    private func cut(_ text: inout TextPieces, _ finder: TokenFinder, keepingSpecials: Bool) {
        text.splitEach { bytes, piece, result in
            var position = piece.start
            var search = piece.start
            while let match = finder.next(in: bytes, from: search, before: piece.end) {
                search = match.end
                guard let token = byIdentifier[match.identifier] else { continue }
                if keepingSpecials, isSpecial(Array(token.content.utf8)) { continue }
                if token.singleWord, Self.touchesWord(bytes, piece, match.start, match.end) { continue }
                var start = match.start
                var end = match.end
                if token.stripsLeft { start = max(Self.blanks(bytes, piece.start, endingAt: start), position) }
                if token.stripsRight { end = Self.blanks(bytes, startingAt: end, piece.end) }
                if position < start {
                    result.append(
                        .init(start: position, end: start, isAtOrigin: piece.isAtOrigin && position == piece.start))
                }
                result.append(.init(start: start, end: end, token: match.identifier, isAtOrigin: false))
                position = end
            }
            if position < piece.end {
                result.append(
                    .init(start: position, end: piece.end, isAtOrigin: piece.isAtOrigin && position == piece.start))
            }
        }
    }

    private static func touchesWord(_ bytes: [UInt8], _ piece: TextPieces.Piece, _ start: Int, _ end: Int) -> Bool {
        if start > piece.start, isWordCharacter(scalar(in: bytes, endingAt: start, notBefore: piece.start).code) {
            return true
        }
        return end < piece.end && isWordCharacter(scalar(in: bytes, at: end, before: piece.end).code)
    }

    private static func blanks(_ bytes: [UInt8], _ start: Int, endingAt end: Int) -> Int {
        var index = end
        while index > start {
            let (code, length) = scalar(in: bytes, endingAt: index, notBefore: start)
            guard isWhiteSpace(code) else { break }
            index -= length
        }
        return index
    }

    private static func blanks(_ bytes: [UInt8], startingAt start: Int, _ end: Int) -> Int {
        var index = start
        while index < end {
            let (code, length) = scalar(in: bytes, at: index, before: end)
            guard isWhiteSpace(code) else { break }
            index += length
        }
        return index
    }
}

/// Finds the leftmost and there the longest of many byte strings: a trie behind a filter of first bytes.
struct TokenFinder: Sendable {
    private var startsToken = [Bool](repeating: false, count: 256)
    /// Child nodes by node and byte; node 0 is the root.
    private var children: [UInt64: UInt32] = [:]
    /// The id that ends at each node, or -1.
    private var identifiers: [Int32] = [-1]

    var isEmpty: Bool { children.isEmpty }

    /// The first of several equal strings counts.
    mutating func insert(_ content: [UInt8], _ identifier: Int32) {
        guard let first = content.first else { return }
        startsToken[Int(first)] = true
        var node: UInt32 = 0
        for byte in content {
            let key = UInt64(node) << 8 | UInt64(byte)
            if let child = children[key] {
                node = child
            } else {
                let child = UInt32(identifiers.count)
                children[key] = child
                identifiers.append(-1)
                node = child
            }
        }
        if identifiers[Int(node)] < 0 { identifiers[Int(node)] = identifier }
    }

    func next(in bytes: [UInt8], from start: Int, before end: Int) -> (start: Int, end: Int, identifier: Int32)? {
        var index = start
        while index < end {
            if startsToken[Int(bytes[index])], let found = longest(in: bytes, at: index, before: end) {
                return (index, found.end, found.identifier)
            }
            index += 1
        }
        return nil
    }

    private func longest(in bytes: [UInt8], at start: Int, before end: Int) -> (end: Int, identifier: Int32)? {
        var node: UInt32 = 0
        var index = start
        var best: (end: Int, identifier: Int32)?
        while index < end, let child = children[UInt64(node) << 8 | UInt64(bytes[index])] {
            node = child
            index += 1
            if identifiers[Int(node)] >= 0 { best = (index, identifiers[Int(node)]) }
        }
        return best
    }
}
