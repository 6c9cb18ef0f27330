import Testing

import Compression

struct DecompressionTests {
    /// The same text in each format, as pyarrow's codecs and Python's gzip write it.
    static let text = Array("hello hello hello hello hello hello\n".utf8)
    static let compressed: [(CompressionFormat, [UInt8])] = [
        (
            .gzip,
            [
                0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8,
                0xC0, 0x47, 0x72, 0x01, 0x00, 0xF3, 0xA0, 0x5D, 0xC7, 0x24, 0x00, 0x00, 0x00,
            ]
        ),
        (
            .zstd,
            [
                0x28, 0xB5, 0x2F, 0xFD, 0x20, 0x24, 0x6D, 0x00, 0x00, 0x38, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x20, 0x0A,
                0x01, 0x00, 0xB9, 0x4B, 0x11,
            ]
        ),
        (.snappy, [0x24, 0x14, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x20, 0x72, 0x06, 0x00, 0x00, 0x0A]),
        (
            .lz4Frame,
            [
                0x04, 0x22, 0x4D, 0x18, 0x60, 0x40, 0x82, 0x10, 0x00, 0x00, 0x00, 0x6F, 0x68, 0x65, 0x6C, 0x6C, 0x6F,
                0x20, 0x06, 0x00, 0x06, 0x50, 0x65, 0x6C, 0x6C, 0x6F, 0x0A, 0x00, 0x00, 0x00, 0x00,
            ]
        ),
        (
            .lz4Block,
            [0x6F, 0x68, 0x65, 0x6C, 0x6C, 0x6F, 0x20, 0x06, 0x00, 0x06, 0x50, 0x65, 0x6C, 0x6C, 0x6F, 0x0A]
        ),
    ]

    @Test(arguments: compressed) func bytesOfKnownNumber(format: CompressionFormat, bytes: [UInt8]) throws {
        #expect(try Decompression.bytes(bytes.span, format, count: Self.text.count) == Self.text)
        for count in [-1, 0, 35, 37, 1 << 40] {
            #expect(throws: CompressionError.self) { try Decompression.bytes(bytes.span, format, count: count) }
        }
        let cut = Array(bytes.dropLast(format == .lz4Frame ? 6 : 2))
        #expect(throws: CompressionError.self) {
            try Decompression.bytes(cut.span, format, count: Self.text.count)
        }
    }

    /// Never a trap, whatever the bytes are.
    @Test(arguments: compressed) func damagedBytes(format: CompressionFormat, bytes: [UInt8]) {
        for place in bytes.indices {
            for value in stride(from: 0, through: 255, by: 5) {
                var damaged = bytes
                damaged[place] = UInt8(value)
                let output = try? Decompression.bytes(damaged.span, format, count: Self.text.count)
                #expect(output == nil || output?.count == Self.text.count)
                _ = try? unpacked(damaged, format)
            }
        }
    }

    func unpacked(_ bytes: [UInt8], _ format: CompressionFormat, limit: Int = 1 << 20) throws -> [UInt8] {
        var output: [UInt8] = []
        try Decompression.file(bytes.span, format, limit: limit) { unsafe output.append(contentsOf: $0) }
        return output
    }

    @Test(arguments: compressed.prefix(2)) func wholeFiles(format: CompressionFormat, bytes: [UInt8]) throws {
        #expect(CompressionFormat(markOf: bytes.span) == format)
        #expect(try unpacked(bytes, format) == Self.text)
        // Members and frames follow each other in files that were put together.
        #expect(try unpacked(bytes + bytes, format) == Self.text + Self.text)
        #expect(throws: CompressionError.tooLarge(limit: 71)) { try unpacked(bytes + bytes, format, limit: 71) }
        #expect(throws: CompressionError.truncated(format)) { try unpacked(bytes.dropLast(3), format) }
        #expect(throws: CompressionError.self) { try unpacked(bytes + [1, 2, 3, 4, 5], format) }
        #expect(throws: CompressionError.self) { try unpacked([], format) }
    }

    @Test func textHasNoMark() {
        for text in ["", "{\"a\": 1}", "a,b\n"] { #expect(CompressionFormat(markOf: Array(text.utf8).span) == nil) }
    }
}
