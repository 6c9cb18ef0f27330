import JSONDocuments
import Testing

struct JSONCodableTests {
    struct Inner: Codable, Equatable {
        var wide: Int64
        var flag: Bool?
        var names: [String]
    }

    enum Shape: String, Codable { case round, square }

    struct Outer: Codable, Equatable {
        var inner: Inner
        var list: [Inner]
        var ratio: Double
        var single: Float
        var table: [String: Int]
        var shape: Shape
        var anything: JSONValue
        var byte: UInt8
        var missing: String?
    }

    let outer = Outer(
        inner: Inner(wide: .max, flag: nil, names: ["a", "\u{E9}"]), list: [Inner(wide: .min, flag: true, names: [])],
        ratio: 2, single: 0.1, table: ["x": 1], shape: .square, anything: ["k": [1, 2.5, .null, "s"]], byte: 255)

    @Test func valuesSurviveTheRoundTrip() throws {
        let value = try JSONValue(encoding: outer)
        #expect(try value.decoded(as: Outer.self) == outer)
        #expect(try JSONValue(parsing: value.serialized()).decoded(as: Outer.self) == outer)
        #expect(
            value.serialized() == """
                {"inner":{"wide":9223372036854775807,"names":["a","\u{E9}"]},"list":[{"wide":-9223372036854775808,\
                "flag":true,"names":[]}],"ratio":2.0,"single":0.1,"table":{"x":1},"shape":"square",\
                "anything":{"k":[1,2.5,null,"s"]},"byte":255}
                """)
    }

    @Test func plainValues() throws {
        #expect(try JSONValue(encoding: [1, 2]) == [1, 2])
        #expect(try JSONValue(encoding: "x") == "x")
        #expect(try JSONValue(encoding: Int?.none) == .null)
        #expect(try JSONValue(encoding: [String: Int]()) == [:])
        #expect(try JSONValue(encoding: [Int]()) == [])
        #expect(try JSONValue.integer(3).decoded(as: Double.self) == 3)
        #expect(try JSONValue.number(3).decoded(as: Int.self) == 3)
        #expect(try JSONValue.array([1, .null]).decoded(as: [Int?].self) == [1, nil])
        #expect(try JSONValue(encoding: UInt64(7)) == 7)
    }

    @Test func misfitsAreRefused() {
        #expect(throws: DecodingError.self) { try JSONValue.string("1").decoded(as: Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue.integer(256).decoded(as: UInt8.self) }
        #expect(throws: DecodingError.self) { try JSONValue.number(1.5).decoded(as: Int.self) }
        #expect(throws: DecodingError.self) { try JSONValue.integer(1).decoded(as: Bool.self) }
        #expect(throws: DecodingError.self) { try JSONValue.object([:]).decoded(as: Inner.self) }
        #expect(throws: DecodingError.self) { try JSONValue.null.decoded(as: String.self) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: UInt64.max) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: [Double.nan]) }
    }

    @Test func errorsNameThePath() {
        #expect { try JSONValue(parsing: "{\"a\":[1,\"x\"]}").decoded(as: [String: [Int]].self) } throws: { error in
            guard case DecodingError.typeMismatch(_, let context)? = error as? DecodingError else { return false }
            return context.codingPath.map(\.stringValue) == ["a", "1"]
        }
    }
}
