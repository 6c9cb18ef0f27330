/// Puts characters together from bytes that come one at a time; what is no UTF-8 becomes U+FFFD.
package struct UTF8Assembler: Sendable {
    private var bytes: [UInt8] = []

    package init() {}

    /// The character that `byte` completes, if it does.
    package mutating func take(_ byte: UInt8) -> Unicode.Scalar? {
        if byte < 0x80 {
            // A sequence that breaks off is forgotten; the new character is what the person wants.
            bytes = []
            return Unicode.Scalar(byte)
        }
        if byte & 0xC0 == 0xC0 {
            bytes = [byte]
            return nil
        }
        guard let first = bytes.first else { return "\u{FFFD}" }
        bytes.append(byte)
        let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2
        guard bytes.count >= length else { return nil }
        defer { bytes = [] }
        return String(validating: bytes, as: UTF8.self)?.unicodeScalars.first ?? "\u{FFFD}"
    }
}
