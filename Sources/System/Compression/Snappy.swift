import CSnappy

/// Google's raw snappy format through libsnappy.
enum Snappy {
    static func bytes(_ input: Span<UInt8>, count: Int) throws(CompressionError) -> [UInt8] {
        var announced = 0
        var status = SNAPPY_INVALID_INPUT
        let output = unsafe input.withUnsafeBytes { input -> [UInt8] in
            let text = unsafe input.baseAddress?.assumingMemoryBound(to: CChar.self)
            // The library writes as many bytes as the data announces.
            guard unsafe snappy_uncompressed_length(text, input.count, &announced) == SNAPPY_OK, announced == count
            else { return [] }
            return unsafe [UInt8](unsafeUninitializedCapacity: count) { output, made in
                var size = count
                status = unsafe output.withMemoryRebound(to: CChar.self) {
                    unsafe snappy_uncompress(text, input.count, $0.baseAddress, &size)
                }
                made = status == SNAPPY_OK ? min(size, count) : 0
            }
        }
        guard announced == count else { throw .wrongSize(.snappy, expected: count, compressed: input.count) }
        guard status == SNAPPY_OK, output.count == count else {
            throw .damaged(.snappy, detail: "invalid input")
        }
        return output
    }
}
