import CLZ4

/// LZ4 blocks and frames through liblz4.
enum LZ4 {
    static func block(_ input: Span<UInt8>, count: Int) throws(CompressionError) -> [UInt8] {
        let wrongSize = CompressionError.wrongSize(.lz4Block, expected: count, compressed: input.count)
        guard let size = Int32(exactly: input.count), let capacity = Int32(exactly: count) else { throw wrongSize }
        var result: Int32 = 0
        let output = unsafe input.withUnsafeBytes { input in
            unsafe [UInt8](unsafeUninitializedCapacity: count) { output, made in
                result = unsafe output.withMemoryRebound(to: CChar.self) {
                    unsafe LZ4_decompress_safe(
                        input.baseAddress?.assumingMemoryBound(to: CChar.self), $0.baseAddress, size, capacity)
                }
                made = max(0, min(Int(result), count))
            }
        }
        guard result >= 0 else { throw .damaged(.lz4Block, detail: "invalid at byte \(-Int(result))") }
        guard output.count == count else { throw wrongSize }
        return output
    }

    static func frame(_ input: Span<UInt8>, count: Int) throws(CompressionError) -> [UInt8] {
        var failure: CompressionError?
        let output = unsafe input.withUnsafeBytes { input in
            unsafe [UInt8](unsafeUninitializedCapacity: count) { output, made in
                (made, failure) = unsafe decompress(input, into: UnsafeMutableRawBufferPointer(output), count: count)
            }
        }
        if let failure { throw failure }
        guard output.count == count else {
            throw .wrongSize(.lz4Frame, expected: count, compressed: input.count)
        }
        return output
    }

    private static func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, count: Int
    ) -> (made: Int, failure: CompressionError?) {
        var context: OpaquePointer?
        guard unsafe LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0 else {
            return (0, .damaged(.lz4Frame, detail: "no memory"))
        }
        defer { unsafe LZ4F_freeDecompressionContext(context) }
        var read = 0
        var made = 0
        while read < input.count {
            var given = input.count - read
            var room = count - made
            let status = unsafe LZ4F_decompress(
                context, output.baseAddress.map { unsafe $0 + made }, &room,
                input.baseAddress.map { unsafe $0 + read }, &given, nil)
            if LZ4F_isError(status) != 0 {
                return (made, .damaged(.lz4Frame, detail: unsafe String(cString: LZ4F_getErrorName(status))))
            }
            read += given
            made += room
            if status == 0 { return (made, nil) }
            if given == 0, room == 0 { return (made, .wrongSize(.lz4Frame, expected: count, compressed: input.count)) }
        }
        return (made, .truncated(.lz4Frame))
    }
}
