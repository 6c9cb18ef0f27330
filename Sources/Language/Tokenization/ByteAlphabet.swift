/// The visible character that stands for each byte in byte-level vocabularies (GPT-2's table).
///
/// Printable Latin-1 bytes stand for themselves, the other 68 for U+0100 and up in order.
enum ByteAlphabet {
    static let scalars: [UInt32] = {
        var next: UInt32 = 0x100
        return (0..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return UInt32(byte)
            default:
                next += 1
                return next - 1
            }
        }
    }()

    /// The UTF-8 of each character.
    static let encoded: [[UInt8]] = scalars.map { code in
        var bytes: [UInt8] = []
        bytes.append(scalar: code)
        return bytes
    }

    /// The byte for each code point below U+0144, or -1.
    private static let bytes: [Int16] = {
        var table = [Int16](repeating: -1, count: 0x144)
        for (byte, code) in scalars.enumerated() { table[Int(code)] = Int16(byte) }
        return table
    }()

    /// Appends the bytes that `text` stands for; appends `text` itself if a character of it is not in the alphabet.
    static func appendDecoded(_ text: [UInt8], to output: inout [UInt8]) {
        let mark = output.count
        let table = bytes
        var index = 0
        while index < text.count {
            let (code, length) = scalar(in: text, at: index, before: text.count)
            guard code < 0x144, table[Int(code)] >= 0 else {
                output.removeSubrange(mark...)
                output.append(contentsOf: text)
                return
            }
            output.append(UInt8(truncatingIfNeeded: table[Int(code)]))
            index += length
        }
    }

    static func appendEncoded(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        let table = encoded
        for byte in text { output.append(contentsOf: table[Int(byte)]) }
    }
}
