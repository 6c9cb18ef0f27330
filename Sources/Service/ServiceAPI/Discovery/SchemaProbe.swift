import JSONDocuments

/// The members that a type asked for while it was decoded.
final class SchemaRecord {
    private(set) var properties = JSONObject()
    private var required: [String] = []

    func add(_ name: String, _ schema: JSONValue, isRequired: Bool) {
        properties[name] = schema
        if isRequired { required.append(name) }
    }

    func schema(notes: [String: String]?) -> JSONValue {
        var described = properties
        for (name, schema) in properties {
            guard let note = notes?[name], var object = schema.object else { continue }
            object["description"] = .string(note)
            described[name] = .object(object)
        }
        var schema: JSONObject = ["type": "object", "properties": .object(described)]
        if !required.isEmpty { schema["required"] = .array(required.map(JSONValue.string)) }
        return .object(schema)
    }
}

/// A decoder without a document: it hands out samples and records what it was asked for.
struct SchemaProbe: Decoder {
    let builder: SchemaBuilder
    let record: SchemaRecord
    let codingPath: [any CodingKey] = []
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(MemberProbe<Key>(builder: builder, record: record))
    }

    func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Self.unsupported }
    func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Self.unsupported }

    static var unsupported: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "only members can be examined"))
    }
}

private final class AskedKeys { var names: Set<String> = [] }

private struct MemberProbe<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let builder: SchemaBuilder
    let record: SchemaRecord
    let codingPath: [any CodingKey] = []
    let allKeys: [Key] = []
    /// `decodeIfPresent` asks for the key first; `decode` of a required member does not.
    private let optional = AskedKeys()

    init(builder: SchemaBuilder, record: SchemaRecord) {
        self.builder = builder
        self.record = record
    }

    func contains(_ key: Key) -> Bool {
        optional.names.insert(key.stringValue)
        return true
    }

    func decodeNil(forKey key: Key) -> Bool { false }

    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
        let (schema, sample) = try builder.examine(type)
        record.add(key.stringValue, schema, isRequired: !optional.names.contains(key.stringValue))
        return sample
    }

    func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<NestedKey> { throw SchemaProbe.unsupported }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        throw SchemaProbe.unsupported
    }

    func superDecoder() throws -> any Decoder { throw SchemaProbe.unsupported }
    func superDecoder(forKey key: Key) throws -> any Decoder { throw SchemaProbe.unsupported }
}
