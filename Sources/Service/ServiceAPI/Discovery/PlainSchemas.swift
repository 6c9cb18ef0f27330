package import JSONDocuments
package import JSONRPC

// Values that have no members of their own.

extension String: SchemaProviding {
    package static var schema: JSONValue { ["type": "string"] }
    package static var schemaSample: String { "" }
}

extension Bool: SchemaProviding {
    package static var schema: JSONValue { ["type": "boolean"] }
    package static var schemaSample: Bool { false }
}

extension Double: SchemaProviding {
    package static var schema: JSONValue { ["type": "number"] }
    package static var schemaSample: Double { 0 }
}

extension SchemaProviding where Self: FixedWidthInteger {
    package static var schema: JSONValue {
        var schema: JSONObject = ["type": "integer"]
        // 64 bits need no bounds: wider numbers are no integers anywhere in this protocol.
        if let least = Int64(exactly: min), least != .min { schema["minimum"] = .integer(least) }
        if let most = Int64(exactly: max), most != .max { schema["maximum"] = .integer(most) }
        return .object(schema)
    }
    package static var schemaSample: Self { 0 }
}

extension Int: SchemaProviding {}
extension Int32: SchemaProviding {}
extension Int64: SchemaProviding {}
extension UInt32: SchemaProviding {}
extension UInt64: SchemaProviding {}

extension JSONValue: SchemaProviding {
    package static var schema: JSONValue { [:] }
    package static var schemaSample: JSONValue { .null }
}

extension JSONObject: SchemaProviding {
    package static var schema: JSONValue { ["type": "object"] }
    package static var schemaSample: JSONObject { [:] }
}

extension MessageContent: SchemaProviding {
    package static var schema: JSONValue { ["type": ["string", "array", "null"]] }
    package static var schemaSample: MessageContent { .text("") }
}

extension RPCIdentifier: SchemaProviding {
    package static var schema: JSONValue { ["type": ["string", "number", "null"]] }
    package static var schemaSample: RPCIdentifier { .null }
}

extension Nothing: SchemaProviding {
    package static var schema: JSONValue { ["type": "object", "additionalProperties": false] }
    package static var schemaSample: Nothing { Nothing() }
}
