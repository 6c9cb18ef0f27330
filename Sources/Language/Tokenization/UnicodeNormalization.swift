import CUTF8Proc
import Glibc

/// The four normalization forms of Unicode (Annex 15). The only file that touches utf8proc.
enum NormalizationForm: String, Sendable {
    case composed = "NFC"
    case decomposed = "NFD"
    case compatibilityComposed = "NFKC"
    case compatibilityDecomposed = "NFKD"

    private var options: utf8proc_option_t {
        let common = UTF8PROC_STABLE.rawValue
        return switch self {
        case .composed: utf8proc_option_t(common | UTF8PROC_COMPOSE.rawValue)
        case .decomposed: utf8proc_option_t(common | UTF8PROC_DECOMPOSE.rawValue)
        case .compatibilityComposed:
            utf8proc_option_t(common | UTF8PROC_COMPOSE.rawValue | UTF8PROC_COMPAT.rawValue)
        case .compatibilityDecomposed:
            utf8proc_option_t(common | UTF8PROC_DECOMPOSE.rawValue | UTF8PROC_COMPAT.rawValue)
        }
    }

    /// Whether the text is surely in this form already; false means that it has to be computed.
    func surelyHolds(for bytes: [UInt8]) -> Bool {
        guard self == .composed else { return !bytes.contains { $0 >= 0x80 } }
        var index = 0
        while index < bytes.count {
            if bytes[index] < 0xCC {  // below U+0300, where everything is composed and nothing combines
                index += 1
                continue
            }
            let (code, length) = scalar(in: bytes, at: index, before: bytes.count)
            guard Self.isInertWhenComposed(code) else { return false }
            index += length
        }
        return true
    }

    /// Large ranges in which no code point changes or combines under NFC.
    private static func isInertWhenComposed(_ code: UInt32) -> Bool {
        switch code {
        case 0...0x2FF, 0x400...0x482, 0x48A...0x52F, 0x2010...0x2070, 0x3001...0x3029, 0x3040...0x3098,
            0x30A0...0x30FF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFF01...0xFF9D, 0x1F300...0x1F6FF:
            return true
        default: return false
        }
    }

    /// The text in this form; input must be well-formed UTF-8.
    func apply(to bytes: [UInt8]) throws -> [UInt8] {
        if surelyHolds(for: bytes) { return bytes }
        var result: UnsafeMutablePointer<UInt8>?
        let count = bytes.withUnsafeBufferPointer { text in
            utf8proc_map(text.baseAddress, text.count, &result, options)
        }
        defer { free(result) }
        guard count >= 0, let result else {
            let reason = utf8proc_errmsg(count).map { String(cString: $0) } ?? "error \(count)"
            throw TokenizerError.normalizationFailed(reason: reason)
        }
        return Array(UnsafeBufferPointer(start: result, count: count))
    }
}
