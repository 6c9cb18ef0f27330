import LinuxSystem
import Testing

struct TextEncodingTests {
    @Test(
        arguments: [
            ([], nil), ([0x61], nil), (Array("text".utf8), nil), ([0xEF, 0xBB, 0xBF, 0x61], nil),
            ([0xFF, 0xFE, 0x61, 0], "UTF-16"), ([0xFE, 0xFF, 0, 0x61], "UTF-16"), ([0xFF, 0xFE], "UTF-16"),
            ([0x61, 0, 0x62, 0], "UTF-16"), ([0, 0x61, 0, 0x62], "UTF-16"), ([0xFF, 0xFE, 0, 0], "UTF-32"),
            ([0, 0, 0xFE, 0xFF], "UTF-32"), ([0x61, 0], nil), ([0, 0, 0, 0], nil), ([0x61, 0, 0x62, 0x63], nil),
        ] as [([UInt8], String?)])
    func encodings(bytes: [UInt8], name: String?) {
        #expect(TextEncoding.foreignName(of: bytes.span) == name)
    }

    @Test func texts() throws {
        #expect(try TextEncoding.text(of: [0xEF, 0xBB, 0xBF, 0x61]) == "a")
        #expect(try TextEncoding.text(of: Array("a\u{FEFF}é".utf8)) == "a\u{FEFF}é")
        #expect(throws: TextEncoding.Failure.foreign("UTF-16")) { try TextEncoding.text(of: [0xFF, 0xFE, 0x61, 0]) }
        #expect(throws: TextEncoding.Failure.invalid(line: 3)) {
            try TextEncoding.text(of: Array("a\nb\n".utf8) + [0xE9, 0x0A])
        }
    }
}
