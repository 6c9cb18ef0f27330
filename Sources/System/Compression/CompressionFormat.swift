/// A way of compressing bytes that can be undone here.
package enum CompressionFormat: String, Hashable, Sendable, CaseIterable {
    /// RFC 1952, also RFC 1950 ("zlib").
    case gzip
    /// RFC 8878.
    case zstd
    /// Google's raw format, without frames.
    case snappy
    case lz4Frame = "LZ4 frame"
    /// A block without length or checksum.
    case lz4Block = "LZ4 block"

    /// The format whose mark a file begins with, among those that whole files are compressed in.
    package init?(markOf bytes: Span<UInt8>) {
        if bytes.count >= 3, bytes[0] == 0x1F, bytes[1] == 0x8B, bytes[2] == 8 {
            self = .gzip
        } else if bytes.count >= 4, bytes[0] == 0x28, bytes[1] == 0xB5, bytes[2] == 0x2F, bytes[3] == 0xFD {
            self = .zstd
        } else {
            return nil
        }
    }

    /// The most bytes that one compressed byte can become; a claim beyond that is a lie.
    var greatestRatio: Int {
        switch self {
        case .gzip: 1032
        case .zstd: 1 << 17  // A block of 128 KiB that repeats one byte takes four.
        case .snappy: 64
        case .lz4Frame, .lz4Block: 256
        }
    }
}

/// Why compressed bytes cannot be undone.
package enum CompressionError: Error, Hashable, CustomStringConvertible {
    case damaged(CompressionFormat, detail: String)
    /// The bytes end before the compressed data does.
    case truncated(CompressionFormat)
    case wrongSize(CompressionFormat, expected: Int, compressed: Int)
    /// More than `limit` bytes come out.
    case tooLarge(limit: Int)

    package var description: String {
        switch self {
        case .damaged(let format, let detail): "damaged \(format.rawValue) data (\(detail))"
        case .truncated(let format): "\(format.rawValue) data that ends too early"
        case .wrongSize(let format, let expected, let compressed):
            "\(compressed) bytes of \(format.rawValue) data that do not become \(expected) bytes, as announced"
        case .tooLarge(let limit): "decompressed, it is larger than \(limit >> 20) MiB"
        }
    }
}
