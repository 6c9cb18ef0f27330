package import JSONDocuments
import JSONRPC

/// A type whose JSON Schema cannot be told from how it is decoded.
package protocol SchemaProviding {
    static var schema: JSONValue { get }
    /// A value to go on with while the type around it is examined.
    static var schemaSample: Self { get }
}

/// Sentences for the members of a type, by their names on the wire.
package protocol MembersExplained {
    static var memberNotes: [String: String] { get }
}

/// Makes JSON Schemas from the types that travel: what a type decodes is what its schema says, so they cannot differ.
///
/// Named types become entries of `components`, which other schemas refer to.
package final class SchemaBuilder {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case recursive(type: String)
        case notDescribable(type: String)

        package var description: String {
            switch self {
            case .recursive(let type): "\(type) contains itself; a schema can only be told for a tree"
            case .notDescribable(let type): "\(type) needs `SchemaProviding`: its schema cannot be found by decoding"
            }
        }
    }

    /// Schemas of the named types met so far.
    package private(set) var components = JSONObject()
    private var inProgress: Set<String> = []

    package init() {}

    /// The schema of `type`; a reference for a type with members of its own.
    package func schema<T: Decodable>(of type: T.Type) throws -> JSONValue { try examine(type).schema }

    /// The schemas of the members that `type` decodes, in their order.
    package func members<T: Decodable>(of type: T.Type) throws -> JSONObject {
        try examineMembers(type).record.properties
    }

    func examine<T: Decodable>(_ type: T.Type) throws -> (schema: JSONValue, sample: T) {
        if let special = type as? any SchemaProviding.Type {
            guard let sample = special.schemaSample as? T else { throw Failure.notDescribable(type: "\(type)") }
            return (special.schema, sample)
        }
        if let container = type as? any ContainerSchema.Type {
            let (schema, sample) = try container.examine(with: self)
            guard let sample = sample as? T else { throw Failure.notDescribable(type: "\(type)") }
            return (schema, sample)
        }
        if let cases = type as? any CaseIterable.Type {
            let (names, first) = Self.cases(of: cases)
            guard !names.isEmpty, let sample = first as? T else { throw Failure.notDescribable(type: "\(type)") }
            return (refer(to: type, ["type": "string", "enum": .array(names.map(JSONValue.string))]), sample)
        }
        let (record, sample) = try examineMembers(type)
        return (refer(to: type, record.schema(notes: (type as? any MembersExplained.Type)?.memberNotes)), sample)
    }

    private func examineMembers<T: Decodable>(_ type: T.Type) throws -> (record: SchemaRecord, sample: T) {
        let name = Self.name(of: type)
        guard inProgress.insert(name).inserted else { throw Failure.recursive(type: name) }
        defer { inProgress.remove(name) }
        let record = SchemaRecord()
        do {
            return (record, try T(from: SchemaProbe(builder: self, record: record)))
        } catch is DecodingError {
            throw Failure.notDescribable(type: name)
        }
    }

    private func refer(to type: Any.Type, _ schema: JSONValue) -> JSONValue {
        let name = Self.name(of: type)
        components[name] = schema
        return ["$ref": .string("#/components/schemas/\(name)")]
    }

    private static func cases<T: CaseIterable>(of type: T.Type) -> (names: [String], first: Any?) {
        (type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }, type.allCases.first)
    }

    /// `ServiceAPI.Generate.Result` is called `GenerateResult`.
    static func name(of type: Any.Type) -> String {
        String(reflecting: type).split(separator: ".").dropFirst().joined()
    }
}

/// Arrays and dictionaries, whose schemas are told by what they hold.
private protocol ContainerSchema {
    static func examine(with builder: SchemaBuilder) throws -> (schema: JSONValue, sample: Any)
}

extension Array: ContainerSchema where Element: Decodable {
    fileprivate static func examine(with builder: SchemaBuilder) throws -> (schema: JSONValue, sample: Any) {
        (["type": "array", "items": try builder.schema(of: Element.self)], [Element]())
    }
}

extension Dictionary: ContainerSchema where Key == String, Value: Decodable {
    fileprivate static func examine(with builder: SchemaBuilder) throws -> (schema: JSONValue, sample: Any) {
        (["type": "object", "additionalProperties": try builder.schema(of: Value.self)], [String: Value]())
    }
}
