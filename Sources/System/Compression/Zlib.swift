import CZlib

/// gzip and zlib streams through zlib.
enum Zlib {
    /// Members that follow each other are one stream, as RFC 1952 says.
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
        var stream = unsafe z_stream()
        // A window of 32 KiB; gzip or zlib, whichever the header says.
        guard unsafe inflateInit2_(&stream, 15 + 32, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            return .damaged(.gzip, detail: "no memory")
        }
        defer { unsafe inflateEnd(&stream) }
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Decompression.pieceSize, alignment: 16)
        defer { unsafe piece.deallocate() }
        var position = 0
        var total = 0
        while true {
            let given = min(input.count - position, 1 << 30)
            // zlib reads from here and does not write.
            unsafe stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress.map { unsafe $0 + position })
            unsafe stream.avail_in = UInt32(given)
            unsafe stream.next_out = piece.baseAddress?.assumingMemoryBound(to: UInt8.self)
            unsafe stream.avail_out = UInt32(piece.count)
            let status = unsafe inflate(&stream, Z_NO_FLUSH)
            let made = unsafe piece.count - Int(stream.avail_out)
            unsafe position += given - Int(stream.avail_in)
            total += made
            guard total <= limit else { return .tooLarge(limit: limit) }
            if made > 0 { unsafe receive(UnsafeRawBufferPointer(rebasing: piece[..<made])) }
            switch status {
            case Z_STREAM_END:
                if position == input.count { return nil }
                // zlib's command line tool ignores zeros behind the last member; so do we.
                if unsafe input[position...].allSatisfy({ $0 == 0 }) { return nil }
                guard unsafe inflateReset(&stream) == Z_OK else { return .damaged(.gzip, detail: "no new member") }
            case Z_OK: continue
            case Z_BUF_ERROR: return .truncated(.gzip)
            default:
                let detail = unsafe stream.msg.map { unsafe String(cString: $0) }
                return .damaged(.gzip, detail: detail ?? "error \(status)")
            }
        }
    }
}
