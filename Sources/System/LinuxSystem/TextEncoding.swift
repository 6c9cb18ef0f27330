/// How the bytes of a text file are to be read, as far as their beginning tells.
package enum TextEncoding {
    /// Bytes of the mark that some editors write before UTF-8: 3, or 0 where there is none.
    package static func markLength(of bytes: Span<UInt8>) -> Int {
        bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
    }

    /// The name of an encoding that is not read here, nil where the text may well be UTF-8.
    ///
    /// Without a mark UTF-16 is known by every other byte being zero.
    package static func foreignName(of bytes: Span<UInt8>) -> String? {
        func begins(with mark: [UInt8]) -> Bool {
            bytes.count >= mark.count && mark.indices.allSatisfy { bytes[$0] == mark[$0] }
        }
        if begins(with: [0xFF, 0xFE, 0, 0]) || begins(with: [0, 0, 0xFE, 0xFF]) { return "UTF-32" }
        if begins(with: [0xFF, 0xFE]) || begins(with: [0xFE, 0xFF]) { return "UTF-16" }
        guard bytes.count >= 4 else { return nil }
        let zeros = (0..<4).map { bytes[$0] == 0 }
        return zeros == [false, true, false, true] || zeros == [true, false, true, false] ? "UTF-16" : nil
    }

    /// Why bytes are no text, and where.
    package enum Failure: Error, Equatable, Sendable, CustomStringConvertible {
        case foreign(String)
        case invalid(line: Int)

        package var description: String {
            switch self {
            case .foreign(let name): "it is \(name) text; save it as UTF-8, for example with iconv -f \(name) -t UTF-8"
            case .invalid(let line): "its line \(line) is not valid UTF-8; save it as UTF-8"
            }
        }
    }

    /// A whole file as text, without a mark.
    package static func text(of bytes: [UInt8]) throws(Failure) -> String {
        if let name = foreignName(of: bytes.span) { throw .foreign(name) }
        let content = bytes[markLength(of: bytes.span)...]
        if let text = String(validating: content, as: UTF8.self) { return text }
        let lines = content.split(separator: 0x0A, omittingEmptySubsequences: false)
        throw .invalid(line: 1 + (lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0))
    }
}
