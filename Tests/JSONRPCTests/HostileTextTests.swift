import JSONDocuments
import JSONRPC
import Testing

/// Classes of JSONTestSuite as parameters of a request: what is no JSON is answered -32700, what is JSON is accepted.
struct HostileTextTests {
    private func code(of parameters: [UInt8]) throws -> Int64? {
        let peer = try PeerFixture()
        let start = Array(#"{"jsonrpc":"2.0","id":1,"method":"echo","params":["#.utf8)
        try peer.send(start + parameters + Array("]}\n".utf8))
        let reply = try #require(try peer.lines(peer.received()).first)
        #expect(reply["result"] != nil || reply["error"]?["code"] != nil)
        return reply["error"]?["code"]?.integer
    }

    /// `n_array`, `n_object`, `n_number`, `n_string`, `n_structure`, one or more of each idea.
    @Test(arguments: [
        "1 true", "\"\": 1", "\"\",", ",1", "1,,2", "[", "]", "[1", "x", "*", "1,", "\"a", "[,", "[3[4]]", "-",
        "{[", "{\"x\"::\"b\"}", "{\"a\",1}", "{key: 'value'}", "{\"id\":0,,,,,}", "{'a':0}", "{\"a\":\"b\",}",
        "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}#", "{\"a\" b}", "{:\"b\"}", "{9999E9999:1}", "{null:null,null:null}",
        "{\"a\": true} \"x\"", "{\"a\":/*comment*/\"b\"}", "{\"x\", null}", "{🇨🇭}",
        "++1234", "+1", "+Inf", "-01", "-1.0.", "-2.", "-NaN", "-Infinity", ".-1", ".2e-3", "0.1.2", "0.3e+", "0.3e",
        "0.e1", "0E+", "0E", "0e+", "1.0e+", "1.0e-", "1.0e", "1 000.0", "1eE2", "2.e+3", "2.e-3", "2.e3", "9.e+",
        "Inf", "NaN", "\u{FF11}", "1+2", "0x1", "0x42", "Infinity", "0e+-1", "-123.123foo", "123u", "-foo", "- 1",
        "-012", "-.123", "-1x", "1ea", "-2.e3", "012", "00", "00.0", "-00.0", "00e0", "2.", ".123",
        "\"\\uD800\\\"", "\"\\uD800\\u\"", "\"\\uD800\\u1\"", "\"\\uD800\\u1x\"", "é", "\"\\x00\"", "\"\\\\\\\"",
        "\"\\\t\"",
        "\"\\🌀\"", "\"\\\"", "\"\\u00A\"", "\"\\uD834\\uDd\"", "\"\\uD800\\uD800\\x\"", "\"\\a\"", "\"\\uqqqq\"",
        "\\u0020\"asd\"",
        "\\n", "\"", "'single quote'", "abc", "\"\\", "\"\t\"", "\"\u{1}\"", "\"\u{0}\"", "\"\"x", "\"\\U0041\"",
        "\"\\012\"",
        "<.>", "<null>", "asd]", "[1]x", "{}}", "nul", "tru", "fals", "True", "TRUE", "a\u{0}b", "{\"a\":1", "1]}x",
        "\u{2060}",
        "\u{FEFF}1", "{\"a\": \"b\"}/**//", "{\"a\"", "\u{C}", "&", "\u{A0}1", "{\"a\":true,\"a\":false}",
        "{\"a\":1,\"\\u0061\":1}",
    ])
    func refused(text: String) throws {
        #expect(try code(of: Array(text.utf8)) == -32700, "\(text)")
    }

    @Test(arguments: [
        [0xFF], [0x22, 0xFF, 0x22], [0x22, 0x80, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xE0, 0x80, 0x80, 0x22],
        [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0x31, 0xE5],
        [0x22, 0x5C, 0xE5, 0x22], [0x22, 0x5C, 0x75, 0xE5, 0x22], [0xFE, 0xFF], [0xFF, 0xFE, 0x31, 0x00], [0xC3, 0xA9],
        [0x22, 0xFC, 0x80, 0x80, 0x80, 0x80, 0x80, 0x22], [0x31, 0x65, 0x31, 0xE5],
    ])
    func invalidBytes(bytes: [UInt8]) throws {
        #expect(try code(of: bytes) == -32700)
    }

    /// `y_` of every class; the two of the suite that repeat a key are refused above.
    @Test(arguments: [
        "[[]   ]", "\"\"", "[]", "\"a\"", "false", "null, 1, \"1\", {}", "null", "1\t", " 1", "1,null,null,null,2",
        "2 ",
        "123e65", "0e+1", "0e1", " 4",
        "-0.000000000000000000000000000000000000000000000000000000000000000000000000000001",
        "20e1", "-0", "-123", "-1", "-0.0", "1E22", "1E-2", "1E+2", "123e45", "123.456e78", "1e-2", "1e+2", "123",
        "123.456789", "9007199254740993", "100000000000000000000", "0.4e-7", "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
        "{\"asd\":\"sdf\"}",
        "{}", "{\"\":0}", "{\"foo\\u0000bar\": 42}", "{\"min\": -1.0e+28, \"max\": 1.0e+28}",
        "{\"x\":[{\"id\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}], \"id\": \"x\"}", "{\"a\":[]}",
        "{\"title\":\"\\u041f\\u043e\\u043b\"}", "\"\\u0060\\u012a\\u12AB\"", "\"\\uD801\\udc37\"",
        "\"\\ud83d\\ude39\\ud83d\\udc8d\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\\u0000\"", "\"\\\"\"", "\"a/*b*/c/*d//e\"", "\"\\\\a\"", "\"\\\\n\"",
        "\"\\u0012\"",
        "\"\\uFFFF\"", "\"asd\"", "\"\\uDBFF\\uDFFF\"", "\"new\\u00A0line\"", "\"\u{10FFFF}\"", "\"\u{FFFF}\"",
        "\"\\u0000\"",
        "\"\\u002c\"", "\"π\"", "\"\u{1BFFF}\"", "\"asd \"", "\" \"", "\"\\uD834\\uDd1e\"", "\"\\u0821\"",
        "\"\\u0123\"", "\"\u{2028}\"",
        "\"\u{2029}\"", "\"\\u0061\\u30af\\u30EA\\u30b9\"", "\"new\\u000Aline\"", "\"\u{7F}\"", "\"\\uA66D\"",
        "\"\\u005C\"", "\"⍂㈴⍂\"",
        "\"\\u2064\"", "\"€𝄞\"", "\"aa\"", "true", "[[[[[]]]]]", "\t[]\t",
    ])
    func accepted(text: String) throws {
        #expect(try code(of: Array(text.utf8)) == nil, "\(text)")
    }

    /// Huge numbers travel as far as a double reaches, and integers exactly as far as 64 bits.
    @Test func numbers() throws {
        let peer = try PeerFixture()
        let numbers = "[9223372036854775807,-9223372036854775808,1.7976931348623157e308,5e-324,1e22]"
        let reply = try peer.exchange("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"params\":\(numbers)}\n")
        #expect(reply.first?["result"] == (try JSONValue(parsing: numbers)))
        for huge in [
            "1e309", "-1e309", "1" + String(repeating: "0", count: 400),
            "0." + String(repeating: "1", count: 10000) + "e400",
        ] {
            #expect(try code(of: Array(huge.utf8)) == -32700, "\(huge.prefix(20))")
        }
        #expect(try code(of: Array(("0." + String(repeating: "1", count: 100_000)).utf8)) == nil)
    }
}
