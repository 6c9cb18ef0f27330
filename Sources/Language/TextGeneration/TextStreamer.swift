/// Cuts a growing text into pieces that can be shown: whole words, whole lines, single CJK ideographs.
package struct TextStreamer: Sendable {
    private var pending = ""

    package init() {}

    /// Takes text that has become certain and returns what can be shown of all there is; often empty.
    package mutating func push(_ text: String) -> String {
        guard !text.isEmpty else { return "" }
        pending += text
        guard let last = pending.unicodeScalars.last else { return "" }
        if last == "\n" || Self.isIdeograph(last) { return finish() }
        guard let space = pending.unicodeScalars.lastIndex(of: " ") else { return "" }
        let end = pending.unicodeScalars.index(after: space)
        let piece = String(pending.unicodeScalars[..<end])
        pending = String(pending.unicodeScalars[end...])
        return piece
    }

    /// The rest.
    package mutating func finish() -> String {
        defer { pending = "" }
        return pending
    }

    /// The blocks of CJK unified and compatibility ideographs.
    private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B820...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
