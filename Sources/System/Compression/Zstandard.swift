import CZstd

/// zstd frames through libzstd.
enum Zstandard {
    static func bytes(_ input: Span<UInt8>, count: Int) throws(CompressionError) -> [UInt8] {
        var result = 0
        let output = unsafe input.withUnsafeBufferPointer { input in
            unsafe [UInt8](unsafeUninitializedCapacity: count) { output, made in
                result = unsafe ZSTD_decompress(output.baseAddress, count, input.baseAddress, input.count)
                made = ZSTD_isError(result) == 0 ? min(result, count) : 0
            }
        }
        if let error = error(result) { throw error }
        guard output.count == count else {
            throw .wrongSize(.zstd, expected: count, compressed: input.count)
        }
        return output
    }

    /// Frames that ask for a window of more than 128 MiB are refused, which is libzstd's default.
    static func decompress(
        _ input: Span<UInt8>, limit: Int, receive: (UnsafeRawBufferPointer) -> Void
    ) throws(CompressionError) {
        let failure = unsafe input.withUnsafeBufferPointer { input in
            unsafe decompress(input, limit: limit, receive: receive)
        }
        if let failure { throw failure }
    }

    private static func decompress(
        _ input: UnsafeBufferPointer<UInt8>, limit: Int, receive: (UnsafeRawBufferPointer) -> Void
    ) -> CompressionError? {
        guard let stream = unsafe ZSTD_createDStream() else { return .damaged(.zstd, detail: "no memory") }
        defer { unsafe ZSTD_freeDStream(stream) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Decompression.pieceSize, alignment: 16)
        defer { unsafe piece.deallocate() }
        var source = unsafe ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var total = 0
        while true {
            var target = unsafe ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
            let before = unsafe source.pos
            let status = unsafe ZSTD_decompressStream(stream, &target, &source)
            if let error = error(status) { return error }
            unsafe total += target.pos
            guard total <= limit else { return .tooLarge(limit: limit) }
            if unsafe target.pos > 0 { unsafe receive(UnsafeRawBufferPointer(rebasing: piece[..<target.pos])) }
            if unsafe source.pos == source.size {
                if status == 0 { return nil }
                // All is read, but the frame is not at its end: there may be more to come out.
                if unsafe target.pos < target.size { return .truncated(.zstd) }
            } else if unsafe source.pos == before && target.pos == 0 {
                return .damaged(.zstd, detail: "no progress")
            }
        }
    }

    private static func error(_ status: Int) -> CompressionError? {
        guard ZSTD_isError(status) != 0 else { return nil }
        return .damaged(.zstd, detail: unsafe String(cString: ZSTD_getErrorName(status)))
    }
}
