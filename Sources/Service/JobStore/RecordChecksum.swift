import CZlib

/// CRC-32 of a record's bytes.
enum RecordChecksum {
    static func of(_ bytes: [UInt8]) -> UInt32 {
        UInt32(truncatingIfNeeded: unsafe crc32(0, bytes, UInt32(bytes.count)))
    }

    /// Eight hexadecimal digits.
    static func text(of bytes: [UInt8]) -> String {
        let digits = String(of(bytes), radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
