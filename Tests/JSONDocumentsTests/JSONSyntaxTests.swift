import JSONDocuments
import Testing

/// Cases in the manner of JSONTestSuite (github.com/nst/JSONTestSuite): `n_` must be refused, `y_` accepted.
struct JSONSyntaxTests {
    @Test(arguments: [
        "", " ", "\n", "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[,]", "[1 2]", "[1:2]", "[]]",
        "[][]",
        "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{\"a\":1,,\"b\":2}", "{\"a\" 1}", "{\"a\"::1}", "{a:1}",
        "{1:1}",
        "{null:null}", "{'a':1}", "['a']", "{\"a\":1}x", "{\"a\":1}//", "{\"a\":/*c*/1}", "[1]#", "{}}",
        "nul", "nulll", "True", "TRUE", "fals", "[tru]", "nan", "NaN", "-NaN", "Infinity", "-Infinity", "Inf", "+Inf",
        "-", "--1", "-a", "+1", "++1", "01", "-01", "-012", "00", "1.", ".5", "-.5", "-1.", "1.e1", "0.e1", "1e", "1e+",
        "1E-",
        "1ee2", "1.2.3", "1e1.5", "0x1", "0x", "1_000", "1a", "1 000", "1e+-1", "0e", "0E+", "9.e+", "2.e3", "\u{FF11}",
        "\"", "\"a", "\"\\\"", "\"\\", "\"\\u\"", "\"\\u0\"", "\"\\u00A\"", "\"\\u12g4\"", "\"\\x00\"", "\"\\a\"",
        "\"\\'\"",
        "\"\\\u{1F600}\"", "\"\\u{41}\"", "\"tab\t\"", "\"line\nbreak\"", "\"\u{0}\"", "\"\u{1F}\"", "a", "'a'", "`a`",
        "\u{FEFF}", "\u{FEFF}{}", "\u{2060}", "[\u{C}]", "[\u{A0}1]", "<.>", "[1]\u{0}", "123\u{0}", "*",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":1}", "{\"a\\u0000\":1,\"a\\u0000\":1}", "{\"\\u0061\":1,\"a\":1}",
    ])
    func refusedText(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(arguments: [
        [0xFF], [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22], [0x22, 0x80, 0x22],
        [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
        [0x5B, 0xE5, 0x5D],
        [0x22, 0x5C, 0xE5, 0x22], [0x22, 0x5C, 0x75, 0xE5, 0x22], [0x5B, 0x22, 0xC3],
        [0x7B, 0x22, 0xC3, 0x22, 0x3A, 0x31, 0x7D],
        [0xFE, 0xFF, 0x00, 0x5B, 0x00, 0x5D], [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00], [0x31, 0xE5],
        [0x31, 0x65, 0x31, 0xE5],
    ])
    func refusedBytes(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }

    @Test(arguments: [
        "\"\\uD800\"", "\"\\uD800\\u0041\"", "\"\\uDC00\"", "\"\\uD800\\uD800\"", "\"\\uD83D\"", "1e400", "-1e400",
    ])
    func refusedBecauseNoSwiftValueHoldsThem(text: String) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
    }

    @Test(
        arguments: [
            ("[]", .array([])), ("{}", .object([:])), (" [ ] ", .array([])), ("null", .null), ("true", .bool(true)),
            ("false", .bool(false)), ("\"\"", .string("")), ("\t\r\n 1 \n", .integer(1)), ("0", .integer(0)),
            ("-0", .integer(0)),
            ("-1", .integer(-1)), ("123", .integer(123)), ("0.5", .number(0.5)), ("-0.0", .number(-0.0)),
            ("1e2", .number(100)),
            ("1E+2", .number(100)), ("1e-2", .number(0.01)), ("0e1", .number(0)), ("0e+1", .number(0)),
            ("1.0", .number(1)),
            ("123.456e78", .number(123.456e78)), ("1e-400", .number(0)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(9223372036854775808)),
            ("-9223372036854775809", .number(-9223372036854775808)),
            ("[18446744073709551616,1]", [.number(18446744073709551616), 1]),
            ("100000000000000000000000", .number(1e23)),
            (
                "{\"1234567890123456789012\": 1234567890123456789}",
                ["1234567890123456789012": 1_234_567_890_123_456_789]
            ),
            ("\"\\u0000\"", "\u{0}"), ("\"a\\u0000b\"", "a\u{0}b"), ("\"\\uD834\\uDD1E\"", "\u{1D11E}"),
            ("\"\\ud83d\\ude00\"", "\u{1F600}"),
            ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\u{8}\u{C}\n\r\t"), ("\"\u{7F}\"", "\u{7F}"),
            ("\"\u{2028}\u{2029}\"", "\u{2028}\u{2029}"),
            ("\"\\\\u0000\"", "\\u0000"),
            ("{\"\":0}", ["": 0]), ("{\"a\":[1,{\"b\":null}]}", ["a": [1, ["b": .null]]]), ("[[[[]]]]", [[[[]]]]),
            ("{\"foo\\u0000bar\":42}", ["foo\u{0}bar": 42]),
            (
                "{\"a\\u0000\":\"\\u0000\\ue000\",\"\\uE001\":2}",
                ["a\u{0}": "\u{0}\u{E000}", "\u{E001}": 2]
            ),
            ("{\"\u{E9}\":1,\"e\u{301}\":2}", ["\u{E9}": 1, "e\u{301}": 2]),
        ] as [(String, JSONValue)])
    func accepted(text: String, expected: JSONValue) throws {
        let value = try JSONValue(parsing: text)
        #expect(value == expected)
        #expect(try JSONValue(parsing: value.serialized(.compact)) == expected)
        #expect(
            try JSONValue(parsing: value.serialized(.indented(2), sortedKeys: true, escapingNonASCII: true)) == expected
        )
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":"])
    func nestingIsBoundedBeforeParsing(opening: String) {
        let text = String(repeating: opening, count: 100_000)
        #expect(throws: JSONError(.tooDeep(limit: 512), line: 1, column: place(opening))) {
            try JSONValue(parsing: text)
        }
    }

    private func place(_ opening: String) -> Int {
        switch opening {
        case "[": 513
        case "{\"a\":": 512 * 5 + 1
        default: 256 * 6 + 1
        }
    }

    @Test func theDeepestNestingAllowedIsRead() throws {
        let text = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
        #expect(try JSONValue(parsing: text).serialized() == text)
        let tight = JSONLimits(maximumBytes: 1024, maximumDepth: 511)
        #expect(throws: JSONError.self) { try JSONValue(parsing: text, limits: tight) }
    }

    @Test func bracketsInStringsAreNotNesting() throws {
        let text = "\"" + String(repeating: "[", count: 5000) + "\\\"[\""
        #expect(try JSONValue(parsing: text).string?.utf8.count == 5002)
    }

    @Test(arguments: [0xFFFF, 0xFDD0, 0x10FFFF, 0x1FFFE] as [UInt32])
    func noncharactersAreText(code: UInt32) throws {
        let text = String(try #require(Unicode.Scalar(code)))
        #expect(try JSONValue(parsing: "\"\(text)\"") == .string(text))
        #expect(try JSONValue(parsing: "\"\\uFFFF\"").string?.unicodeScalars.map(\.value) == [0xFFFF])
    }

    @Test func sizeIsBounded() {
        let limits = JSONLimits(maximumBytes: 3, maximumDepth: 8)
        #expect(throws: JSONError(.tooLarge(bytes: 4, limit: 3))) { try JSONValue(parsing: "[10]", limits: limits) }
    }

    @Test func errorsNameThePlace() {
        #expect { try JSONValue(parsing: "{\n  \"a\": 1,\n  \"b\": x\n}") } throws: { error in
            guard let error = error as? JSONError else { return false }
            return error.line == 3 && error.column >= 8 && error.column <= 9
        }
        #expect { try JSONValue(parsing: "{\"a\": 1, \"a\": 2}") } throws: { error in
            if case .duplicateKey = (error as? JSONError)?.reason { true } else { false }
        }
    }
}
