import JSONDocuments
import Testing

/// What files hold that are no JSON by the book, as Python's `json` and pandas read them.
struct LenientJSONTests {
    private func lenient(_ text: String) throws -> JSONValue {
        let bytes = Array(text.utf8)
        return try JSONDocument(parsingLeniently: bytes.span).root.value
    }

    @Test(
        arguments: [
            (#"{"a": NaN, "b": [Infinity, -Infinity, NaN]}"#, ["a": .null, "b": [.null, .null, .null]]),
            ("NaN", .null), ("\u{FEFF}[1]", [1]),
            (#"["NaN", "Infinity \" -Infinity"]"#, ["NaN", "Infinity \" -Infinity"]),
            ("[\"a\tb\nc\u{1}d\r\", \"\\n\t\"]", ["a\tb\nc\u{1}d\r", "\n\t"]),
            (#"{"a": 1, "b": 2, "a": 3}"#, ["a": 3, "b": 2]), (#"{"a": {"b": 1, "b": 2}}"#, ["a": ["b": 2]]),
            ("[123456789012345678901, NaN]", [1.2345678901234568e20, .null]), (#"{"a\u0000": NaN}"#, ["a\u{0}": .null]),
            (#"[-1, -1e2, "x"]"#, [-1, -100.0, "x"]),
        ] as [(String, JSONValue)])
    func accepted(text: String, value: JSONValue) throws {
        #expect(try lenient(text) == value)
    }

    @Test func theLastValueStandsInTheFirstOnesPlace() throws {
        #expect(try lenient(#"{"a": 1, "b": 2, "a": 3}"#).serialized(.compact) == #"{"a":3,"b":2}"#)
    }

    @Test(arguments: [
        "", "[", "[1,]", "{'a': 1}", "[nan]", "[Nan]", "[NaNs]", "[xNaN]", "[Infinit]", "[+Infinity]", "[1] x", "[\"a",
        "// c\n[1]", "{a: NaN}", "[1]\u{0}", "\u{FEFF}\u{FEFF}[1]", "[--Infinity]",
    ])
    func refused(text: String) {
        #expect(throws: JSONError.self) { try lenient(text) }
    }

    /// Places are those of the text as it was written.
    @Test(
        arguments: [
            ("[NaN,\n NaN, tru]", 2), ("[\"a\nb\nc\", x]", 3), ("[\n\"a\tb\", NaN,\nNaN, \"x\"]]", 3),
            ("{\"a\": 1, \"a\": 2,\n\"b\" 3}", 2),
        ] as [(String, Int)])
    func places(text: String, line: Int) throws {
        let error = try #require(#expect(throws: JSONError.self) { try lenient(text) })
        #expect(error.line == line, "\(error)")
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect((1...lines[line - 1].count + 1).contains(error.column), "\(error)")
    }

    @Test func limitsHold() {
        let deep = String(repeating: "[", count: 600) + "NaN" + String(repeating: "]", count: 600)
        #expect(throws: JSONError.self) { try lenient(deep) }
    }
}
