import JSONDocuments

/// Replaces blanks by a visible sign that marks the beginnings of words, as SentencePiece does.
package struct Metaspace: Sendable {
    enum PrefixRule: String { case always, first, never }

    let replacement: UInt32
    let prefixRule: PrefixRule
    let splits: Bool

    init(_ node: TokenizerNode) throws {
        replacement = try node.character("replacement")
        splits = try node.bool("split", default: true)
        if let scheme = node.optional("prepend_scheme") {
            guard let name = scheme.element.string, let rule = PrefixRule(rawValue: name) else {
                throw scheme.malformed(expected: "always, first or never")
            }
            prefixRule = rule
        } else {
            prefixRule = try node.bool("add_prefix_space", default: true) ? .always : .never
        }
    }

    private var sign: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(scalar: replacement)
        return bytes
    }

    func apply(to text: inout TextPieces) {
        let sign = sign
        text.rewriteEach { bytes, piece, output in
            guard piece.end > piece.start else { return }
            let startsWithSign =
                bytes[piece.start] == UInt8(ascii: " ") || bytes.matches(sign, at: piece.start, before: piece.end)
            let prefixes = prefixRule == .always || (prefixRule == .first && piece.isAtOrigin)
            if prefixes, !startsWithSign { output.append(contentsOf: sign) }
            for byte in bytes[piece.range] {
                if byte == UInt8(ascii: " ") {
                    output.append(contentsOf: sign)
                } else {
                    output.append(byte)
                }
            }
        }
        if splits { SplitBehavior.mergedWithNext.split(&text) { $0 == replacement } }
    }
}
