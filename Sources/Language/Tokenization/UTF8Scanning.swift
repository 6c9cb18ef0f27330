// Texts are arrays of UTF-8 bytes inside this module; they come from `String`, so they are well-formed.

/// The code point that starts at `index` and its length in bytes; a stray byte counts as U+FFFD of length 1.
@inline(__always)
func scalar(in bytes: [UInt8], at index: Int, before end: Int) -> (code: UInt32, length: Int) {
    let first = bytes[index]
    if first < 0x80 { return (UInt32(first), 1) }
    if first < 0xE0 {
        guard first >= 0xC2, index + 1 < end else { return (0xFFFD, 1) }
        return (UInt32(first & 0x1F) << 6 | UInt32(bytes[index + 1] & 0x3F), 2)
    }
    if first < 0xF0 {
        guard index + 2 < end else { return (0xFFFD, 1) }
        return (UInt32(first & 0x0F) << 12 | UInt32(bytes[index + 1] & 0x3F) << 6 | UInt32(bytes[index + 2] & 0x3F), 3)
    }
    guard index + 3 < end else { return (0xFFFD, 1) }
    let high = UInt32(first & 0x07) << 18 | UInt32(bytes[index + 1] & 0x3F) << 12
    return (high | UInt32(bytes[index + 2] & 0x3F) << 6 | UInt32(bytes[index + 3] & 0x3F), 4)
}

/// The code point that ends just before `end`.
func scalar(in bytes: [UInt8], endingAt end: Int, notBefore start: Int) -> (code: UInt32, length: Int) {
    var index = end - 1
    while index > start, bytes[index] & 0xC0 == 0x80 { index -= 1 }
    return scalar(in: bytes, at: index, before: end)
}

extension [UInt8] {
    /// Appends one code point.
    mutating func append(scalar code: UInt32) {
        switch code {
        case 0..<0x80: append(UInt8(code))
        case 0x80..<0x800:
            append(UInt8(0xC0 | code >> 6))
            append(UInt8(0x80 | code & 0x3F))
        case 0x800..<0x10000:
            append(UInt8(0xE0 | code >> 12))
            append(UInt8(0x80 | code >> 6 & 0x3F))
            append(UInt8(0x80 | code & 0x3F))
        default:
            append(UInt8(0xF0 | code >> 18 & 0x07))
            append(UInt8(0x80 | code >> 12 & 0x3F))
            append(UInt8(0x80 | code >> 6 & 0x3F))
            append(UInt8(0x80 | code & 0x3F))
        }
    }

    var text: String { String(decoding: self, as: UTF8.self) }

    /// Whether `prefix` stands at `index`.
    func matches(_ prefix: [UInt8], at index: Int, before end: Int) -> Bool {
        guard index + prefix.count <= end else { return false }
        for offset in prefix.indices where self[index + offset] != prefix[offset] { return false }
        return true
    }
}
