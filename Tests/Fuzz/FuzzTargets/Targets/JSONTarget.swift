import JSONDocuments

/// The one door for JSON: what is accepted reads back as the same value.
struct JSONTarget: FuzzTarget {
    static let name = "json"
    static let tokens = [
        "[", "]", "{", "}", ":", ",", "\"", "\\u", "\\\"", "e+", "-", ".", "\u{0}", "\u{E000}", "\\u0000",
    ]
    static var seeds: [[UInt8]] {
        [
            #"{"a":[1,-2,3.5e10,{"b":null}],"c":"d\u00e9\ud83d\ude00\n","\u0000":true}"#, "[[[[[[]]]]]]",
            "12345678901234567890",
            #"{"x":{"x":{"x":[0.1,1E400]}},"y":"\\\"/\b\f\n\r\t"}"#, "\"\u{10FFFF}\u{E000}\"", " [ ] ",
        ].map { Array($0.utf8) }
    }

    func take(_ input: [UInt8]) throws {
        let value = try JSONValue(parsing: input)
        let text = value.serialized(.compact)
        guard try JSONValue(parsing: text) == value else { throw BrokenPromise("\(text) reads back differently") }
    }

    static func isExpected(_ error: any Error) -> Bool { error is JSONError }
}
