import JSONDocuments
import Testing

struct JSONTextTests {
    let value: JSONValue = ["b": [1, 2.5, .null, true], "a": ["\u{E9}\"\n": "\u{1F600}\u{7F}"], "e": [], "o": [:]]

    @Test func stylesMatchPython() {
        #expect(
            value.serialized(.compact)
                == "{\"b\":[1,2.5,null,true],\"a\":{\"\u{E9}\\\"\\n\":\"\u{1F600}\u{7F}\"},\"e\":[],\"o\":{}}")
        #expect(
            value.serialized(.spaced, sortedKeys: true, escapingNonASCII: true)
                == "{\"a\": {\"\\u00e9\\\"\\n\": \"\\ud83d\\ude00\\u007f\"}, \"b\": [1, 2.5, null, true], \"e\": [], \"o\": {}}"
        )
        #expect(
            value.serialized(.indented(2)) == """
                {
                  "b": [
                    1,
                    2.5,
                    null,
                    true
                  ],
                  "a": {
                    "\u{E9}\\"\\n": "\u{1F600}\u{7F}"
                  },
                  "e": [],
                  "o": {}
                }
                """)
    }

    /// Expected texts are those of Python's `repr`.
    @Test(arguments: [
        (1.0, "1.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e-05, "1e-05"), (0.0001, "0.0001"), (1.5e-07, "1.5e-07"),
        (Double.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (123456789.0, "123456789.0"),
        (9007199254740993.0, "9007199254740992.0"), (9999999999999998.0, "9999999999999998.0"), (1e16, "1e+16"),
        (1e15, "1000000000000000.0"), (1234567890123456.5, "1234567890123456.5"),
        (-2251799813685249.5, "-2251799813685249.5"),
        (1.2345678901234567e16, "1.2345678901234568e+16"), (-1.2e16, "-1.2e+16"), (1e17, "1e+17"), (1e22, "1e+22"),
        (Double.nan, "null"), (Double.infinity, "null"),
    ])
    func numbersAreSpelledAsInPython(number: Double, text: String) {
        #expect(JSONValue.number(number).serialized() == text)
    }

    @Test func controlCharactersAreEscaped() {
        #expect(JSONValue.string("\u{0}\u{1F}\u{8}\u{C}\r\t/\\").serialized() == "\"\\u0000\\u001f\\b\\f\\r\\t/\\\\\"")
    }

    @Test func objectsKeepTheirOrderThroughChanges() throws {
        var object = JSONObject()
        for index in 0..<40 { object["k\(index)"] = .integer(Int64(index)) }
        object["k3"] = "three"
        object["k5"] = nil
        #expect(object.count == 39)
        #expect(object.keys.prefix(6) == ["k0", "k1", "k2", "k3", "k4", "k6"])
        #expect(object["k3"] == "three" && object["k5"] == nil && object["k39"] == 39)
        let again = try JSONValue(parsing: JSONValue.object(object).serialized())
        #expect(again.object?.keys == object.keys)
    }

    @Test func elementsAreReadInPlace() throws {
        let root = try JSONDocument(parsing: "{\"v\": {\"a\": 1, \"\\u0000\": 2}, \"m\": [\"x\", 2.0, null]}").root
        #expect(root["v"]?["\u{0}"]?.integer == 2)
        #expect(root["v"]?.count == 2 && root["m"]?.count == 3 && root["none"] == nil)
        #expect(root["m"]?[0]?.string == "x" && root["m"]?[1]?.integer == 2 && root["m"]?[3] == nil)
        #expect(root["m"]?[2]?.isNull == true && root["m"]?[0]?.integer == nil)
        #expect(root["m"]?[0]?.withBytes { $0.count } == 1)
        var keys: [String] = []
        root.forEachMember { key, _ in keys.append(key) }
        #expect(keys == ["v", "m"])
        var lengths: [Int] = []
        root["v"]?.forEachMember(bytes: { key, _ in lengths.append(key.count) })
        #expect(lengths == [1, 1])
    }
}
