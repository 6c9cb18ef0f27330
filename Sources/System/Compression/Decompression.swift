/// Undoes compression; the input is distrusted and nothing is allocated that it cannot fill.
package enum Decompression {
    /// Bytes whose number is known beforehand.
    ///
    /// - Throws: unless exactly `count` bytes come out
    package static func bytes(
        _ input: Span<UInt8>, _ format: CompressionFormat, count: Int
    ) throws(CompressionError) -> [UInt8] {
        let wrongSize = CompressionError.wrongSize(format, expected: count, compressed: input.count)
        guard count >= 0, count / format.greatestRatio <= input.count else { throw wrongSize }
        switch format {
        case .gzip:
            var output: [UInt8] = []
            output.reserveCapacity(count)
            do {
                try Zlib.decompress(input, limit: count) { unsafe output.append(contentsOf: $0) }
            } catch CompressionError.tooLarge {
                throw wrongSize
            }
            guard output.count == count else { throw wrongSize }
            return output
        case .zstd: return try Zstandard.bytes(input, count: count)
        case .snappy: return try Snappy.bytes(input, count: count)
        case .lz4Frame: return try LZ4.frame(input, count: count)
        case .lz4Block: return try LZ4.block(input, count: count)
        }
    }

    /// A whole compressed file of one or more members (gzip) or frames (zstd), handed on piece by piece.
    ///
    /// - Throws: `.tooLarge` before more than `limit` bytes have been handed on
    package static func file(
        _ input: Span<UInt8>, _ format: CompressionFormat, limit: Int, receive: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        switch format {
        case .gzip: try Zlib.decompress(input, limit: limit, receive: receive)
        case .zstd: try Zstandard.decompress(input, limit: limit, receive: receive)
        case .snappy, .lz4Frame, .lz4Block:
            throw .damaged(format, detail: "no format of whole files")
        }
    }

    /// Bytes handed on at once.
    static let pieceSize = 1 << 18
}
