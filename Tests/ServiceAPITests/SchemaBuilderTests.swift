import JSONDocuments
import JSONRPC
import ServiceAPI
import Testing

/// Schemas of types made for the test.
struct SchemaBuilderTests {
    private enum Colour: String, Codable, CaseIterable { case red, green }
    private struct Inner: Codable { var text: String }
    private struct Outer: Codable, MembersExplained {
        static let memberNotes = ["count": "how many"]
        var count: Int
        var small: Int32
        var unsigned: UInt32?
        var ratio: Double?
        var flag: Bool
        var colour: Colour?
        var inner: Inner
        var list: [Inner]?
        var table: [String: Int]
        var ids: [Int32]
        var free: JSONObject
        var any: JSONValue?
        var id: RPCIdentifier
    }
    private final class Loop: Codable { var next: Loop? }
    private struct Custom: Codable {
        init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer().decode(String.self) }
        func encode(to encoder: any Encoder) throws {}
    }

    @Test func membersAndComponents() throws {
        let builder = SchemaBuilder()
        let reference = try builder.schema(of: Outer.self)
        let name = try #require(reference["$ref"]?.string?.split(separator: "/").last)
        let outer = try #require(builder.components[String(name)])
        let members = try #require(outer["properties"]?.object)
        #expect(
            members.keys == [
                "count", "small", "unsigned", "ratio", "flag", "colour", "inner", "list", "table", "ids", "free", "any",
                "id",
            ])
        #expect(
            outer["required"] == ["count", "small", "flag", "inner", "table", "ids", "free", "id"])
        #expect(members["count"] == ["type": "integer", "description": "how many"])
        #expect(members["small"] == ["type": "integer", "minimum": -2_147_483_648, "maximum": 2_147_483_647])
        #expect(members["unsigned"] == ["type": "integer", "minimum": 0, "maximum": 4_294_967_295])
        #expect(members["ratio"] == ["type": "number"])
        #expect(members["table"] == ["type": "object", "additionalProperties": ["type": "integer"]])
        #expect(members["free"] == ["type": "object"])
        #expect(members["any"] == [:])
        #expect(members["id"] == ["type": ["string", "number", "null"]])
        #expect(members["list"]?["items"] == members["inner"])
        #expect(builder.components.count == 3)
        let colour = try #require(members["colour"]?["$ref"]?.string?.split(separator: "/").last)
        #expect(builder.components[String(colour)] == ["type": "string", "enum": ["red", "green"]])
    }

    @Test func whatCannotBeDescribedIsAnError() {
        #expect(throws: SchemaBuilder.Failure.self) { try SchemaBuilder().schema(of: Loop.self) }
        #expect(throws: SchemaBuilder.Failure.self) { try SchemaBuilder().schema(of: Custom.self) }
    }
}
