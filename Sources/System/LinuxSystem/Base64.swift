/// Base64 of RFC 4648 with padding, without Foundation.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let second = left > 1 ? bytes[index + 1] : 0
            let third = left > 2 ? bytes[index + 2] : 0
            text.append(alphabet[Int(bytes[index] >> 2)])
            text.append(alphabet[Int((bytes[index] & 3) << 4 | second >> 4)])
            text.append(left > 1 ? alphabet[Int((second & 15) << 2 | third >> 6)] : UInt8(ascii: "="))
            text.append(left > 2 ? alphabet[Int(third & 63)] : UInt8(ascii: "="))
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for anything that `encode` does not write.
    package static func decode(_ text: String) -> [UInt8]? {
        let source = Array(text.utf8)
        guard source.count % 4 == 0 else { return nil }
        if source.isEmpty { return [] }
        let padding = source.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard padding == 0 || source[source.count - 1] == UInt8(ascii: "=") else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count / 4 * 3)
        for start in stride(from: 0, to: source.count, by: 4) {
            let isLast = start + 4 == source.count
            var group: UInt32 = 0
            for offset in 0..<4 {
                let byte = source[start + offset]
                if isLast, offset >= 4 - padding {
                    group <<= 6
                    continue
                }
                let value = values[Int(byte)]
                guard value != 255 else { return nil }
                group = group << 6 | UInt32(value)
            }
            let count = isLast ? 3 - padding : 3
            // Bits that padding cuts off must be zero, so that there is one spelling only.
            guard group & ((1 << (8 * UInt32(3 - count))) - 1) == 0 else { return nil }
            for part in 0..<count { bytes.append(UInt8(truncatingIfNeeded: group >> (16 - 8 * UInt32(part)))) }
        }
        return bytes
    }
}
